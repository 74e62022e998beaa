import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tenantId = `tenant_id uuid not null default (current_setting('kontor.tenant')::uuid)`;

/**
 * Access (docs/rules.md 2.10), history (2.13), the bin (6) and jobs. `access` is the access list, null if unrestricted; `readers` and `writers` are
 * the ids of agents and teams derived from it, null for everybody.
 */
export class AccessHistoryBinJobs implements MigrationInterface {
  readonly name = 'AccessHistoryBinJobs1763700000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${['contact', 'customer']
        .map(
          (noun) => `
      alter table ${noun}
        add access jsonb, add readers uuid[], add writers uuid[],
        add bin_id uuid, add merged_into uuid;
      create index ${noun}_in_bin on ${noun} (tenant_id, bin_id, id) where bin_id is not null;
      create index ${noun}_merged on ${noun} (tenant_id, merged_into) where merged_into is not null;
      create index ${noun}_by_owner on ${noun} (tenant_id, owner_id, id) where deleted_at is null;
      create index ${noun}_by_type on ${noun} (tenant_id, type, id) where deleted_at is null and type is not null;`,
        )
        .join('')}
      alter table settings add bin_days int not null default 60, add contact_from_ticket boolean not null default true;

      -- The change that made each version; the first version is the present row with all later changes reverted.
      create table history (
        ${tenantId},
        entry_id uuid not null,
        version int not null,
        at timestamptz not null default now(),
        change text not null,
        door text not null,
        agent_id uuid,
        request_id text not null,
        fields jsonb,
        primary key (tenant_id, entry_id, version)
      );
      ${protect('history')}

      -- One row for everything that was deleted together.
      create table bin (
        ${tenantId},
        id uuid not null,
        kind text not null,
        entry_id uuid not null,
        name text not null,
        counts jsonb not null,
        links jsonb not null default '{}',
        readers uuid[],
        customer_readers uuid[],
        deleted_at timestamptz not null default now(),
        deleted_by uuid,
        primary key (tenant_id, id)
      );
      create index bin_entry on bin (tenant_id, entry_id);
      create index bin_by_age on bin (tenant_id, deleted_at);
      ${protect('bin')}

      -- Background jobs. Read across tenants by the one replica that runs them, so without a row-level security policy.
      create table job (
        tenant_id uuid not null,
        id uuid not null,
        kind text not null,
        state text not null check (state in ('queued', 'running', 'finished', 'failed')),
        context jsonb not null,
        input jsonb not null,
        total int not null,
        done int not null default 0,
        result jsonb not null default '{}',
        error text,
        created_at timestamptz not null default now(),
        not_before timestamptz not null default now(),
        started_at timestamptz,
        finished_at timestamptz,
        primary key (tenant_id, id)
      );
      create index job_open on job (created_at) where state in ('queued', 'running');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table job, bin, history');
    for (const noun of ['contact', 'customer'])
      await runner.query(`alter table ${noun} drop access, drop readers, drop writers, drop bin_id, drop merged_into`);
    await runner.query('alter table settings drop bin_days, drop contact_from_ticket');
  }
}
