// Meilisearch is there, but what it had is gone: its folder was lost, or it is a new one.
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rebuildIndex, search } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { searchServiceKey } from '@kontor/local';
import { again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { NOTHING_WRONG, statusOf, totalOf, untilQuiet, verified } from './index-status.js';
import { contactOf, playCustomer, type StandIn } from './stand-in.js';
import type { Entry } from './walk-model.js';

const MINUTE = 60_000;
// More than two pages of a rebuild, so that some are always on their way.
const MANY = 11_000;
const agent = anAgent();
const { tenant } = agent;

let world: World;
let customer: StandIn;

beforeAll(async () => {
  world = await startWorld({ services: [service], asProcesses: true, meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '500' } } });
  customer = await playCustomer(world.nats);
  const entries = Array.from(
    { length: MANY },
    (_, i): Entry => ({ kind: 'contact', ...contactOf({ firstName: `nr${i}`, lastName: 'Bestand' }) }),
  );
  customer.knows(tenant, ...entries);
  const ids = entries.map(({ id }) => id);
  await customer.tells(tenant, 'contact', ids, 'created', 'bulk');
  await untilQuiet(world, agent);
}, 4 * MINUTE);
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

async function loseFolder(): Promise<void> {
  const { meili } = world;
  if (meili.pid) {
    const command = readFileSync(`/proc/${meili.pid}/cmdline`, 'utf8').split('\0');
    await meili.kill();
    rmSync(command[command.indexOf('--db-path') + 1]!, { recursive: true });
    await meili.restart();
    // The key of the search service is lost, too, until it is made again.
    await expect(totalOf(world, agent, '')).rejects.toMatchObject({ code: 'unavailable' });
    await searchServiceKey(meili.url, meili.masterKey);
    return;
  }
  // Of a container the folder is not at hand; an index that is deleted is as lost.
  const headers = { authorization: `Bearer ${meili.masterKey}` };
  const { results } = (await (await fetch(`${meili.url}/indexes?limit=100`, { headers })).json()) as { results: { uid: string }[] };
  for (const { uid } of results) await fetch(`${meili.url}/indexes/${uid}`, { method: 'DELETE', headers });
}

/** Asks until everything is found again: till then an answer says that it is not whole, or there is none. */
async function untilWhole(expected: number): Promise<void> {
  const said = new Map<string, number>();
  const start = performance.now();
  await eventually(async () => {
    const answer = await totalOf(world, agent, 'bestand', 1_500).catch(({ code }: { code?: string }) => ({ value: -1, relation: code }));
    said.set(`${answer.relation}${'degraded' in answer ? ' degraded' : ''}`, answer.value);
    if (answer.relation === 'exact') expect(answer).toEqual({ value: expected, relation: 'exact' });
    if (answer.relation === 'at_least') expect(answer).toMatchObject({ degraded: true });
    if (answer.relation !== 'exact') throw new Error(`not whole yet: ${JSON.stringify(answer)}`);
  }, 2 * MINUTE);
  console.log(`whole after ${Math.round(performance.now() - start)} ms; on the way: ${JSON.stringify([...said])}`);
}

const alive = () => process.kill(world.processes.get('search')!.pid, 0);

test(
  'lost while nothing changes: it is rebuilt automatically',
  async () => {
    await loseFolder();
    await untilWhole(MANY);
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
  4 * MINUTE,
);

test(
  'lost while no replica runs, with changes in between',
  async () => {
    const replica = world.processes.get('search')!;
    await replica.stop();
    await loseFolder();
    const [contact] = await customer.adds(tenant, [{ lastName: 'Bestand', firstName: 'Neuzugang' }]);
    await replica.start();
    await untilWhole(MANY + 1);
    expect((await world.ask(again(agent), search, { q: 'neuzugang' })).hits.map(({ id }) => id)).toEqual([contact!.id]);
    await untilQuiet(world, agent);
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
  4 * MINUTE,
);

test(
  'a first start without Meilisearch: a search is refused as unavailable, and what changes is not lost',
  async () => {
    const replica = world.processes.get('search')!;
    await replica.stop();
    const db = await Database.connect({ name: 'test', url: world.databases.search!.url });
    for (const table of ['fresh', 'current_index', 'rebuild', 'verification'])
      await db.acrossTenants((tx) => tx.query(`delete from ${table}`));
    await db.close();
    await world.meili.kill();
    await replica.start();
    const refused = { code: 'unavailable' };
    await expect(totalOf(world, agent, '')).rejects.toMatchObject(refused);
    await customer.adds(tenant, [{ lastName: 'Bestand', firstName: 'Fruehaufsteher' }]);
    await world.meili.restart();
    await untilWhole(MANY + 2);
    await untilQuiet(world, agent);
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
  4 * MINUTE,
);

test.each([
  ['killed', () => world.meili.kill().then(() => world.meili.restart())],
  ['lost', loseFolder],
])(
  'Meilisearch is %s during a rebuild: the replica lives, and the index is whole',
  async (_, happens) => {
    const { rebuild: before } = await statusOf(world, agent);
    await world.ask(again(agent), rebuildIndex, {});
    await eventually(async () => {
      const { rebuild } = await statusOf(world, agent);
      expect([rebuild!.startedAt !== before!.startedAt, rebuild!.done > 0]).toEqual([true, true]);
    }, MINUTE);
    await happens();
    await untilWhole(MANY + 2);
    await untilQuiet(world, agent);
    expect(alive()).toBe(true);
    expect(await totalOf(world, agent, 'bestand')).toEqual({ value: MANY + 2, relation: 'exact' });
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
  4 * MINUTE,
);
