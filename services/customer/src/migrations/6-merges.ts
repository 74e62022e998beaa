import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tenantId = `tenant_id uuid not null default (current_setting('kontor.tenant')::uuid)`;

/**
 * Merges and what they moved, for undoing them (docs/rules.md 9.3). No field values are stored here: merged entries keep their rows, and the previous
 * values of the surviving one are in its history at `into_version`.
 */
export class Merges implements MigrationInterface {
  readonly name = 'Merges1763700000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table merge (
        ${tenantId},
        id uuid not null,
        noun text not null check (noun in ('contact', 'customer')),
        into_id uuid not null,
        from_ids uuid[] not null,
        into_version int not null,
        moved jsonb not null,
        left_behind jsonb not null,
        at timestamptz not null default now(),
        by_agent uuid,
        undone_at timestamptz,
        primary key (tenant_id, id)
      );
      create index merge_into on merge (tenant_id, into_id, id);

      -- One row for each row moved by a merge that is not undone.
      create table merge_move (
        ${tenantId},
        merge_id uuid not null,
        kind text not null,
        thing_id uuid not null,
        from_id uuid not null,
        to_id uuid not null,
        primary key (tenant_id, merge_id, kind, thing_id, from_id),
        foreign key (tenant_id, merge_id) references merge (tenant_id, id) on delete cascade
      );

      -- Rows in the bin are moved too; the other indexes of these columns do not contain them.
      create index contact_gone_of_customer on contact (tenant_id, customer_id) where deleted_at is not null;
      create index record_gone_of_customer on record (tenant_id, customer_id) where deleted_at is not null;
      create index record_gone_of_contact on record (tenant_id, contact_id) where deleted_at is not null;
      ${['merge', 'merge_move'].map(protect).join('\n')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table merge_move, merge; drop index contact_gone_of_customer, record_gone_of_customer, record_gone_of_contact',
    );
  }
}
