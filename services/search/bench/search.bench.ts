// Search as it is asked at the gateway, at 10,000, 100,000 and 1,000,000 contacts, beside Meilisearch and PostgreSQL asked directly for the same people;
// how soon what was written can be found; how long indexing takes. Each number of contacts has a hub of its own.
//   KONTOR_BENCH_ROWS=10000,100000    other numbers of contacts
//   KONTOR_BENCH_HUB=<data folder>    measures the hub that runs there with the contacts it has; an empty one is filled first, and stays
//   KONTOR_BENCH_PARTS=queries,fresh  some parts only; compare goes with queries
//   KONTOR_BENCH_SEED=2               other queries
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BenchHub, report, untilIdle, withHub } from '@kontor/testing/bench';
import { randomFrom } from '../test/random.js';
import { atMost, type Findings, measureQueries, ms } from './asking.js';
import { visibleAlone, visibleBesideImport } from './freshness.js';
import { bareSeconds, rebuildSeconds } from './indexing.js';
import { fill, type Imported, say, searchable } from './people.js';
import { kinds } from './queries.js';
import { drawPanels, type Point } from './svg.js';

const PARTS = ['queries', 'compare', 'fresh', 'indexing', 'beside'] as const;
type Part = (typeof PARTS)[number];

const SIZES = (process.env.KONTOR_BENCH_ROWS ?? '10000,100000,1000000').split(',').map(Number);
const PARTS_WANTED = new Set((process.env.KONTOR_BENCH_PARTS ?? PARTS.join(',')).split(','));
const WRITES = 100;

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

async function measureIndexing(bench: BenchHub, { seconds }: Imported, { goals, more }: Findings): Promise<void> {
  const bare = await bareSeconds(bench.meili);
  more.push({ what: 'bare Meilisearch indexing of the same documents', value: bare, unit: 's' });
  if (seconds !== undefined) {
    goals.push(atMost('import until all are searchable, against bare Meilisearch indexing', seconds / bare, 2));
    more.push({ what: 'import until all are searchable', value: seconds, unit: 's' });
  }
  const rebuild = await rebuildSeconds(bench.call);
  goals.push(atMost('rebuild, against bare Meilisearch indexing', rebuild / bare, 1.25));
  more.push({ what: 'rebuild', value: rebuild, unit: 's' });
}

/** Keeps the points of all sizes ever measured and draws them: sizes are often measured in runs of their own. */
function draw(points: Findings['points']): void {
  const file = inRoot('bench-results/search-speed.json');
  const known: Partial<Record<string, Point[]>> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  for (const [kind, point] of Object.entries(points)) {
    const others = (known[kind] ?? []).filter(({ contacts }) => Math.abs(Math.log(contacts / point.contacts)) > 0.1);
    known[kind] = [...others, point].sort((a, b) => a.contacts - b.contacts);
  }
  mkdirSync(inRoot('bench-results'), { recursive: true });
  writeFileSync(file, `${JSON.stringify(known, undefined, 2)}\n`);
  const panels = Object.keys(kinds).flatMap((title) => (known[title] ? [{ title, points: known[title] }] : []));
  if (panels.length) writeFileSync(inRoot('docs/search-speed.svg'), drawPanels('Search at the gateway by number of contacts', panels));
}

/** What goes wrong in one part is said, and the others are measured all the same. */
async function part(name: Part, work: () => Promise<void>): Promise<void> {
  if (!PARTS_WANTED.has(name)) return;
  if (!(await untilIdle())) say('  the machine does not become idle; what follows is slower for it');
  say(`  ${name}`);
  await work().catch((error: unknown) => {
    say(`${name}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  });
}

async function measure(bench: BenchHub, rows: number): Promise<void> {
  say(`${rows.toLocaleString('en')} contacts`);
  const imported = await fill(bench, rows);
  const found: Findings = { goals: [], more: [], points: {} };
  const random = randomFrom(Date.now());
  await part('queries', () => measureQueries(bench, imported.contacts, PARTS_WANTED.has('compare'), found));
  await part('fresh', async () => {
    found.goals.push(...ms('write → visible, nothing else running', await visibleAlone(bench.call, random, WRITES), undefined, 300));
  });
  await part('indexing', () => measureIndexing(bench, imported, found));
  await part('beside', async () => {
    const taken = await visibleBesideImport(bench, rows, random, WRITES);
    const what = `write → visible while ${rows.toLocaleString('en')} are imported (${taken.length} writes)`;
    found.goals.push(...ms(what, taken, undefined, 3_000));
  });
  report(`Search at ${imported.contacts.toLocaleString('en')} contacts`, [...found.goals, ...found.more]);
  draw(found.points);
}

for (const name of PARTS_WANTED)
  if (!PARTS.some((known) => known === name)) throw new Error(`KONTOR_BENCH_PARTS: ${name} must be one of ${PARTS.join(', ')}`);
if (process.env.KONTOR_BENCH_HUB) await withHub(async (bench) => measure(bench, (await searchable(bench.call)) || SIZES[0]!));
else for (const rows of SIZES) await withHub((bench) => measure(bench, rows));
