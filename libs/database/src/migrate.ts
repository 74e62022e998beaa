import { Client } from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { KontorTables } from './kontor-tables.js';

// Every table is readable and writable for the service's role by default. The list of migrations is none of its business, and of the tenants it may
// only add some.
const narrowRights = `
  do $$
  declare role name;
  begin
    for role in select distinct grantee from information_schema.role_table_grants where table_name = 'migration' and grantee <> current_user loop
      execute format('revoke insert, update, delete on migration from %I', role);
      if to_regclass('tenant') is not null then execute format('revoke update, delete on tenant from %I', role); end if;
    end loop;
  end $$`;

/**
 * Brings a database up to date under the migration role. Several callers at once are fine: one works, the others wait for it, without a time limit.
 * Every service's database begins with Kontor's own tables (outbox, inbox, idempotency keys). `afterwards` is for work on rows that needs the tables
 * as they are now, under the role of the service, which row-level security holds; it runs each time, so it has to know itself what is done already.
 */
export async function migrate(
  url: string,
  migrations: (new () => MigrationInterface)[],
  afterwards?: () => Promise<unknown>,
): Promise<string[]> {
  const guard = new Client({ connectionString: url, application_name: 'kontor-migrate' });
  await guard.connect();
  try {
    await guard.query(`select pg_advisory_lock(hashtextextended('kontor:migrate', 0))`);
    const source = new DataSource({
      type: 'postgres',
      url,
      migrations: [KontorTables, ...migrations],
      migrationsTableName: 'migration',
      installExtensions: false,
    });
    await source.initialize();
    try {
      const done = await source.runMigrations({ transaction: 'each' });
      await source.query(narrowRights);
      await afterwards?.();
      return done.map((migration) => migration.name);
    } finally {
      await source.destroy();
    }
  } finally {
    await guard.end();
  }
}

/**
 * SQL that shuts a table of tenant data: rows of other tenants do not exist for anybody without BYPASSRLS, the owner included.
 * The sub-select makes PostgreSQL read the setting once per statement instead of once per row.
 */
export const protect = (table: string): string => `
  alter table ${table} enable row level security;
  alter table ${table} force row level security;
  create policy tenant on ${table} using (tenant_id = (select current_setting('kontor.tenant')::uuid));
`;
