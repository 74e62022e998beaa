import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Photos implements MigrationInterface {
  readonly name = 'Photos1763700000005';

  async up(runner: QueryRunner): Promise<void> {
    // The entry is a contact or a customer, so a foreign key is not possible: purging and erasing call forgetPhotos.
    await runner.query(`
      create table photo (
        tenant_id uuid not null default (current_setting('kontor.tenant')::uuid),
        entry_id uuid not null,
        kind text not null check (kind in ('contact', 'customer')),
        image bytea not null,
        media_type text not null,
        width int not null,
        height int not null,
        etag text not null,
        updated_at timestamptz not null default now(),
        primary key (tenant_id, entry_id)
      );
      -- Pictures are compressed already.
      alter table photo alter column image set storage external;
      ${protect('photo')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table photo');
  }
}
