import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, startServers } from '@kontor/testing';
import { Client } from 'pg';
import { type HeldLock, tryHolding } from '../src/index.js';

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ postgres: true });
let url: string;
let onlooker: Client;

beforeAll(async () => {
  servers = await start();
  ({ url } = await servers.freshDatabase('customer'));
  onlooker = new Client({ connectionString: url });
  await onlooker.connect();
});
afterAll(async () => {
  await onlooker.end();
  await servers.stop();
});

/** Holds the lock until it is let go. */
async function holding(name: string): Promise<{ lock: HeldLock; letGo(): Promise<void> }> {
  let letGo = () => {};
  let ended: Promise<boolean> | undefined;
  const lock = await new Promise<HeldLock>((resolve, reject) => {
    const work = (held: HeldLock) =>
      new Promise<void>((end) => {
        letGo = end;
        resolve(held);
      });
    ended = tryHolding(url, name, work);
    ended.then((got) => got || reject(new Error('Another one holds it')), reject);
  });
  return {
    lock,
    async letGo() {
      letGo();
      await ended;
    },
  };
}
const isFree = (name: string) => tryHolding(url, name, async () => {});
const cut = (application: string) =>
  onlooker.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [`kontor-lock-${application}`]);

test('one holds a lock at a time', async () => {
  const name = randomUUID();
  const { lock, letGo } = await holding(name);
  expect(lock.held()).toBe(true);
  expect(await isFree(name)).toBe(false);
  await letGo();
  expect(await isFree(name)).toBe(true);
});

test('a statement that takes longer than a silent holder is believed does not cost the lock', async () => {
  const name = randomUUID();
  const { lock, letGo } = await holding(name);
  const transaction = await lock.transactions('slow');
  let over = false;
  const slow = transaction((query) => query('select pg_sleep(7)', [])).finally(() => {
    over = true;
  });
  while (!over) {
    expect(lock.held()).toBe(true);
    expect(await isFree(name)).toBe(false);
    await sleep(200);
  }
  await slow;
  await letGo();
}, 30_000);

test('transactions of one part wait for each other, and for no other part', async () => {
  const { lock, letGo } = await holding(randomUUID());
  const [one, other] = [await lock.transactions('one'), await lock.transactions('other')];
  const ended: string[] = [];
  await Promise.all([
    one((query) => query('select pg_sleep(1)', [])).then(() => ended.push('slow')),
    one((query) => query('select 1', [])).then(() => ended.push('behind it')),
    other((query) => query('select 1', [])).then(() => ended.push('beside it')),
  ]);
  expect(ended).toEqual(['beside it', 'slow', 'behind it']);
  await letGo();
});

test('a transaction that fails leaves nothing, and does not cost the lock', async () => {
  const name = randomUUID();
  const { lock, letGo } = await holding(name);
  const transaction = await lock.transactions('part');
  const failing = transaction(async (query) => {
    await query('create temporary table noted (n int)', []);
    // The lease is renewed meanwhile: what asks comes into a transaction that can only be rolled back.
    await query('select 1 / 0', []).catch(() => sleep(2_000));
    await query('select 1', []);
  });
  await expect(failing).rejects.toThrow('aborted');
  await expect(transaction((query) => query('select from noted', []))).rejects.toThrow('does not exist');
  expect(await transaction((query) => query('select 1 as one', []))).toEqual([{ one: 1 }]);
  expect(lock.held()).toBe(true);
  expect(await isFree(name)).toBe(false);
  await letGo();
});

test('the next holder gets a part only when the last one can commit nothing any more', async () => {
  const name = randomUUID();
  const first = await holding(name);
  const transaction = await first.lock.transactions('part');
  const ended: string[] = [];
  const last = transaction((query) => query('select pg_sleep(2)', [])).then(async () => {
    ended.push('the last transaction');
    await first.letGo();
  });
  await cut(name);
  await eventually(async () => expect(first.lock.held()).toBe(false));
  const second = await holding(name);
  const next = await second.lock.transactions('part').then((its) => {
    ended.push('the next holder');
    return its;
  });
  await last;
  expect(await next((query) => query('select 1 as one', []))).toEqual([{ one: 1 }]);
  expect(ended).toEqual(['the last transaction', 'the next holder']);
  await second.letGo();
});

test('without the connection of a part the lock is lost', async () => {
  const name = randomUUID();
  const { lock, letGo } = await holding(name);
  const transaction = await lock.transactions('part');
  const cutOff = transaction((query) => query('select pg_sleep(20)', []));
  await Promise.all([expect(cutOff).rejects.toThrow(), cut(`${name}-part`)]);
  await eventually(async () => expect(lock.held()).toBe(false));
  await expect(transaction((query) => query('select 1', []))).rejects.toThrow();
  await letGo();
  expect(await isFree(name)).toBe(true);
});
