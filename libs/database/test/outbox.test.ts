import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Bus, provision } from '@kontor/bus';
import type { ServiceDatabase } from '@kontor/local';
import { eventually, sized, startServers } from '@kontor/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { Database, migrate } from '../src/index.js';
import { aTenant, connectBus, emitNumber, inTenant, itemChanged } from './orders.js';

const MANY = sized(100, 1_000);
let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ postgres: true, nats: true });
let urls: ServiceDatabase;
let bus: Bus;
let onlooker: Bus;
const databases = new Set<Database>();
const tenant = aTenant();

Logger.overrideLogger(false); // what is interrupted here is interrupted on purpose

beforeAll(async () => {
  servers = await start();
  const admin = await connectBus(servers.nats, 'admin');
  await provision(admin.connection);
  await admin.connection.close();
  [bus, onlooker] = await Promise.all([connectBus(servers.nats, 'customer'), connectBus(servers.nats, 'test')]);
});
beforeEach(async () => {
  urls = await servers.freshDatabase('customer');
  await migrate(urls.migrationUrl, []);
  // Outbox rows count from 1 again in a fresh database, and the stream would take their events for doubles of an earlier test's.
  const manager = await jetstreamManager(onlooker.connection);
  const { config } = await manager.streams.info('EVENTS');
  await manager.streams.delete('EVENTS');
  await manager.streams.add({ ...config, name: 'EVENTS' });
});
afterEach(async () => {
  for (const db of databases) await close(db);
});
afterAll(async () => {
  await Promise.all([bus.connection.close(), onlooker.connection.close()]);
  await servers.stop();
});

/** A replica's database; with a relay when it is given a bus. */
async function replica(relayTo?: Bus): Promise<Database> {
  const db = await Database.connect({ name: 'test', url: urls.url });
  databases.add(db);
  if (relayTo) db.outbox.start(relayTo);
  return db;
}
async function close(db: Database): Promise<void> {
  databases.delete(db);
  await db.close();
}
const emitOne = (db: Database, number: number) => inTenant(db, tenant, (tx) => emitNumber(tx, number));
const waiting = async (db: Database): Promise<number> => {
  const [row]: { count: number }[] = await db.acrossTenants((tx) => tx.query('select count(*)::int as count from outbox'));
  return row?.count ?? 0;
};
/** The numbers of the events that the stream holds, in its order. */
async function published(): Promise<number[]> {
  const consumer = await jetstream(onlooker.connection).consumers.get('EVENTS', { filter_subjects: itemChanged.subject });
  const { num_pending: count } = await consumer.info();
  const numbers: number[] = [];
  if (count)
    for await (const message of await consumer.fetch({ max_messages: count })) numbers.push(message.json<{ number: number }>().number);
  return numbers;
}
async function asMigrator(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: urls.migrationUrl });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('an event', () => {
  test('is published with its change, with agent and tenant, and not when the change is rolled back', async () => {
    const db = await replica(bus);
    const rolledBack = inTenant(db, tenant, async (tx) => {
      await emitNumber(tx, 1);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    await inTenant(db, tenant, (tx) => emitNumber(tx, 2), {
      lane: 'bulk',
      requestId: 'r1',
      deadline: Date.now() + 60_000,
      idempotencyKey: 'k',
    });
    await eventually(async () => expect(await published()).toEqual([2]));
    const message = await (await jetstreamManager(onlooker.connection)).streams.getMessage('EVENTS', { last_by_subj: 'events.>' });
    const headers = Object.fromEntries(message?.header.keys().map((key) => [key, message.header.get(key)]) ?? []);
    expect(headers).toMatchObject({ 'Kontor-Tenant': tenant, 'Kontor-Lane': 'bulk', 'Kontor-Request-Id': 'r1' });
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['Kontor-Deadline']));
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['Idempotency-Key']));
    await eventually(async () => expect(await waiting(db)).toBe(0));
  });

  test('that breaks its contract fails the change', async () => {
    const db = await replica();
    await expect(inTenant(db, tenant, (tx) => emitNumber(tx, 1.5))).rejects.toThrow();
    expect(await waiting(db)).toBe(0);
  });

  test('follows those before it, however many', async () => {
    const db = await replica();
    await inTenant(db, tenant, async (tx) => {
      for (const number of upTo(MANY)) await emitNumber(tx, number);
    });
    db.outbox.start(bus);
    await eventually(async () => expect(await published()).toEqual(upTo(MANY)));
  });

  test('is published immediately, not at the next poll', async () => {
    const db = await replica(bus);
    await emitOne(db, 0);
    await eventually(async () => expect(await published()).toEqual([0]));
    const arrived: number[] = [];
    onlooker.connection.subscribe(itemChanged.subject, { callback: () => void arrived.push(performance.now()), max: 5 });
    await onlooker.connection.flush();
    const sent: number[] = [];
    for (const number of upTo(5)) {
      await sleep(20);
      sent.push(performance.now());
      await emitOne(db, number + 1);
    }
    await eventually(() => expect(arrived).toHaveLength(5));
    expect(Math.min(...arrived.map((time, i) => time - (sent[i] ?? 0)))).toBeLessThan(200);
  });
});

describe('transactions that commit in another order than their events are numbered', () => {
  test('lose none: one that commits long after a later one', async () => {
    const db = await replica(bus);
    const gate = Promise.withResolvers<void>();
    const late = inTenant(db, tenant, async (tx) => {
      await emitNumber(tx, 1);
      await gate.promise;
    });
    await sleep(50);
    await emitOne(db, 2);
    await eventually(async () => expect(await published()).toEqual([2]));
    gate.resolve();
    await late;
    await eventually(async () => expect(await published()).toEqual([2, 1]));
  });

  test('lose none of many concurrent changes, a fifth of them rolled back', async () => {
    const db = await replica(bus);
    const committed = upTo(sized(60, 300)).filter((number) => number % 5);
    await Promise.all(
      upTo(sized(60, 300)).map((number) =>
        inTenant(db, tenant, async (tx) => {
          await emitNumber(tx, number);
          await sleep(Math.random() * 20);
          if (number % 5 === 0) throw new Error('no');
        }).catch(() => {}),
      ),
    );
    await eventually(async () => expect((await published()).sort((a, b) => a - b)).toEqual(committed));
    await eventually(async () => expect(await waiting(db)).toBe(0));
  });
});

describe('a relay', () => {
  test('that dies between publishing and deleting doubles nothing', async () => {
    await asMigrator(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'killed here'; end $$;
      create trigger refuse before delete on outbox for each statement execute function refuse();
    `);
    const db = await replica(bus);
    for (const number of upTo(20)) await emitOne(db, number);
    await eventually(async () => expect(await published()).toEqual(upTo(20)));
    await close(db);
    const next = await replica();
    expect(await waiting(next)).toBe(20);
    await asMigrator('drop trigger refuse on outbox');
    next.outbox.start(bus);
    await eventually(async () => expect(await waiting(next)).toBe(0));
    expect(await published()).toEqual(upTo(20));
  });

  test('works alone; another takes over within seconds when its connection is cut or it ends', async () => {
    const [one, two] = [await replica(bus), await replica(bus)];
    const holders = () =>
      two.acrossTenants<{ pid: number }[]>((tx) =>
        tx.query(
          `select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`,
        ),
      );
    await eventually(async () => expect(await holders()).toHaveLength(1));
    await sleep(1_200); // both have tried by now
    const [holder] = await holders();
    expect(await holders()).toHaveLength(1);
    await two.acrossTenants((tx) => tx.query('select pg_terminate_backend($1)', [holder?.pid]));
    await emitOne(two, 1);
    await eventually(async () => expect(await published()).toEqual([1]), 4_000);
    expect((await holders()).map(({ pid }) => pid)).not.toContain(holder?.pid);
    await close(one);
    await emitOne(two, 2);
    await eventually(async () => expect(await published()).toEqual([1, 2]), 4_000);
  });

  test('publishes what is there before it ends', async () => {
    const db = await replica(bus);
    await emitOne(db, 0);
    await eventually(async () => expect(await published()).toEqual([0]));
    for (const number of [1, 2, 3]) await emitOne(db, number);
    await close(db);
    expect(await published()).toEqual([0, 1, 2, 3]);
  });

  test('keeps everything while NATS is away, and continues when it is back', async () => {
    const db = await replica(bus);
    await emitOne(db, 0);
    await eventually(async () => expect(await published()).toEqual([0]));
    await servers.nats.kill();
    for (const number of [1, 2, 3]) await emitOne(db, number);
    await servers.nats.restart();
    await eventually(async () => expect(await published()).toEqual([0, 1, 2, 3]), 20_000);
    await eventually(async () => expect(await waiting(db)).toBe(0));
  });
});
