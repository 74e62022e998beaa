// Several hubs with one Meilisearch: each has indexes under a prefix of its own, and what it makes or drops is none of the others'.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rebuildIndex } from '@kontor/contracts';
import type { RunningService } from '@kontor/service';
import { again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { statusOf, totalOf, untilMade, untilQuiet } from './index-status.js';
import { playCustomer, type StandIn } from './stand-in.js';

const PREFIXES = ['entries', 'entries_b', 'B'];
const agent = anAgent();
const worlds: World[] = [];
const customers: StandIn[] = [];
const started: RunningService[] = [];

/** A hub with its own bus and database, but with the Meilisearch of the first one. */
beforeAll(async () => {
  const first = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_MEILI_PREFIX: PREFIXES[0]! } } });
  worlds.push(first);
  const { url, key } = first.meili;
  for (const prefix of PREFIXES.slice(1)) {
    const env = { search: { KONTOR_MEILI_URL: url, KONTOR_MEILI_KEY: key, KONTOR_MEILI_PREFIX: prefix } };
    worlds.push(await startWorld({ services: [service], env }));
  }
  for (const world of worlds) customers.push(await playCustomer(world.nats));
  for (const world of worlds) await untilMade(world);
}, 180_000);
afterAll(async () => {
  for (const customer of customers) await customer.stop();
  for (const one of started) await one.stop();
  // The first one last: it has the Meilisearch.
  for (const world of worlds.toReversed()) await world.stop();
});

const indexNames = async () => {
  const { url, masterKey } = worlds[0]!.meili;
  const response = await fetch(`${url}/indexes?limit=100`, { headers: { authorization: `Bearer ${masterKey}` } });
  return ((await response.json()) as { results: { uid: string }[] }).results.map(({ uid }) => uid).toSorted();
};

test('all rebuild, all find theirs, and each drops what it had before and nothing else', async () => {
  for (const [i, customer] of customers.entries()) await customer.adds(agent.tenant, [{ lastName: `Hub${'abc'[i]}` }]);
  for (const world of worlds) await untilQuiet(world, agent);
  const before = await indexNames();
  expect(before.map((name) => name.split('-')[0])).toEqual(PREFIXES.toSorted());
  for (const world of worlds) {
    const { startedAt } = (await world.ask(again(agent), rebuildIndex, {})).rebuild!;
    await eventually(async () => expect((await statusOf(world, agent)).rebuild).toMatchObject({ state: 'finished', startedAt }), 60_000);
  }
  const now = await indexNames();
  for (const prefix of PREFIXES) expect(now.map((name) => name.split('-')[0])).toContain(prefix);
  if (sized(false, true))
    // What is not used any more is dropped half a minute later.
    await eventually(async () => {
      const now = await indexNames();
      expect(now.filter((name) => before.includes(name))).toEqual([]);
      expect(now.map((name) => name.split('-')[0])).toEqual(PREFIXES.toSorted());
    }, 90_000);
  for (const [i, world] of worlds.entries()) {
    expect(await totalOf(world, agent, `hub${'abc'[i]}`)).toEqual({ value: 1, relation: 'exact' });
    expect((await statusOf(world, agent)).state).toBe('ready');
  }
}, 240_000);
