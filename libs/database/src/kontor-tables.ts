import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What every service's database has: outbox, inbox and idempotency keys. They have no policies; the outbox is read for all tenants. */
export class KontorTables implements MigrationInterface {
  readonly name = 'KontorTables1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table outbox (
        id bigint generated always as identity primary key,
        subject text not null,
        headers jsonb not null,
        payload jsonb not null,
        created_at timestamptz not null default now()
      ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

      create table inbox (
        consumer text not null,
        message_id text not null,
        received_at timestamptz not null default now(),
        primary key (consumer, message_id)
      );

      create table idempotency_key (
        tenant_id uuid not null,
        agent_id uuid not null,
        key text not null,
        body_hash bytea not null,
        ids jsonb,
        created_at timestamptz not null default now(),
        primary key (tenant_id, agent_id, key)
      );
      create index idempotency_key_created_at on idempotency_key (created_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table idempotency_key, inbox, outbox');
  }
}
