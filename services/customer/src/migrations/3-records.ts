import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tenantId = `tenant_id uuid not null default (current_setting('kontor.tenant')::uuid)`;

/**
 * Records of other systems, those that wait for their contact, comments, and members of projects (docs/rules.md 4). `named` has the keys of the
 * contact while a record waits for it: personal data, deleted when the two are linked. `due_on`: `due_at` was given as a date and is the start of
 * that day in UTC.
 */
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
        status text collate "C",
        amount numeric,
        currency text,
        due_at timestamptz,
        due_on boolean not null default false,
        url text,
        customer_id uuid,
        contact_id uuid,
        named jsonb,
        data jsonb not null default '{}',
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        bin_id uuid,
        primary key (tenant_id, id)
      );
      -- The kind comes last, so that a source and an id are enough to look something up.
      create unique index record_taken on record (tenant_id, source, external_id, kind) where deleted_at is null;
      create index record_by_update on record (tenant_id, updated_at, id) where deleted_at is null;
      create index record_by_kind on record (tenant_id, kind, id) where deleted_at is null;
      create index record_by_status on record (tenant_id, status, id) where status is not null and deleted_at is null;
      create index record_by_customer on record (tenant_id, customer_id, id) where customer_id is not null;
      create index record_by_customer_kind on record (tenant_id, customer_id, kind, id) where customer_id is not null and deleted_at is null;
      create index record_by_contact on record (tenant_id, contact_id, id) where contact_id is not null;
      create index record_by_contact_kind on record (tenant_id, contact_id, kind, id) where contact_id is not null and deleted_at is null;
      create index record_in_bin on record (tenant_id, bin_id, id) where bin_id is not null;

      -- Records whose contact is not known yet, with the keys of that contact as in contact_key.
      create table record_waiting (
        ${tenantId},
        kind text not null,
        value text collate "C" not null,
        record_id uuid not null,
        primary key (tenant_id, kind, value, record_id),
        foreign key (tenant_id, record_id) references record (tenant_id, id) on delete cascade
      );
      create index record_waiting_of on record_waiting (tenant_id, record_id);

      -- Functions, because each of their statements takes a new snapshot: the second one sees what was committed while the first waited for the lock.
      -- Without sequential scans: with statistics of tenants that have many waiting records, one looks cheap for a tenant that has none.
      create function hold_waiting_records() returns boolean language plpgsql volatile set enable_seqscan = off as $$ begin
        perform pg_advisory_xact_lock_shared(hashtextextended('waiting records ' || current_setting('kontor.tenant'), 0));
        return exists (select from record_waiting);
      end $$;
      create function hold_appearing_contacts() returns void language plpgsql volatile as $$ begin
        perform pg_advisory_xact_lock(hashtextextended('waiting records ' || current_setting('kontor.tenant'), 0));
      end $$;

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
    await runner.query('drop function hold_waiting_records, hold_appearing_contacts');
    await runner.query('drop table project_member, record_comment, record_waiting, record');
  }
}
