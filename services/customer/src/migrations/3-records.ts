import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tenantId = `tenant_id uuid not null default (current_setting('kontor.tenant')::uuid)`;

/** Records of other systems, what waits for its contact, comments on them, and who is a member of which project (product.md 4). */
export class Records implements MigrationInterface {
  readonly name = 'Records1763700000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table record (
        ${tenantId},
        id uuid not null,
        version int not null default 1,
        source text collate "C" not null,
        external_id text collate "C" not null,
        kind text collate "C" not null,
        title text,
        status text,
        amount numeric,
        currency text,
        due_at timestamptz,
        url text,
        customer_id uuid,
        contact_id uuid,
        named_email text,
        named_external text,
        data jsonb not null default '{}',
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        bin_id uuid,
        primary key (tenant_id, id)
      );
      create unique index record_taken on record (tenant_id, source, kind, external_id) where deleted_at is null;
      create index record_by_kind on record (tenant_id, kind, id) where deleted_at is null;
      create index record_by_customer on record (tenant_id, customer_id, kind, id) where customer_id is not null and deleted_at is null;
      create index record_by_contact on record (tenant_id, contact_id, kind, id) where contact_id is not null and deleted_at is null;
      create index record_in_bin on record (tenant_id, bin_id, id) where bin_id is not null;

      -- Records whose contact is not known yet, by what they name it with: a key of contact_key.
      create table record_waiting (
        ${tenantId},
        kind text not null,
        value text collate "C" not null,
        record_id uuid not null,
        primary key (tenant_id, kind, value, record_id)
      );
      create index record_waiting_of on record_waiting (tenant_id, record_id);

      create table record_comment (
        ${tenantId},
        id uuid not null,
        record_id uuid not null,
        agent_id uuid not null,
        text text not null,
        created_at timestamptz not null default now(),
        primary key (tenant_id, id),
        foreign key (tenant_id, record_id) references record (tenant_id, id) on delete cascade
      );
      create index record_comment_of on record_comment (tenant_id, record_id, id);

      create table project_member (
        ${tenantId},
        project_id uuid not null,
        contact_id uuid not null,
        added_at timestamptz not null default now(),
        primary key (tenant_id, project_id, contact_id),
        foreign key (tenant_id, project_id) references record (tenant_id, id) on delete cascade
      );
      create index project_member_of on project_member (tenant_id, contact_id, project_id);
      ${['record', 'record_waiting', 'record_comment', 'project_member'].map(protect).join('\n')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table project_member, record_comment, record_waiting, record');
  }
}
