import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { createServiceDatabase, dropServiceDatabase, type ServiceDatabase } from '../src/databases.js';
import { launchServers, type Servers } from '../src/servers.js';

let servers: Servers;
let admin: string;
let database: ServiceDatabase;
const migrate = (sql: string) => query(database.migrationUrl, sql);
const serve = (sql: string) => query(database.url, sql);

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  // As `npm start` does it, with passwords; only without the waiting for the disk.
  servers = await launchServers({ durable: false, postgres: { user: 'kontor', password: "it's secret" } });
  admin = servers.postgres!.url;
  database = await createServiceDatabase(admin, 'contact_permission');
  await migrate(`
    create table note (tenant_id uuid not null, id int generated always as identity, text text);
    alter table note enable row level security;
    alter table note force row level security;
    create policy tenant on note using (tenant_id = (select current_setting('kontor.tenant')::uuid));
    insert into note (tenant_id, text) values ('00000000-0000-0000-0000-00000000000a', 'a'), ('00000000-0000-0000-0000-00000000000b', 'b');
    create index note_text on note using gin (tenant_id, text gin_trgm_ops)`);
});

afterAll(() => servers?.stop());

test('the service reads and writes what the migrations made, within its tenant', async () => {
  const rows = await serve(`
    set kontor.tenant = '00000000-0000-0000-0000-00000000000a';
    insert into note (tenant_id, text) values ('00000000-0000-0000-0000-00000000000a', 'more');
    create temporary table staged (like note)`).then(() =>
    serve("select set_config('kontor.tenant', '00000000-0000-0000-0000-00000000000a', false)"),
  );
  expect(rows).toHaveLength(1);
  await expect(serve("insert into note (tenant_id, text) values ('00000000-0000-0000-0000-00000000000b', 'x')")).rejects.toThrow(
    /kontor.tenant/,
  );
});

test('without a tenant nothing is readable, and the service cannot get around that', async () => {
  await expect(serve('select * from note')).rejects.toThrow(/kontor.tenant/);
  await expect(serve('alter table note disable row level security')).rejects.toThrow(/must be owner/);
  await expect(serve('drop policy tenant on note')).rejects.toThrow(/must be owner/);
  await expect(serve('set row_security = off; select * from note')).rejects.toThrow(/row-level security/);
  await expect(serve('set role contact_permission_migrator')).rejects.toThrow(/permission denied/);
  await expect(serve('alter role contact_permission bypassrls')).rejects.toThrow(/permission denied/);
  await expect(serve('create table mine ()')).rejects.toThrow(/permission denied for schema public/);
  await expect(serve('create schema mine')).rejects.toThrow(/permission denied/);
  await expect(serve("copy note to program 'cat'")).rejects.toThrow();
});

test('the migrator sees all tenants and owns the database, and is no superuser', async () => {
  expect(await migrate('select count(*)::int as notes from note')).toEqual([{ notes: expect.any(Number) }]);
  await expect(migrate('create role another')).rejects.toThrow(/permission denied/);
});

test('the service gives up in time, and compiles no statements; migrations do as PostgreSQL does', async () => {
  const settings = `select current_setting('statement_timeout') s, current_setting('lock_timeout') l,
    current_setting('idle_in_transaction_session_timeout') i, current_setting('transaction_timeout') t, current_setting('jit') as jit`;
  expect(await serve(settings)).toEqual([{ s: '30s', l: '5s', i: '30s', t: '1min', jit: 'off' }]);
  expect(await migrate(settings)).toEqual([{ s: '0', l: '0', i: '0', t: '0', jit: 'on' }]);
});

test('a service does not reach the database of another', async () => {
  const other = await createServiceDatabase(admin, 'search');
  const inside = new URL(other.url);
  inside.username = new URL(database.url).username;
  inside.password = new URL(database.url).password;
  await expect(query(inside.href, 'select 1')).rejects.toThrow(/permission denied for database/);
});

test.each(['postgres', 'template1'])('a service does not reach the database %s', async (name) => {
  const inside = new URL(database.url);
  inside.pathname = `/${name}`;
  await expect(query(inside.href, 'select 1')).rejects.toThrow(/permission denied for database/);
});

test('what a service changes of its own role lasts until the database is provisioned again', async () => {
  await serve(`alter role contact_permission set statement_timeout = '0'`);
  await serve(`alter role contact_permission in database contact_permission set search_path = 'nowhere'`);
  await serve(`alter role contact_permission password 'taken over'`);
  await expect(serve('select 1')).rejects.toThrow(/password/);
  database = await createServiceDatabase(admin, 'contact_permission');
  expect(await serve(`select current_setting('statement_timeout') as s, current_setting('search_path') as p`)).toEqual([
    { s: '30s', p: '"$user", public' },
  ]);
});

test('making it again keeps the data and takes the new passwords; dropping it leaves nothing', async () => {
  const again = await createServiceDatabase(admin, 'contact_permission', { service: "new 'one'", migrator: 'new/two' });
  await expect(serve('select 1')).rejects.toThrow(/password/);
  expect((await query(again.migrationUrl, 'select count(*)::int as notes from note'))[0]).toEqual({ notes: expect.any(Number) });
  await dropServiceDatabase(admin, 'contact_permission');
  expect(await query(admin, "select from pg_roles where rolname like 'contact_permission%'")).toEqual([]);
});
