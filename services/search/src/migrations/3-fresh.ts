import type { MigrationInterface, QueryRunner } from 'typeorm';
import { asciiForm } from '../query/pattern.js';

/**
 * Recent changes beside the settled index, which index that is, and how far making it anew and comparing it have come.
 * Of all tenants, so without policies, like the dictionary.
 */
export class FreshTables implements MigrationInterface {
  readonly name = 'FreshTables1760000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- What changed lately and is not in Meilisearch yet. A change has a higher number than all before it; those up to the floor are settled.
      create table fresh (
        tenant_id uuid not null,
        entry_id uuid not null,
        seq bigint generated always as identity,
        version integer not null,
        -- null: gone
        document json,
        primary key (tenant_id, entry_id)
      );
      create index fresh_order on fresh (tenant_id, seq);
      create index fresh_oldest on fresh (seq);

      -- The index that is searched; one row.
      create table current_index (
        one boolean primary key default true check (one),
        name text not null,
        -- of what it was made by: another number of the service means that it must be made anew
        version integer not null,
        -- false while it is being filled for the first time, or after it was lost
        whole boolean not null,
        -- when Meilisearch made it: another moment means that it is another one of the same name
        made text not null,
        floor bigint not null default 0
      );

      -- How an index is made anew: the running one, or the last; one row.
      create table rebuild (
        one boolean primary key default true check (one),
        name text not null,
        version integer not null,
        state text not null check (state in ('running', 'finished', 'failed')),
        error text,
        started_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz,
        done integer not null default 0,
        total integer not null default 0,
        -- how far it has come: this tenant, this kind, after this id
        tenant_id uuid,
        kind text,
        after_id uuid
      );

      -- How common words of names and companies are among a sample of the entries; who types is shown the common ones first.
      create table name_use (
        tenant_id uuid not null,
        word text collate "C" not null,
        uses integer not null,
        primary key (tenant_id, word)
      ) with (fillfactor = 70);

      -- The words of the names and companies of each entry: whose a word is, while Meilisearch cannot say it.
      create table entry_name (
        tenant_id uuid not null,
        entry_id uuid not null,
        words text[] not null,
        primary key (tenant_id, entry_id)
      );
      create index entry_name_words on entry_name using gin (words);

      -- Without the tenant: the list of all its rows would be gone through beside those of the trigrams, which takes five times as long.
      drop index word_sounds;
      create index word_sounds on word using gin (sounds);
      -- Trigrams are made of ASCII letters and digits only; words of other letters are found by a form of theirs that has a letter for each letter.
      alter table word add parts text collate "C";
      drop index word_parts;
      create index word_parts on word using gin ((coalesce(parts, word)) gin_trgm_ops);
      -- So that the signs of addresses count, too.
      drop index identifier_parts;
      create index identifier_parts on identifier using gin ((translate(value, '@.|-_+', 'qxzjkv')) gin_trgm_ops);

      create table verification (
        tenant_id uuid primary key,
        deep boolean not null,
        state text not null check (state in ('running', 'finished', 'failed')),
        error text,
        started_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz,
        done integer not null default 0,
        total integer not null default 0,
        kind text not null default 'customer',
        after_id uuid,
        missing integer not null default 0,
        stale integer not null default 0,
        surplus integer not null default 0,
        words integer not null default 0
      );
    `);
    const rows = (await runner.query(`select distinct word from word where word ~ '[^a-z0-9]'`)) as { word: string }[];
    await runner.query(
      `update word set parts = new.parts from unnest($1::text[], $2::text[]) as new (word, parts) where word.word = new.word`,
      [rows.map(({ word }) => word), rows.map(({ word }) => asciiForm(word))],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index word_sounds;
      create index word_sounds on word using gin (tenant_id, sounds);
      drop index identifier_parts;
      create index identifier_parts on identifier using gin (tenant_id, value gin_trgm_ops);
      drop index word_parts;
      alter table word drop parts;
      create index word_parts on word using gin (tenant_id, word gin_trgm_ops);
    `);
    await runner.query('drop table verification, entry_name, name_use, rebuild, current_index, fresh');
  }
}
