import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tenantId = `tenant_id uuid not null default (current_setting('kontor.tenant')::uuid)`;

/** Requests of the call centre, each with its own copy of the caller's data (docs/rules.md 3). */
export class Requests implements MigrationInterface {
  readonly name = 'Requests1763700000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table request_number (
        ${tenantId},
        last int not null,
        primary key (tenant_id)
      );
      create table request (
        ${tenantId},
        id uuid not null,
        version int not null default 1,
        number int not null,
        subject text,
        description text,
        status text collate "C" not null,
        caller jsonb not null,
        contact_id uuid,
        -- Every contact it was ever linked to: it may hold data of each of them, and is deleted when one of them is erased.
        people uuid[] not null default '{}',
        customer_id uuid,
        work_site_address jsonb,
        owner_id uuid,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        bin_id uuid,
        primary key (tenant_id, id)
      );
      create unique index request_number_taken on request (tenant_id, number);
      create index request_by_status on request (tenant_id, status, id) where deleted_at is null;
      create index request_by_contact on request (tenant_id, contact_id, id) where contact_id is not null;
      create index request_by_customer on request (tenant_id, customer_id, id) where customer_id is not null;
      create index request_by_owner on request (tenant_id, owner_id, id) where owner_id is not null and deleted_at is null;
      create index request_by_update on request (tenant_id, updated_at, id) where deleted_at is null;
      create index request_in_bin on request (tenant_id, bin_id, id) where bin_id is not null;
      ${['request_number', 'request'].map(protect).join('\n')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table request, request_number');
  }
}
