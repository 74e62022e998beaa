import { type BenchHub, type Measure, percentile, time } from '@kontor/testing/bench';
import type { DataSource } from 'typeorm';
import { ilike, ilikeInCopy, makeTrigramCopy, withNaturalIndex } from './compare.js';
import { peopleIn, say, somePeopleOf, withCustomers } from './people.js';
import { type Kind, pathOf, type Query, queriesFrom } from './queries.js';
import type { Point } from './svg.js';

const SEED = Number(process.env.KONTOR_BENCH_SEED ?? 1);
const TIMES = 200;
/** ILIKE reads every row, so it is asked less often. */
const SLOW_TIMES = 10;

const AGAINST_MEILI = ['plain word', 'phrase', 'slip'] as const satisfies Kind[];
const LIMITED: readonly string[] = [
  'one letter ?',
  'beginning …*',
  'ending *…',
  'inside *…*',
  'alike ~',
  'phone part',
  'e-mail part',
] satisfies Kind[];
const MOST_50 = 20;
const MOST_99 = 100;
const MEILI_FACTOR = 2;

type Queries = Map<Kind, Query[]>;
type Times = Map<Kind, number[]>;

/** What was measured, as milliseconds: goals first in the table. */
export interface Findings {
  goals: Measure[];
  more: Measure[];
  points: Partial<Record<Kind, Point>>;
}

async function askAll({ call }: BenchHub, queries: Queries): Promise<Times> {
  const times: Times = new Map();
  for (const [kind, own] of queries)
    try {
      const taken = await time(TIMES, (i) => call('GET', pathOf(kind, own[i % own.length]!)));
      times.set(kind, taken);
      say(`    ${kind}: p50 ${percentile(taken, 0.5).toFixed(1)} ms, p99 ${percentile(taken, 0.99).toFixed(1)} ms`);
    } catch (error) {
      say(`    ${kind}: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  return times;
}

export const ms = (what: string, times: readonly number[], goal50?: number, goal99?: number): Measure[] => {
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  return [
    { what: `${what}, p50`, value: p50, unit: 'ms', ...(goal50 && { goal: `≤ ${goal50} ms`, met: p50 <= goal50 }) },
    { what: `${what}, p99`, value: p99, unit: 'ms', ...(goal99 && { goal: `≤ ${goal99} ms`, met: p99 <= goal99 }) },
  ];
};
export const atMost = (what: string, value: number, most: number): Measure => ({
  what,
  value,
  unit: '×',
  goal: `≤ ${most} ×`,
  met: value <= most,
});
const atLeast = (what: string, value: number, least: number): Measure => ({
  what,
  value,
  unit: '×',
  goal: `≥ ${least} ×`,
  met: value >= least,
});

function noteTimes(times: Times, contacts: number, { goals, more, points }: Findings): void {
  for (const [kind, own] of times) {
    const limited = LIMITED.includes(kind);
    (limited ? goals : more).push(...(limited ? ms(kind, own, MOST_50, MOST_99) : ms(kind, own)));
    points[kind] = {
      contacts,
      p50: percentile(own, 0.5),
      p99: percentile(own, 0.99),
      ...(limited && { goal50: MOST_50, goal99: MOST_99 }),
    };
  }
}

async function againstMeili(bench: BenchHub, database: DataSource, tenant: string, queries: Queries, times: Times, found: Findings) {
  await withNaturalIndex(bench.meili, peopleIn(database, tenant), async (index) => {
    for (const kind of AGAINST_MEILI) {
      const own = queries.get(kind)!;
      const straight = await time(TIMES, (i) => index.ask(own[i % own.length]!.q));
      const p50 = percentile(straight, 0.5);
      const point = found.points[kind]!;
      point.goal50 = MEILI_FACTOR * p50;
      found.goals.push(atMost(`${kind}, p50, against Meilisearch asked directly`, percentile(times.get(kind)!, 0.5) / p50, MEILI_FACTOR));
      found.more.push(...ms(`${kind}, Meilisearch asked directly`, straight));
    }
    const inside = queries.get('inside *…*')!;
    const part = (i: number) => inside[i % inside.length]!.q.replaceAll('*', '');
    found.more.push(...ms('inside *…*, CONTAINS of Meilisearch', await time(TIMES, (i) => index.contains(part(i)))));
  });
}

async function againstIlike(database: DataSource, tenant: string, queries: Queries, times: Times, found: Findings) {
  const asked = [...queries].filter(([kind]) => LIMITED.includes(kind));
  const like = (own: readonly Query[], i: number) => own[i % own.length]!.like!;
  for (const [kind, own] of asked) {
    const scanned = await time(SLOW_TIMES, (i) => ilike(database, tenant, like(own, i)));
    found.goals.push(
      atLeast(`${kind}, p50, ILIKE over the contact table against it`, percentile(scanned, 0.5) / percentile(times.get(kind)!, 0.5), 10),
    );
    found.more.push(...ms(`${kind}, ILIKE over the contact table`, scanned));
  }
  await makeTrigramCopy(database, tenant);
  for (const [kind, own] of asked)
    found.more.push(...ms(`${kind}, ILIKE with a trigram index`, await time(SLOW_TIMES, (i) => ilikeInCopy(database, like(own, i)))));
}

/** Asks at the gateway, and, when `compared`, the same of Meilisearch and PostgreSQL. */
export async function measureQueries(bench: BenchHub, contacts: number, compared: boolean, found: Findings): Promise<void> {
  await withCustomers(bench.postgres.url, async (database, tenant) => {
    const queries = queriesFrom(await somePeopleOf(database, tenant, SEED, 1_000), SEED);
    // So that the first kind is not measured with processes that have only just started.
    for (const [kind, own] of queriesFrom(await somePeopleOf(database, tenant, SEED + 1, 100), SEED + 1))
      for (const query of own) await bench.call('GET', pathOf(kind, query));
    const times = await askAll(bench, queries);
    noteTimes(times, contacts, found);
    if (!compared) return;
    say('    the same in Meilisearch and PostgreSQL');
    await againstMeili(bench, database, tenant, queries, times, found);
    await againstIlike(database, tenant, queries, times, found);
  });
}
