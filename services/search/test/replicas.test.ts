// Small cases of what takeover.long.test.ts, lost-index.long.test.ts and maintenance.long.test.ts do with many contacts, processes and kills.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getSearchStatus, rebuildIndex, verifyIndex } from '@kontor/contracts';
import type { RunningService } from '@kontor/service';
import { again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { NOTHING_WRONG, totalOf, untilQuiet, verified } from './index-status.js';
import { contactOf, playCustomer, type StandIn } from './stand-in.js';

const agent = anAgent();
const { tenant } = agent;
const COUNT = 40;

let world: World;
let customer: StandIn;
let other: RunningService;

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '0' } } });
  customer = await playCustomer(world.nats);
  await untilQuiet(world, agent);
  other = await service.start(world.env('search'));
  await customer.adds(
    tenant,
    Array.from({ length: COUNT }, (_, i) => ({ firstName: `nr${i}`, lastName: 'Bestand' })),
    'bulk',
  );
  await untilFound(COUNT);
}, 60_000);
afterAll(async () => {
  await customer?.stop();
  await other?.stop();
  await world?.stop();
});

const untilFound = (count: number) =>
  eventually(async () => expect(await totalOf(world, agent, 'bestand')).toEqual({ value: count, relation: 'exact' }), 30_000);

test('when the replica that writes stops, the other one writes on', async () => {
  await world.running.get('search')?.stop();
  world.running.delete('search');
  await customer.adds(tenant, [contactOf({ lastName: 'Bestand', firstName: 'Neuzugang' })]);
  await untilFound(COUNT + 1);
  await untilQuiet(world, agent);
  expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
}, 60_000);

test.each(['agent', 'light_agent'] as const)('the index is looked after by admins, not by the role %s', async (role) => {
  for (const contract of [getSearchStatus, rebuildIndex, verifyIndex])
    await expect(world.ask(again(agent, { roles: [role] }), contract, {})).rejects.toMatchObject({ code: 'forbidden' });
});

test('an index that is lost is rebuilt automatically', async () => {
  const headers = { authorization: `Bearer ${world.meili.masterKey}` };
  const { results } = (await (await fetch(`${world.meili.url}/indexes?limit=100`, { headers })).json()) as { results: { uid: string }[] };
  expect(results.length).toBeGreaterThan(0);
  for (const { uid } of results) await fetch(`${world.meili.url}/indexes/${uid}`, { method: 'DELETE', headers });
  await untilFound(COUNT + 1);
  await untilQuiet(world, agent);
  expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
}, 60_000);
