import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, sized, startServers } from '@kontor/testing';
import { Client } from 'pg';
import { type HeldLock, tryHolding } from '../src/index.js';

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ postgres: true });
let url: string;
let onlooker: Client;

beforeAll(async () => {
  servers = await start();
  const database = await servers.freshDatabase('customer');
  url = database.url;
  const owner = new Client({ connectionString: database.migrationUrl });
  await owner.connect();
  await owner.query('create table noted (name text)');
  await owner.end();
  onlooker = new Client({ connectionString: url });
  await onlooker.connect();
});
afterAll(async () => {
  await onlooker.end();
  await servers.stop();
});

/** A way to PostgreSQL on which at some moment nothing comes through any more, in either direction. */
async function startWire() {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far).pipe(near);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const its = new URL(url);
  its.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: its.href,
    hold() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}

/** Holds the lock until it is let go. */
async function holding(name: string, by = url): Promise<{ lock: HeldLock; letGo(): Promise<void> }> {
  let letGo = () => {};
  let ended: Promise<boolean> | undefined;
  const lock = await new Promise<HeldLock>((resolve, reject) => {
    const work = (held: HeldLock) =>
      new Promise<void>((end) => {
        letGo = end;
        resolve(held);
      });
    ended = tryHolding(by, name, work);
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
    await query('insert into noted values ($1)', [name]);
    // The lease is renewed meanwhile: what asks comes into a transaction that can only be rolled back.
    await query('select 1 / 0', []).catch(() => sleep(2_000));
    await query('select 1', []);
  });
  await expect(failing).rejects.toThrow('aborted');
  expect(await transaction((query) => query('select from noted where name = $1', [name]))).toEqual([]);
  expect(lock.held()).toBe(true);
  expect(await isFree(name)).toBe(false);
  await letGo();
});

test('when the lock is lost its transactions can commit nothing any more, and the next holder need not wait for them', async () => {
  const name = randomUUID();
  const first = await holding(name);
  const transaction = await first.lock.transactions('part');
  const last = transaction(async (query) => {
    await query('insert into noted values ($1)', [name]);
    await query('select pg_sleep(20)', []);
  });
  const failed = expect(last).rejects.toMatchObject({ code: 'unavailable' });
  await sleep(200);
  await cut(name);
  await failed;
  expect(first.lock.held()).toBe(false);
  expect(first.lock.lost.aborted).toBe(true);
  // The server frees it a moment after it has said that the connection is cut.
  const second = await eventually(() => holding(name));
  const next = await second.lock.transactions('part');
  expect(await next((query) => query('select from noted where name = $1', [name]))).toEqual([]);
  await first.letGo();
  expect(second.lock.held()).toBe(true);
  await second.letGo();
}, 15_000);

test('without the connection of a part the lock is lost', async () => {
  const name = randomUUID();
  const { lock, letGo } = await holding(name);
  const transaction = await lock.transactions('part');
  const cutOff = transaction((query) => query('select pg_sleep(20)', []));
  await Promise.all([expect(cutOff).rejects.toThrow(), cut(`${name}-part`)]);
  await eventually(async () => expect(lock.held()).toBe(false));
  await expect(transaction((query) => query('select 1', []))).rejects.toThrow();
  await letGo();
  await eventually(async () => expect(await isFree(name)).toBe(true));
});

// Each waits for a lease to run out, seven seconds.
if (sized(false, true)) {
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

  test('a holder that is cut off without noticing stops trusting its lock and fails what it waits for, and another one takes over within ten seconds', async () => {
    const name = randomUUID();
    const wire = await startWire();
    const first = await holding(name, wire.url);
    const transaction = await first.lock.transactions('part');
    const start = performance.now();
    wire.hold();
    await expect(transaction((query) => query('insert into noted values ($1)', [name]))).rejects.toMatchObject({ code: 'unavailable' });
    expect(first.lock.held()).toBe(false);
    const free = async () => expect(await isFree(name)).toBe(true);
    await eventually(free, 10_000 - (performance.now() - start));
    await first.letGo();
    await wire.stop();
  }, 20_000);
}
