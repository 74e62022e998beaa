// Replicas as processes of their own, killed and paused while they write.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rebuildIndex } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { anAgent, dice, eventually, ServiceProcess, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { NOTHING_WRONG, shortly, statusOf, totalOf, untilQuiet, verified } from './index-status.js';
import { contactOf, playCustomer, type StandIn } from './stand-in.js';
import type { Entry } from './walk-model.js';
import { Watcher } from './walk-watcher.js';

const MINUTE = 60_000;
// Ten seconds are promised; the rest is for slow machines.
const SOON = 30_000;

let world: World;
let customer: StandIn;
let writer: ServiceProcess;
let other: ServiceProcess;
let watcher: Watcher;
const agent = anAgent();
const { tenant } = agent;
const of = dice(4711);

beforeAll(async () => {
  world = await startWorld({ services: [service], asProcesses: true, meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '500' } } });
  writer = world.processes.get('search')!;
  customer = await playCustomer(world.nats);
  await eventually(async () => expect((await statusOf(world, agent)).writer).toBe(true), MINUTE);
  other = new ServiceProcess('search', world.env('search'));
  await other.start();
  world.processes.set('other', other);
  watcher = new Watcher(world, agent);
  const entries = watcher.settle(of);
  customer.knows(tenant, ...entries);
  const ids = entries.map(({ id }) => id);
  await customer.tells(tenant, 'contact', ids, 'created');
  await untilQuiet(world, agent);
}, 4 * MINUTE);
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

async function tick(lane: 'people' | 'bulk'): Promise<void> {
  const told: Promise<void>[] = [];
  watcher.tick(of, (entries, change) => {
    for (const entry of entries) {
      if (change === 'binned') customer.forgets(tenant, entry.id);
      else customer.knows(tenant, entry);
      told.push(customer.tells(tenant, 'contact', [entry.id], change, lane));
    }
  });
  await Promise.all(told);
}

/** Things change all the time until the work is done. */
async function whileTicking(work: () => Promise<void>): Promise<void> {
  let working = true;
  const ticking = async () => {
    for (let i = 0; working; i++) {
      await tick(i % 3 ? 'people' : 'bulk');
      await pause(50);
    }
  };
  watcher.start();
  const ticks = ticking();
  try {
    await work().finally(() => {
      working = false;
      return ticks;
    });
    await untilQuiet(world, agent);
  } catch (error) {
    // Two that watched at once would see each other's answers in the wrong order.
    await watcher.stop().catch(() => {});
    throw error;
  }
  expect(await watcher.stop()).toBeGreaterThan(0);
}

/** A change that is made now is found; says after how long. */
async function untilFound(what: string): Promise<void> {
  const start = performance.now();
  const [contact] = await customer.adds(tenant, [{ lastName: what }]);
  await eventually(async () => expect((await totalOf(world, agent, what, 1_500)).value).toBe(1), SOON);
  console.log(`${what}: ${contact!.lastName} was found after ${Math.round(performance.now() - start)} ms`);
}

const contacts = (count: number, lastName: string): Entry[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'contact', ...contactOf({ firstName: `nr${i}`, lastName }) }));

async function tellInBulk(entries: readonly Entry[]): Promise<void> {
  customer.knows(tenant, ...entries);
  await customer.tells(
    tenant,
    'contact',
    entries.map(({ id }) => id),
    'created',
    'bulk',
  );
}

function swap(): void {
  [writer, other] = [other, writer];
}

test(
  'the writer is killed with -9: the other replica writes, and nothing is lost',
  async () => {
    await whileTicking(async () => {
      await pause(1_000);
      await writer.kill();
      await untilFound('nachdertoetung');
      await writer.start();
      swap();
    });
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
  5 * MINUTE,
);

test(
  'the writer is paused: the other replica writes, and when the first one goes on nothing gets older',
  async () => {
    await whileTicking(async () => {
      await pause(1_000);
      process.kill(writer.pid, 'SIGSTOP');
      try {
        await untilFound('waehrendderpause');
        for (let i = 0; i < 20; i++) await tick('bulk');
      } finally {
        process.kill(writer.pid, 'SIGCONT');
      }
      await untilFound('nachderpause');
      swap();
    });
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
  5 * MINUTE,
);

test(
  'the writer loses its connections again and again: one of the two goes on, and each can be the writer once more',
  async () => {
    const db = await Database.connect({ name: 'test', url: world.databases.search!.url });
    const cut = () =>
      db.queryAcrossTenants(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = any($1)',
        [of.some(['', '-people', '-bulk'], 2).map((part) => `kontor-lock-writer${part}`)],
      );
    await whileTicking(async () => {
      for (let i = 0; i < 6; i++) {
        await tellInBulk(contacts(1_000, `abriss${i}`));
        await cut();
        await pause(1_500);
      }
      await untilFound('nachdemabriss');
    });
    await db.close();
    expect(await totalOf(world, agent, 'abriss*')).toEqual({ value: 6_000, relation: 'exact' });
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
    for (const one of [writer, other]) {
      await one.kill();
      await untilFound(`ohne${one.pid}`);
      await one.start();
    }
  },
  5 * MINUTE,
);

test(
  'Meilisearch is killed with -9 in the middle of bulk batches',
  async () => {
    await whileTicking(async () => {
      await tellInBulk(contacts(4_000, 'bulkeins'));
      await world.meili.kill();
      await tick('people');
      await tellInBulk(contacts(4_000, 'bulkzwei'));
      await world.meili.restart();
    });
    expect(await totalOf(world, agent, 'bulkeins')).toEqual({ value: 4_000, relation: 'exact' });
    expect(await totalOf(world, agent, 'bulkzwei')).toEqual({ value: 4_000, relation: 'exact' });
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
  5 * MINUTE,
);

test(
  'the writer is killed in the middle of a rebuild: the other replica goes on with it',
  async () => {
    const { rebuild: before } = await statusOf(world, agent);
    await tellInBulk(contacts(8_000, 'bulkdrei'));
    await untilQuiet(world, agent);
    await whileTicking(async () => {
      await world.ask(shortly(agent), rebuildIndex, {});
      await eventually(async () => {
        const { rebuild } = await statusOf(world, agent);
        expect(rebuild!.startedAt).not.toBe(before!.startedAt);
        expect(rebuild!.done).toBeGreaterThan(0);
      }, MINUTE);
      await writer.kill();
      const { rebuild } = await statusOf(world, agent);
      console.log(`killed at ${rebuild?.done} of ${rebuild?.total}, ${rebuild?.state}`);
      await writer.start();
      swap();
    });
    const { rebuild } = await statusOf(world, agent);
    expect(rebuild).toMatchObject({ state: 'finished' });
    expect(await totalOf(world, agent, 'bulkdrei')).toEqual({ value: 8_000, relation: 'exact' });
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
  5 * MINUTE,
);
