import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startServers } from '@kontor/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Database, migrate } from '../src/index.js';
import { Orders } from './orders.js';

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ postgres: true });
beforeAll(async () => {
  servers = await start();
});
afterAll(() => servers.stop());

class Slow implements MigrationInterface {
  readonly name = 'Slow1760000000002';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('select pg_sleep(0.3); create table slow ()');
  }
  async down(): Promise<void> {}
}
class Broken implements MigrationInterface {
  readonly name = 'Broken1760000000003';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table half ()');
    await runner.query('create table half ()');
  }
  async down(): Promise<void> {}
}

test('three concurrent callers: one migrates, the others wait for it', async () => {
  const { migrationUrl } = await servers.freshDatabase('customer');
  const done = await Promise.all(Array.from({ length: 3 }, () => migrate(migrationUrl, [Orders, Slow])));
  expect(done.flat().sort()).toEqual(['KontorTables1700000000000', 'Orders1760000000001', 'Slow1760000000002']);
  expect(await migrate(migrationUrl, [Orders, Slow])).toEqual([]);
});

test('a migration that fails leaves nothing of itself, and those before it', async () => {
  const { migrationUrl, url } = await servers.freshDatabase('customer');
  await expect(migrate(migrationUrl, [Orders, Broken])).rejects.toThrow('"half" already exists');
  const db = await Database.connect({ name: 'test', url });
  const tables = await db.acrossTenants((tx) =>
    tx.query(`select to_regclass('item') is not null as item, to_regclass('half') is not null as half`),
  );
  await db.close();
  expect(tables).toEqual([{ item: true, half: false }]);
});

class Tenants implements MigrationInterface {
  readonly name = 'Tenants1760000000004';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table tenant (id uuid primary key)');
  }
  async down(): Promise<void> {}
}

test('the role that a service works as adds tenants and changes none, and leaves the list of migrations alone', async () => {
  const { migrationUrl, url } = await servers.freshDatabase('customer');
  await migrate(migrationUrl, [Tenants]);
  const db = await Database.connect({ name: 'test', url });
  await db.acrossTenants((tx) => tx.query('insert into tenant values (gen_random_uuid()) on conflict do nothing'));
  for (const sql of [
    'delete from tenant',
    'update tenant set id = gen_random_uuid()',
    'truncate tenant',
    'delete from migration',
    `update migration set name = 'x'`,
    `insert into migration (timestamp, name) values (1, 'x')`,
  ])
    await expect(db.acrossTenants((tx) => tx.query(sql))).rejects.toMatchObject({ driverError: { code: '42501' } });
  expect(await db.acrossTenants((tx) => tx.query('select count(*)::int as n from tenant'))).toEqual([{ n: 1 }]);
  await db.close();
});

test('the role that a service works as may not change tables', async () => {
  const { migrationUrl, url } = await servers.freshDatabase('customer');
  await migrate(migrationUrl, [Orders]);
  const db = await Database.connect({ name: 'test', url });
  for (const sql of ['drop table item', 'alter table item disable row level security', 'create table x ()', 'truncate item'])
    await expect(db.acrossTenants((tx) => tx.query(sql))).rejects.toMatchObject({ driverError: { code: '42501' } });
  await db.close();
});
