import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class MailFlagsTable implements MigrationInterface {
  readonly name = 'MailFlagsTable1760000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table mail_flags (
        tenant_id uuid not null default (current_setting('kontor.tenant')::uuid),
        contact_id uuid not null,
        contact_version integer not null,
        state text not null check (state in ('shown', 'hidden', 'gone')),
        flags jsonb check ((flags is null) = (state = 'gone')),
        primary key (tenant_id, contact_id)
      );
      ${protect('mail_flags')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table mail_flags');
  }
}
