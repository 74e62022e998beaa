import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const values = `
  external_ids jsonb not null default '[]',
  emails jsonb not null default '[]',
  phones jsonb not null default '[]',
  addresses jsonb not null default '[]',
  links jsonb not null default '[]',
  type text,
  tags jsonb not null default '[]',
  notes text,
  custom_fields jsonb not null default '{}',
  owner_id uuid`;

const times = `
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz`;

const tenantId = `tenant_id uuid not null default (current_setting('kontor.tenant')::uuid)`;

/** Indexes for the sort orders of lists, without rows in the bin. Ids are UUIDv7, so the primary key is the order of creation. */
const listIndexes = (table: string) => `
  create index ${table}_by_name on ${table} (tenant_id, sort_name, id) where deleted_at is null;
  create index ${table}_by_update on ${table} (tenant_id, updated_at, id) where deleted_at is null;`;

const lookups = (noun: string) => `
  create table ${noun}_key (
    ${tenantId},
    kind text not null,
    value text collate "C" not null,
    ${noun}_id uuid not null,
    is_primary boolean not null default false,
    primary key (tenant_id, kind, value, ${noun}_id)
  );
  create index ${noun}_key_of on ${noun}_key (tenant_id, ${noun}_id);
  create unique index ${noun}_external_id_taken on ${noun}_key (tenant_id, value) where kind = 'external';

  create table ${noun}_tag (
    ${tenantId},
    tag text collate "C" not null,
    ${noun}_id uuid not null,
    primary key (tenant_id, tag, ${noun}_id)
  );
  create index ${noun}_tag_of on ${noun}_tag (tenant_id, ${noun}_id);
  ${protect(`${noun}_key`)}
  ${protect(`${noun}_tag`)}`;

export class FirstTables implements MigrationInterface {
  readonly name = 'FirstTables1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenant (id uuid primary key, first_seen_at timestamptz not null default now());

      create table settings (
        ${tenantId},
        version int not null default 1,
        country text not null,
        types text[] not null,
        custom_fields jsonb not null,
        assign_by_mail_domain boolean not null,
        primary key (tenant_id)
      );
      create table agent (
        ${tenantId},
        id uuid not null,
        name text,
        roles text[] not null,
        teams text[] not null,
        first_seen_at timestamptz not null default now(),
        last_seen_at timestamptz not null default now(),
        primary key (tenant_id, id)
      );
      create table team (
        ${tenantId},
        id uuid not null,
        name text not null,
        primary key (tenant_id, id)
      );

      create table customer (
        ${tenantId},
        id uuid not null,
        version int not null default 1,
        name text not null,
        sort_name text collate "C" not null,
        parent_id uuid,
        primary_contact_id uuid,
        domains jsonb not null default '[]',
        ${values},
        ${times},
        primary key (tenant_id, id),
        foreign key (tenant_id, parent_id) references customer (tenant_id, id)
      );
      ${listIndexes('customer')}
      create index customer_by_parent on customer (tenant_id, parent_id) where parent_id is not null;

      create table customer_domain (
        ${tenantId},
        domain text collate "C" not null,
        customer_id uuid not null,
        primary key (tenant_id, domain, customer_id)
      );
      create index customer_domain_of on customer_domain (tenant_id, customer_id);

      create table contact (
        ${tenantId},
        id uuid not null,
        version int not null default 1,
        first_name text,
        middle_name text,
        last_name text,
        display_name text not null,
        sort_name text collate "C" not null,
        employee_code text,
        company_name text,
        job_title text,
        language text,
        birthday date,
        customer_id uuid,
        ${values},
        ${times},
        primary key (tenant_id, id),
        foreign key (tenant_id, customer_id) references customer (tenant_id, id)
      );
      ${listIndexes('contact')}
      create index contact_by_customer on contact (tenant_id, customer_id, sort_name, id) where customer_id is not null and deleted_at is null;

      ${lookups('customer')}
      ${lookups('contact')}
      create unique index contact_email_taken on contact_key (tenant_id, value) where kind = 'email' and is_primary;

      create table import_batch (
        tenant_id uuid not null,
        import_id uuid not null,
        number int not null,
        outcomes jsonb,
        primary key (tenant_id, import_id, number)
      );
      ${['settings', 'agent', 'team', 'customer', 'customer_domain', 'contact'].map(protect).join('\n')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table import_batch, contact_tag, contact_key, customer_tag, customer_key, contact, customer_domain, customer, team, agent, settings, tenant',
    );
  }
}
