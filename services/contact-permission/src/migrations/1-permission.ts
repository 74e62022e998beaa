import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PermissionTable implements MigrationInterface {
  readonly name = 'PermissionTable1760000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table permission (
        tenant_id uuid not null default (current_setting('kontor.tenant')::uuid),
        contact_id uuid not null,
        contact_version integer not null,
        state text not null check (state in ('shown', 'hidden', 'gone')),
        permissions jsonb check ((permissions is null) = (state = 'gone')),
        primary key (tenant_id, contact_id)
      );
      ${protect('permission')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table permission');
  }
}
