import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Entries that the writer is to forget, whichever replica was asked: a row goes when the answer has been given. And what is to be swept afterwards.
 * Of all tenants, so without policies, like the dictionary.
 */
export class ForgettingTable implements MigrationInterface {
  readonly name = 'ForgettingTable1760000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table forgetting (
        tenant_id uuid not null,
        entry_id uuid not null,
        -- what stood in the entry; empty as soon as it is forgotten
        words text[] not null,
        -- null until it is forgotten
        counts jsonb,
        asked_at timestamptz not null default clock_timestamp(),
        primary key (tenant_id, entry_id)
      );

      -- Tenants whose words are gone through, from the first to the last, for those that no entry has any more; the last one that was looked at.
      create table sweep (
        tenant_id uuid primary key,
        word text collate "C" not null default '',
        field text collate "C" not null default ''
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table sweep, forgetting');
  }
}
