import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tenantId = `tenant_id uuid not null default (current_setting('kontor.tenant')::uuid)`;

export class Duplicates implements MigrationInterface {
  readonly name = 'Duplicates1763700000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table duplicate_key (
        ${tenantId},
        key bigint not null,
        contact_id uuid not null,
        primary key (tenant_id, key, contact_id)
      );
      create index duplicate_key_of on duplicate_key (tenant_id, contact_id);

      create table duplicate_pair (
        ${tenantId},
        id uuid not null,
        a uuid not null,
        b uuid not null check (a < b),
        score double precision not null,
        reasons jsonb not null,
        state text not null default 'open' check (state in ('open', 'dismissed')),
        dismissed_by uuid,
        dismissed_at timestamptz,
        created_at timestamptz not null default now(),
        primary key (tenant_id, id),
        unique (tenant_id, a, b)
      );
      create index duplicate_pair_of_b on duplicate_pair (tenant_id, b);
      create index duplicate_pair_by_score on duplicate_pair (tenant_id, score, id) where state = 'open';
      ${['duplicate_key', 'duplicate_pair'].map(protect).join('\n')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table duplicate_pair, duplicate_key');
  }
}
