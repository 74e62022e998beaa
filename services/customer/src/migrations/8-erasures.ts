import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Proofs of erasure, without personal data (docs/rules.md 6.3). */
export class Erasures implements MigrationInterface {
  readonly name = 'Erasures1763700000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table erasure (
        tenant_id uuid not null default (current_setting('kontor.tenant')::uuid),
        id uuid not null,
        kind text not null,
        erased_at timestamptz not null default now(),
        erased_by uuid,
        counts jsonb not null,
        primary key (tenant_id, id)
      );
      ${protect('erasure')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table erasure');
  }
}
