import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { search } from '@kontor/contracts';
import { anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { BruteForce } from './brute-force.js';
import { type Ask, compare } from './exactness.js';
import { randomFrom } from './random.js';
import { aQuery, KINDS } from './random-queries.js';
import { somePeople } from './some-people.js';
import { playCustomer, type StandIn } from './stand-in.js';

// `npm run bench -- exact` does the same with 100,000 people and many more queries.
const PEOPLE = sized(300, 2_000);
const QUERIES = sized(10, 40);
const SEED = 20_270_117;

let world: World;
let customer: StandIn;
let model: BruteForce;
const agent = anAgent();

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  model = new BruteForce(await customer.adds(agent.tenant, somePeople(PEOPLE, randomFrom(SEED)), 'bulk'));
  await eventually(
    async () => expect((await world.ask(agent, search, { limit: 1 })).total).toEqual({ value: PEOPLE, relation: 'exact' }),
    60_000,
  );
}, 120_000);
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

const ask: Ask = async (q, cursor) => {
  const { hits, total, nextCursor } = await world.ask(agent, search, { q, limit: 200, cursor });
  return { ids: hits.map(({ id }) => id), total, next: nextCursor };
};

test.each(KINDS)('%s find exactly whom looking at everybody finds', async (kind) => {
  const random = randomFrom(SEED + KINDS.indexOf(kind));
  const queries = Array.from({ length: QUERIES }, () => aQuery(kind, model, random));
  let hits = 0;
  const compareNext = async () => {
    for (let query = queries.pop(); query; query = queries.pop()) {
      const compared = await compare(model, query, ask, 400);
      expect(compared.difference).toBeUndefined();
      expect(compared.exact).toBe(true);
      hits += compared.hits;
    }
  };
  await Promise.all(Array.from({ length: 4 }, compareNext));
  expect(hits).toBeGreaterThan(sized(0, QUERIES));
});
