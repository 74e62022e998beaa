// Whether search finds exactly whom looking at everybody finds: 2,000 random queries of each kind of clause over 100,000 people.
// KONTOR_BENCH_PEOPLE and KONTOR_BENCH_QUERIES take fewer, KONTOR_BENCH_SEED others, KONTOR_BENCH_KINDS=phrases,phone some kinds only. Ends with 1 when there is a difference.
import { type BenchHub, withHub } from '@kontor/testing/bench';
import { BruteForce } from '../test/brute-force.js';
import type { Person } from '../test/brute-force-texts.js';
import { type Ask, compare, type Difference } from '../test/exactness.js';
import { randomFrom } from '../test/random.js';
import { aQuery, KINDS, type Kind } from '../test/random-queries.js';
import { fill, peopleIn, say, withCustomers } from './people.js';

const PEOPLE = Number(process.env.KONTOR_BENCH_PEOPLE ?? 100_000);
const QUERIES = Number(process.env.KONTOR_BENCH_QUERIES ?? 2_000);
const SEED = Number(process.env.KONTOR_BENCH_SEED ?? 1);
const ONLY = process.env.KONTOR_BENCH_KINDS?.split(',') ?? [''];
const MOST_READ = 2_000;
const SHOWN = 5;

async function modelOf(bench: BenchHub): Promise<BruteForce> {
  const { contacts } = await fill(bench, PEOPLE);
  say(`${contacts.toLocaleString('en')} contacts can be searched`);
  return await withCustomers(bench.postgres.url, async (database, tenant) => {
    const people: Person[] = [];
    for await (const some of peopleIn(database, tenant)) people.push(...some);
    if (people.length !== contacts) throw new Error(`there are ${people.length} contacts, but ${contacts} can be found`);
    return new BruteForce(people);
  });
}

const askOf =
  ({ call }: BenchHub): Ask =>
  async (q, cursor) => {
    const parameters = new URLSearchParams({ q, kind: 'contact', limit: '200', ...(cursor && { cursor }) });
    const { hits, total, nextCursor } = await call<{
      hits: { id: string }[];
      total: Awaited<ReturnType<Ask>>['total'];
      nextCursor: string | null;
    }>('GET', `/v1/search?${parameters}`);
    return { ids: hits.map(({ id }) => id), total, next: nextCursor };
  };

interface Row {
  kind: Kind;
  hits: number;
  atLeast: number;
  differences: Difference[];
  refused: string[];
}

async function compareKind(kind: Kind, model: BruteForce, ask: Ask): Promise<Row> {
  const random = randomFrom(SEED * 1_000 + KINDS.indexOf(kind));
  const row: Row = { kind, hits: 0, atLeast: 0, differences: [], refused: [] };
  let asked = 0;
  const askNext = async () => {
    while (asked < QUERIES) {
      asked++;
      if (asked % 500 === 0) say(`${kind}: ${asked} of ${QUERIES}`);
      const query = aQuery(kind, model, random);
      try {
        const { hits, exact, difference } = await compare(model, query, ask, MOST_READ);
        row.hits += hits;
        if (!exact) row.atLeast++;
        if (difference) row.differences.push(difference);
      } catch (error) {
        row.refused.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, askNext));
  return row;
}

function show(rows: readonly Row[], model: BruteForce): void {
  const cells = [
    ['kind', 'queries', 'hits compared', 'differences', 'not answered', 'at least'],
    ...rows.map(({ kind, hits, atLeast, differences, refused }) => [
      kind,
      ...[QUERIES, hits, differences.length, refused.length, atLeast].map((count) => count.toLocaleString('en')),
    ]),
  ];
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  console.log(`\nSearch against looking at each of ${model.people.length.toLocaleString('en')} people`);
  for (const row of cells) console.log(row.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  '));
  const name = (id: string) => {
    const person = model.people[model.placeOf.get(id) ?? -1];
    return person ? [person.firstName, person.middleName, person.lastName, '/', person.companyName].filter(Boolean).join(' ') : id;
  };
  for (const { kind, differences, refused } of rows) {
    for (const { q, total, wanted, missing, extra, misplaced } of differences.slice(0, SHOWN)) {
      console.log(`\n${kind}: ${q}\n  found ${total}, there are ${wanted}`);
      for (const [what, ids] of Object.entries({ missing, extra, misplaced }))
        if (ids.length) console.log(`  ${what} (${ids.length}): ${ids.slice(0, SHOWN).map(name).join('; ')}`);
    }
    for (const message of refused.slice(0, SHOWN)) console.log(`\n${kind}: ${message}`);
  }
}

await withHub(async (bench) => {
  const model = await modelOf(bench);
  say(`${model.words.length.toLocaleString('en')} different words`);
  const rows: Row[] = [];
  for (const kind of KINDS.filter((one) => ONLY.some((part) => one.includes(part)))) {
    const start = performance.now();
    rows.push(await compareKind(kind, model, askOf(bench)));
    say(`${kind}: ${((performance.now() - start) / 1000).toFixed(0)} s, ${rows.at(-1)!.differences.length} differences`);
  }
  show(rows, model);
  if (rows.some(({ differences, refused }) => differences.length || refused.length)) process.exitCode = 1;
});
