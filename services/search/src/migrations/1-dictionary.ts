import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Words and identifiers by tenant. Row-level security would keep the trigram indexes from being used, so there is none here;
 * the only class that reaches these tables adds the tenant to every statement.
 */
export class DictionaryTables implements MigrationInterface {
  readonly name = 'DictionaryTables1760000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- field: the name and ':' for a short spelling, '~' for one that only a long spelling has
      create table word (
        tenant_id uuid not null,
        word text collate "C" not null,
        field text collate "C" not null,
        length smallint not null,
        letters integer not null,
        sounds text[] not null,
        primary key (tenant_id, word, field) include (length, letters)
      );
      create index word_parts on word using gin (tenant_id, word gin_trgm_ops);
      create index word_sounds on word using gin (tenant_id, sounds);
      create index word_ends on word (tenant_id, length, reverse(word) collate "C") include (word, field, letters);

      create table field (
        tenant_id uuid not null,
        field text not null,
        primary key (tenant_id, field)
      );

      create table identifier (
        tenant_id uuid not null,
        entry_id uuid not null,
        kind text not null check (kind in ('email', 'phone', 'code')),
        value text collate "C" not null
      );
      create index identifier_entry on identifier (tenant_id, entry_id);
      create index identifier_parts on identifier using gin (tenant_id, value gin_trgm_ops);

      -- The writer tidies up after an import, without waiting for autovacuum. Only the service's role gets into this database.
      grant maintain on word, identifier to public;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table identifier, field, word');
  }
}
