import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runAs, serviceContext } from '@kontor/bus';
import type { ServiceDatabase } from '@kontor/local';
import { startServers } from '@kontor/testing';
import type { EntityManager } from 'typeorm';
import { Database, mayTakeLong, migrate } from '../src/index.js';
import { addItem, aTenant, inTenant, Orders } from './orders.js';

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ postgres: true });
let urls: ServiceDatabase;
let db: Database;

beforeAll(async () => {
  servers = await start();
  urls = await servers.freshDatabase('customer');
  await migrate(urls.migrationUrl, [Orders]);
  db = await Database.connect({ name: 'test', url: urls.url, poolSize: 2 });
});
afterAll(async () => {
  await db.close();
  await servers.stop();
});

const before = <T>(deadline: number, tenant: string, work: (tx: EntityManager) => Promise<T>) =>
  runAs(serviceContext(tenant, { deadline }), () => db.transaction(work));
const busy = { code: 'busy', message: expect.stringContaining('longer than a call may take'), details: { retryAfter: 2 } };

describe('a transaction of a call that has a deadline', () => {
  test('ends with it when one statement takes too long, and says so; nothing of it is kept, nothing runs on', async () => {
    const tenant = aTenant();
    const late = before(Date.now() + 300, tenant, async (tx) => {
      await addItem(tx, 'lost');
      await tx.query('select pg_sleep(60) -- too long');
    });
    await expect(late).rejects.toMatchObject(busy);
    expect(await inTenant(db, tenant, (tx) => tx.query('select name from item'))).toEqual([]);
    const running = `select 1 from pg_stat_activity where state <> 'idle' and query like '%too long%' and pid <> pg_backend_pid()`;
    expect(await db.queryAcrossTenants(running, [])).toEqual([]);
  });

  test('ends with it when many statements together take too long', async () => {
    const tenant = aTenant();
    const late = before(Date.now() + 300, tenant, async (tx) => {
      await addItem(tx, 'lost');
      for (let i = 0; i < 600; i++) await tx.query('select pg_sleep(0.1)');
    });
    await expect(late).rejects.toMatchObject({ code: expect.stringMatching(/^(busy|unavailable)$/) });
    expect(await inTenant(db, tenant, (tx) => tx.query('select name from item'))).toEqual([]);
  });

  test('has as long as it asks for, where it asks', async () => {
    const tenant = aTenant();
    await before(Date.now() + 300, tenant, async (tx) => {
      await mayTakeLong(tx);
      for (let i = 0; i < 10; i++) await tx.query('select pg_sleep(0.1)');
      await addItem(tx, 'kept');
    });
    expect(await inTenant(db, tenant, (tx) => tx.query('select name from item'))).toEqual([{ name: 'kept' }]);
  });

  test('leaves the time of others as it was', async () => {
    const tenant = aTenant();
    await before(Date.now() + 60_000, tenant, (tx) => addItem(tx, 'kept'));
    const setting = `select current_setting('statement_timeout') as statement, current_setting('transaction_timeout') as transaction`;
    expect(await inTenant(db, tenant, (tx) => tx.query(setting))).toEqual([{ statement: '30s', transaction: '1min' }]);
    expect(await inTenant(db, tenant, (tx) => tx.query('select name from item'))).toEqual([{ name: 'kept' }]);
  });
});
