// What the search service has on the bus is lost under the running service: its consumers, or the stream with all that was in it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bus, provision } from '@kontor/bus';
import { getSearchStatus } from '@kontor/contracts';
import { again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { service } from '../src/index.js';
import { NOTHING_WRONG, totalOf, untilMade, untilQuiet, verified } from './index-status.js';
import { contactOf, playCustomer, type StandIn } from './stand-in.js';

const WITHIN_MS = 30_000;
const CONSUMERS = ['search-index-people', 'search-index-bulk', 'search-index-customers-people', 'search-index-customers-bulk'];
const agent = anAgent();
const elsewhere = anAgent();

let world: World;
let customer: StandIn;
beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  await untilMade(world);
  await customer.adds(agent.tenant, [{ lastName: 'Vorher' }]);
  await customer.adds(elsewhere.tenant, [{ lastName: 'Vorher' }]);
  await untilQuiet(world, agent);
}, 120_000);
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

const found = (q: string, as = agent) =>
  eventually(async () => expect(await totalOf(world, as, q)).toEqual({ value: 1, relation: 'exact' }), WITHIN_MS);
const health = async (path: string) => {
  const response = await fetch(`${world.running.get('search')!.healthUrl}${path}`);
  return { status: response.status, text: await response.text() };
};
const status = () => world.ask(again(agent), getSearchStatus, {});

/** Both known to the customer service, and no event tells of them any more. */
function changesThatNobodyHearsOf(lastName: string): void {
  for (const { tenant } of [agent, elsewhere]) customer.knows(tenant, { kind: 'contact', ...contactOf({ lastName }) });
}

const LOST: [string, string[]][] = [
  ['Versaeumt', CONSUMERS],
  ['Uebersehen', [CONSUMERS[0]!]],
  ['Unbemerkt', [CONSUMERS[3]!]],
];

test.each(LOST.slice(0, sized(1, LOST.length)))(
  '%s: when consumers %j are deleted, what was missed is found, of every tenant, and what comes then',
  async (name, lost) => {
    const manager = await jetstreamManager(world.bus.connection);
    changesThatNobodyHearsOf(name);
    for (const consumer of lost) await manager.consumers.delete('EVENTS', consumer);
    await found(name);
    await found(name, elsewhere);
    await customer.adds(agent.tenant, [{ lastName: `${name.toUpperCase()}Danach` }]);
    await found(`${name}danach`);
    await untilQuiet(world, agent);
    const metrics = (await health('/metrics')).text;
    for (const consumer of lost) {
      expect(metrics).toMatch(new RegExp(`kontor_consumer_gaps_total\\{consumer="${consumer}",service="search"\\} [1-9]`));
      expect(metrics).toContain(`kontor_consumer_up{consumer="${consumer}",service="search"} 1`);
    }
    expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
  },
);

test('the stream is deleted: it is said until the stream is there again, and then what was missed is found', async () => {
  const manager = await jetstreamManager(world.bus.connection);
  await manager.streams.delete('EVENTS');
  await eventually(async () => {
    expect(await status()).toMatchObject({ state: 'interrupted', lag: { people: { waiting: null }, bulk: { waiting: null } } });
    const { status: code, text } = await health('/health/ready');
    expect([code, text]).toEqual([503, expect.stringContaining('search-index-people: stream not found')]);
    expect((await health('/metrics')).text).toContain('kontor_consumer_up{consumer="search-index-people",service="search"} 0');
  }, WITHIN_MS);
  changesThatNobodyHearsOf('Stromlos');
  const { KONTOR_NATS_PASSWORD: password } = world.nats.env('admin');
  const admin = await Bus.connect({ name: 'admin', url: world.nats.url, user: 'admin', password });
  await provision(admin.connection, { buckets: {}, maxBytes: 512 * 1024 * 1024 });
  await admin.connection.close();
  await found('Stromlos');
  await found('Stromlos', elsewhere);
  await customer.adds(agent.tenant, [{ lastName: 'Wiederda' }]);
  await found('Wiederda');
  await untilQuiet(world, agent);
  expect((await health('/health/ready')).status).toBe(200);
  expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
});
