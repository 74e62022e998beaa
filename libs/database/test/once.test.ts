import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ServiceDatabase } from '@kontor/local';
import { startServers } from '@kontor/testing';
import { Database, idempotent, migrate, once } from '../src/index.js';
import { addItem, aTenant, inTenant, Orders } from './orders.js';

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ postgres: true });
let urls: ServiceDatabase;
let db: Database;

beforeAll(async () => {
  servers = await start();
  urls = await servers.freshDatabase('customer');
  await migrate(urls.migrationUrl, [Orders]);
  db = await Database.connect({ name: 'test', url: urls.url });
});
afterAll(async () => {
  await db.close();
  await servers.stop();
});

describe('a call with an Idempotency-Key', () => {
  const aCaller = () => ({ tenant: aTenant(), agent: { id: randomUUID() }, idempotencyKey: randomUUID() });
  type Caller = ReturnType<typeof aCaller>;
  const order = ({ tenant, ...context }: Caller, name: string) =>
    inTenant(db, tenant, (tx) => idempotent(tx, { name }, async () => [await addItem(tx, name)]), context);
  const items = ({ tenant }: { tenant: string }) => inTenant(db, tenant, (tx) => tx.query('select id, name from item'));

  test('makes one thing, however often and however many call concurrently', async () => {
    const caller = aCaller();
    const answers = await Promise.all(Array.from({ length: 20 }, () => order(caller, 'chair')));
    const [[id]] = answers as [[string]];
    expect(answers).toEqual(Array(20).fill([id]));
    expect(await items(caller)).toEqual([{ id, name: 'chair' }]);
    expect(await order(caller, 'chair')).toEqual([id]);
  });

  test('is refused with another body', async () => {
    const caller = aCaller();
    await order(caller, 'chair');
    await expect(order(caller, 'table')).rejects.toMatchObject({ code: 'key-reused' });
    expect(await items(caller)).toHaveLength(1);
  });

  test('can be repeated when the first time failed', async () => {
    const caller = aCaller();
    const failing = inTenant(
      db,
      caller.tenant,
      (tx) =>
        idempotent(tx, { name: 'chair' }, async () => {
          await addItem(tx, 'chair');
          throw new Error('no');
        }),
      caller,
    );
    await expect(failing).rejects.toThrow('no');
    expect(await order(caller, 'chair')).toHaveLength(1);
    expect(await items(caller)).toHaveLength(1);
  });

  test('has nothing to do with another agent’s, another tenant’s, or one without a key', async () => {
    const caller = aCaller();
    await order(caller, 'chair');
    await order({ ...caller, agent: { id: randomUUID() } }, 'table');
    const elsewhere = { ...caller, tenant: aTenant() };
    await order(elsewhere, 'lamp');
    expect(await items(caller)).toHaveLength(2);
    expect(await items(elsewhere)).toHaveLength(1);
    const without = { ...aCaller(), idempotencyKey: undefined };
    await inTenant(db, without.tenant, (tx) => idempotent(tx, {}, async () => [await addItem(tx, 'a')]), without);
    await inTenant(db, without.tenant, (tx) => idempotent(tx, {}, async () => [await addItem(tx, 'a')]), without);
    expect(await items(without)).toHaveLength(2);
  });

  test('may be reused after 24 hours', async () => {
    const caller = aCaller();
    await order(caller, 'chair');
    await db.acrossTenants((tx) =>
      tx.query(`update idempotency_key set created_at = now() - interval '25 hours' where key = $1`, [caller.idempotencyKey]),
    );
    await order(caller, 'table');
    expect(await items(caller)).toHaveLength(2);
  });
});

describe('a message', () => {
  test('is met once by each consumer, and again when the first time was rolled back', async () => {
    const tenant = aTenant();
    const id = randomUUID();
    const meet = (consumer: string) => inTenant(db, tenant, (tx) => once(tx, consumer, id));
    const rolledBack = inTenant(db, tenant, async (tx) => {
      expect(await once(tx, 'mail', id)).toBe(true);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect((await Promise.all(Array.from({ length: 10 }, () => meet('mail')))).filter(Boolean)).toHaveLength(1);
    expect(await meet('webhook')).toBe(true);
    expect(await meet('mail')).toBe(false);
  });
});
