import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Context } from '@kontor/bus';
import { type ContactEntry, type CustomerEntry, type Hit, type MatchHow, search } from '@kontor/contracts';
import { anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import { fc } from '@kontor/testing/properties';
import type { z } from 'zod';
import { service } from '../src/index.js';
import { nastyText } from './nasty-text.js';
import { contactOf, customerOf, playCustomer, type StandIn } from './stand-in.js';
import { filterFirms, filterPeople, filterRows, ids, readerRows, refusedFilters } from './truth-filters.js';
import { firms, people } from './truth-people.js';
import { reasons, refused, truthTable } from './truth-table.js';

let world: World;
let customer: StandIn;
const agent = anAgent();
const filterAgent = anAgent();
/** The names that the tables use, by id. */
const nameOf = new Map<string, string>();
const namesOf = (hits: readonly Hit[]) => hits.map(({ id }) => nameOf.get(id) ?? id);

type Query = z.input<(typeof search)['input']>;
const ask = (query: Query, as: Context = agent) => world.ask(as, search, { limit: 200, ...query });

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  await fill(agent, people, firms);
  await fill(filterAgent, filterPeople, filterFirms);
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

/** Each entry is a minute younger than the one before, where it does not say when it was created. */
async function fill({ tenant }: Context, persons: typeof people, companies: typeof firms): Promise<void> {
  let minute = 0;
  const named = <G, E extends ContactEntry | CustomerEntry>(entries: Record<string, G>, make: (given: G) => E): E[] =>
    Object.entries(entries).map(([name, given]) => {
      const entry = make({ createdAt: new Date(Date.UTC(2026, 0, 31, 12, minute++)).toISOString(), ...given });
      nameOf.set(entry.id, name);
      return entry;
    });
  const contacts = await customer.adds(tenant, named(persons, contactOf));
  const customers = await customer.addsCustomers(tenant, named(companies, customerOf));
  const everything = contacts.length + customers.length;
  await eventually(
    async () => expect((await ask({}, anAgent({ tenant }))).total).toEqual({ value: everything, relation: 'exact' }),
    30_000,
  );
}

const classesIn = (row: string) => (row === '' ? [] : row.split(' | ').map((names) => names.split(' ')));
const asRow = (classes: readonly string[][]) => classes.map((names) => names.toSorted().join(' ')).join(' | ');
const inOrder = (row: string) => asRow(classesIn(row));

// What the reason says of the rank; of the other reasons only the order of the hits tells.
const RANK: Partial<Record<MatchHow, number>> = { exact: 0, wildcard: 0, phrase: 0, prefix: 1, infix: 2, slip: 3, sound: 3 };
function rankOf({ matched }: Hit): number | undefined {
  const ranks = matched.map(({ how }) => RANK[how]);
  return ranks.length && ranks.every((rank) => rank !== undefined) ? Math.max(...ranks) : undefined;
}

/** The hits as a row: a bar stands where the rank changes and, where the ranks do not tell, where the row of the table has one. */
function rowOf(hits: readonly Hit[], row: string, ranks: (number | undefined)[] = hits.map(rankOf)): string {
  const sizes = classesIn(row).map((names) => names.length);
  const bars = new Set(sizes.map((_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b)));
  const classes: string[][] = [];
  for (const [i, name] of namesOf(hits).entries()) {
    const told = ranks[i] !== undefined && ranks[i - 1] !== undefined;
    if (i === 0 || (told ? ranks[i] !== ranks[i - 1] : bars.has(i))) classes.push([]);
    classes.at(-1)!.push(name);
  }
  return asRow(classes);
}
/** The same for hits in an order of their own. */
const sortedRowOf = (hits: readonly Hit[], row: string) => rowOf(hits, row, []);

describe.each(Object.entries(truthTable))('%s', (_, rows) => {
  test.each(rows)('%s', async (q, row) => {
    const { hits, total } = await ask({ q });
    expect(rowOf(hits, row)).toBe(inOrder(row));
    expect(total).toEqual({ value: hits.length, relation: 'exact' });
    const onlyExcludes = /^-/.test(q);
    expect(namesOf(hits.filter(({ matched }) => matched.length === 0))).toEqual(onlyExcludes ? namesOf(hits) : []);
  });
});

test('any query is answered, or refused as one that cannot be read', async () => {
  await fc.assert(
    fc.asyncProperty(nastyText, async (q) => {
      const answer = await ask({ q, limit: 20 }).catch((error: { code?: string }) => error);
      expect('hits' in answer || answer.code).toBe('hits' in answer || 'invalid');
    }),
    { numRuns: sized(25, 2_000), interruptAfterTimeLimit: 60_000 },
  );
}, 120_000);

test('an empty query lists everything, newest first', async () => {
  const { hits } = await ask({ q: ' ' });
  expect(namesOf(hits)).toEqual([...Object.keys(people), ...Object.keys(firms)].toReversed());
});

test.each(['müller', 'last:o*', '030', '', '-anna'])('pages are parts of the same list: %s', async (q) => {
  const { hits } = await ask({ q });
  const paged: Hit[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await ask({ q, limit: 3, cursor });
    expect(page.total.value).toBe(hits.length);
    paged.push(...page.hits);
    cursor = page.nextCursor;
  }
  expect(namesOf(paged)).toEqual(namesOf(hits));
});

test('facets count the hits', async () => {
  const { facets } = await ask({ q: 'paris', facets: 'kind,type,tag,city' });
  expect(facets).toEqual({ kind: { contact: 12, customer: 1 }, type: {}, tag: { Paris: 1 }, city: { Paris: 1 } });
});

describe('a hit says why', () => {
  test.each(reasons)('%s: %s', async (q, who, field, how) => {
    const { hits } = await ask({ q });
    const reached = hits.find(({ id }) => nameOf.get(id) === who);
    expect(reached?.matched.map((match) => [match.field, match.how])).toEqual([[field, how]]);
  });
});

describe('a query that cannot be read is refused with the place', () => {
  test.each(refused)('%s', async (q, at) => {
    await expect(ask({ q })).rejects.toMatchObject({ code: 'invalid', details: { at } });
  });
  test('but not one of 32 clauses or 512 characters', async () => {
    expect((await ask({ q: 'smith '.repeat(32) })).hits).not.toEqual([]);
    expect((await ask({ q: `smith${' '.repeat(507)}` })).hits).not.toEqual([]);
  });
});

/** Reads parameters as an address has them, `tag=a&tag=b`, and names of the table as ids. */
function parametersOf(question: string): Query {
  const given = new URLSearchParams(question);
  const idOf = (value: string) => Object.entries(ids).find(([name]) => name === value)?.[1] ?? value;
  const values = (key: string) => (key === 'q' ? given.getAll(key) : given.getAll(key).map(idOf));
  return Object.fromEntries([...new Set(given.keys())].map((key) => [key, values(key).length > 1 ? values(key) : values(key)[0]]));
}

describe('filters', () => {
  describe.each(Object.entries(filterRows))('%s', (_, rows) => {
    test.each(rows)('%s', async (question, row) => {
      const { hits, total } = await ask(parametersOf(question), filterAgent);
      expect(sortedRowOf(hits, row)).toBe(inOrder(row));
      expect(total).toEqual({ value: hits.length, relation: 'exact' });
    });
  });
  test.each(refusedFilters)('%s is refused', async (question, parameter) => {
    const refusal = { code: 'invalid', details: { errors: [expect.objectContaining({ path: parameter })] } };
    await expect(ask(parametersOf(question), filterAgent)).rejects.toMatchObject(refusal);
  });

  describe('what the agent may not see is in no hit and no total', () => {
    test.each(readerRows)('%s: %s', async (who, question, row) => {
      const reader = anAgent({ tenant: filterAgent.tenant, roles: ['agent'], agent: { id: ids[who], name: who } });
      const { hits, total } = await ask(parametersOf(question), reader);
      expect(sortedRowOf(hits, row)).toBe(inOrder(row));
      expect(total).toEqual({ value: hits.length, relation: 'exact' });
    });
  });
});
