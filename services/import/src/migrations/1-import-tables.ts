import { protect } from '@kontor/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tenant = `tenant_id uuid not null default (current_setting('kontor.tenant')::uuid)`;

export class ImportTables implements MigrationInterface {
  readonly name = 'ImportTables1760000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table import (
        ${tenant},
        id uuid not null default uuidv7(),
        kind text not null check (kind in ('contacts')),
        file text not null,
        file_name text not null,
        delimiter text not null,
        state text not null check (state in ('uploaded', 'queued', 'running', 'finished', 'failed', 'cancelled')),
        columns jsonb not null,
        on_known text not null check (on_known in ('update', 'skip', 'create')),
        date_order text check (date_order in ('dmy', 'mdy')),
        rows integer not null,
        started_by jsonb,
        waiting_for text,
        error text,
        created_at timestamptz not null default now(),
        started_at timestamptz,
        finished_at timestamptz,
        primary key (tenant_id, id)
      );
      ${protect('import')}

      -- What the customer service has committed. The key is what keeps a batch from being counted twice.
      create table import_batch (
        ${tenant},
        import_id uuid not null,
        number integer not null,
        last_row integer not null,
        created integer not null,
        updated integer not null,
        skipped integer not null,
        rejected integer not null,
        warnings integer not null,
        committed_at timestamptz not null default now(),
        primary key (tenant_id, import_id, number),
        foreign key (tenant_id, import_id) references import (tenant_id, id) on delete cascade
      );
      ${protect('import_batch')}

      -- Rows that were refused, or that stayed with a warning, by their number: as they stood in the file, with the reasons.
      create table import_row (
        ${tenant},
        import_id uuid not null,
        rejected boolean not null,
        number integer not null,
        cells jsonb not null,
        reasons jsonb not null,
        primary key (tenant_id, import_id, rejected, number),
        foreign key (tenant_id, import_id) references import (tenant_id, id) on delete cascade
      );
      ${protect('import_row')}

      -- Imports that are not over yet, of all tenants (so without a policy): from the start until the result is written and the file deleted.
      create table import_queue (
        import_id uuid primary key,
        tenant_id uuid not null,
        queued_at timestamptz not null default now()
      );
      create index import_queue_tenant on import_queue (tenant_id, queued_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table import_queue, import_row, import_batch, import');
  }
}
