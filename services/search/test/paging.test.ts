import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { search } from '@kontor/contracts';
import { again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;

// Long enough that a first page can be asked for before they are settled.
beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '8000' } } });
  customer = await playCustomer(world.nats);
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

const LETTERS = 'abcdefghijklmnopqrst';
const SORTS = ['name', '-createdAt', '-updatedAt', 'relevance'] as const;

test('pages continue where they were when what is fresh is settled between them', async () => {
  const agent = anAgent();
  const ask = (sort: (typeof SORTS)[number], cursor?: string | null, limit = 7) =>
    world.ask(again(agent), search, { q: 'seite', sort, limit, cursor: cursor ?? undefined, explain: true });
  const untilIndexed = (settled: number, fresh: number) =>
    eventually(async () => expect((await ask('name')).explain?.index).toEqual({ settled, fresh }), 30_000);
  const add = (letters: readonly string[]) =>
    customer.adds(
      agent.tenant,
      letters.map((letter) => {
        const moment = new Date(Date.parse('2026-01-01') + letter.charCodeAt(0) * 1_000).toISOString();
        return { firstName: 'Seite', lastName: letter, createdAt: moment, updatedAt: moment };
      }),
    );
  await add([...LETTERS].filter((_, i) => i % 2));
  await untilIndexed(10, 0);
  await add([...LETTERS].filter((_, i) => i % 2 === 0));
  await untilIndexed(10, 10);
  const firsts = await Promise.all(SORTS.map((sort) => ask(sort)));
  const beside = await Promise.all(SORTS.map((sort, i) => ask(sort, firsts[i]?.nextCursor, 200)));
  expect(beside.map(({ explain }) => explain?.index.fresh)).toEqual([10, 10, 10, 10]);
  await untilIndexed(20, 0);
  const after = await Promise.all(SORTS.map((sort, i) => ask(sort, firsts[i]?.nextCursor, 200)));

  const letters = (pages: (typeof firsts)[]) =>
    SORTS.map((_, i) => pages.flatMap((some) => some[i]!.hits.map((hit) => hit.lastName)).join(''));
  const backwards = [...LETTERS].reverse().join('');
  const expected = [LETTERS, backwards, backwards, LETTERS];
  expect(letters([firsts, beside])).toEqual(expected);
  expect(letters([firsts, after])).toEqual(expected);
  expect([...beside, ...after].map(({ nextCursor }) => nextCursor)).toEqual(Array(8).fill(null));
});

test('of those that are equal in what is sorted by, pages have each once and always in one order, fresh, settled and between', async () => {
  const agent = anAgent();
  const ask = (sort: (typeof SORTS)[number], cursor?: string | null, limit = 2) =>
    world.ask(again(agent), search, { q: 'gleich', sort, limit, cursor: cursor ?? undefined, explain: true });
  const idsFrom = async (sort: (typeof SORTS)[number], cursor?: string | null): Promise<string[]> => {
    const page = await ask(sort, cursor);
    const ids = page.hits.map(({ id }) => id);
    return page.nextCursor === null ? ids : [...ids, ...(await idsFrom(sort, page.nextCursor))];
  };
  const untilIndexed = (settled: number, fresh: number) =>
    eventually(async () => expect((await ask('name')).explain?.index).toEqual({ settled, fresh }), 30_000);
  const moment = '2026-01-01T00:00:00.000Z';
  const add = () =>
    customer.adds(
      agent.tenant,
      Array.from({ length: 6 }, () => ({ firstName: 'Anna', lastName: 'Gleich', createdAt: moment, updatedAt: moment })),
    );
  await add();
  await untilIndexed(6, 0);
  await add();
  await untilIndexed(6, 6);
  const whole = await Promise.all(SORTS.map((sort) => idsFrom(sort)));
  for (const ids of whole) expect([new Set(ids).size, ids.length]).toEqual([12, 12]);
  expect(await Promise.all(SORTS.map((sort) => idsFrom(sort)))).toEqual(whole);
  const firsts = await Promise.all(SORTS.map((sort) => ask(sort, undefined, 5)));
  await untilIndexed(12, 0);
  for (const [i, sort] of SORTS.entries()) {
    const [first, again] = [firsts[i]!.hits.map(({ id }) => id), await idsFrom(sort)];
    expect(await idsFrom(sort)).toEqual(again);
    expect(new Set([...first, ...(await idsFrom(sort, firsts[i]!.nextCursor))]).size).toBe(12);
  }
});

test('values that differ in case only are one in the facets, fresh or settled', async () => {
  const agent = anAgent();
  const ask = () => world.ask(again(agent), search, { q: 'zaehl', facets: 'tag', explain: true });
  const tagged = (tags: readonly string[]) => tags.map((tag) => ({ lastName: 'Zaehl', tags: [tag] }));
  const add = (tags: readonly string[]) => customer.adds(agent.tenant, tagged(tags));
  const counts = async (settled: number, fresh: number) => {
    const { explain, facets } = await ask();
    expect(explain?.index).toEqual({ settled, fresh });
    return Object.values(facets?.tag ?? {});
  };
  const soon = (settled: number, fresh: number) => eventually(() => counts(settled, fresh), 30_000);
  await add(['VIP', 'vip']);
  expect(await soon(0, 2)).toEqual([2]);
  await soon(2, 0);
  await add(['Vip', 'other']);
  expect(await soon(2, 2)).toEqual([3, 1]);
  expect(await soon(4, 0)).toEqual([3, 1]);
});
