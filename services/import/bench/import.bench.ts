// Import of 100,000 contacts: rows per second until committed and until all are searchable, beside bare COPY of the same rows into one table and
// bare Meilisearch indexing of the same documents in the same run; and the memory of the import service for a small and a large file.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BenchHub, type Measure, report, withHub } from '@kontor/testing/bench';
import { Meilisearch } from 'meilisearch';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

const ROWS = Number(process.env.KONTOR_BENCH_ROWS ?? 100_000);
const LARGE = Number(process.env.KONTOR_BENCH_LARGE ?? 1_000_000);

const generator = fileURLToPath(new URL('../../../libs/testing/make-contacts.mjs', import.meta.url));
const makeCsv = (rows: number, seed: number) =>
  execFileSync(process.execPath, [generator, `${rows}`, `${seed}`], { maxBuffer: 2 ** 31 - 1 });

const seconds = async (work: () => Promise<unknown>) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** All contacts are found when the total of an empty search is as many as there are. */
async function untilSearchable({ call }: BenchHub, contacts: number): Promise<void> {
  for (;;) {
    const { total } = await call<{ total: { value: number } }>('GET', '/v1/search?kind=contact&limit=1');
    if (total.value >= contacts) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function bareCopy(url: string, csv: Buffer): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const header = csv.subarray(0, csv.indexOf('\n')).toString().split(',');
  await client.query(`create table bare_copy (${header.map((name) => `"${name}" text`).join(', ')})`);
  const taken = await seconds(async () => {
    const stream = client.query(copyFrom('copy bare_copy from stdin with (format csv, header true)'));
    stream.end(csv);
    await new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject));
  });
  await client.query('drop table bare_copy');
  await client.end();
  return taken;
}

/** The documents that the search service wrote, into an index with the same settings. */
async function bareIndexing({ url, key }: BenchHub['meili']): Promise<number> {
  const meili = new Meilisearch({ host: url, apiKey: key });
  const [index] = (await meili.getIndexes()).results;
  if (!index) throw new Error('the search service has made no index');
  const settings = await index.getSettings();
  // The service needs no more than ids back; for this measurement the documents are wanted whole.
  await index.updateDisplayedAttributes(['*']).waitTask({ timeout: 600_000 });
  const documents: Record<string, unknown>[] = [];
  for (let offset = 0; ; offset += 10_000) {
    const { results } = await index.getDocuments({ limit: 10_000, offset });
    documents.push(...results);
    if (results.length < 10_000) break;
  }
  const bare = meili.index('bare');
  await meili.createIndex('bare', { primaryKey: 'id' }).waitTask();
  await bare.updateSettings(settings).waitTask({ timeout: 600_000 });
  if (Object.keys(documents[0] ?? {}).length < 5) throw new Error('the documents came back without their fields');
  const taken = await seconds(async () => {
    let last = 0;
    for (let i = 0; i < documents.length; i += 5_000) last = (await bare.addDocuments(documents.slice(i, i + 5_000))).taskUid;
    await meili.tasks.waitForTask(last, { timeout: 3_600_000, interval: 100 });
  });
  await bare.delete().waitTask({ timeout: 600_000 });
  return taken;
}

/** The most memory a process held while `work` ran, in MB. */
async function peakMemory(pid: number, work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  const look = () => {
    most = Math.max(most, Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
  };
  const timer = setInterval(look, 100);
  await work().finally(() => clearInterval(timer));
  return most;
}

const measures: Measure[] = [];
await withHub(async (bench) => {
  const pid = bench.hub.pid('import') ?? 0;
  await bench.importCsv(new Blob([makeCsv(1_000, 9)]), 'warm-up.csv');
  await untilSearchable(bench, 1_000);

  const csv = makeCsv(ROWS, 1);
  const start = performance.now();
  let committed = 0;
  let created = 0;
  const small = await peakMemory(pid, async () => {
    const { progress } = await bench.importCsv(new Blob([csv]), 'contacts.csv');
    committed = (performance.now() - start) / 1000;
    created = progress.created;
    if (progress.done !== ROWS) throw new Error(`only ${progress.done} of ${ROWS} rows are done`);
  });
  await untilSearchable(bench, 1_000 + created);
  const searchable = (performance.now() - start) / 1000;
  const copied = await bareCopy(bench.postgres.url, csv);
  const indexed = await bareIndexing(bench.meili);
  measures.push(
    { what: `import of ${ROWS.toLocaleString('en')} rows until committed`, value: committed, unit: 's' },
    { what: 'rows per second until committed', value: ROWS / committed, unit: '/s', goal: '≥ 5,000 /s', met: ROWS / committed >= 5_000 },
    { what: 'until all are searchable', value: searchable, unit: 's' },
    { what: 'rows per second until searchable', value: ROWS / searchable, unit: '/s' },
    { what: 'bare COPY of the same rows', value: copied, unit: 's' },
    { what: 'bare Meilisearch indexing of the same documents', value: indexed, unit: 's' },
    { what: 'searchable, against bare Meilisearch', value: searchable / indexed, unit: '×', goal: '≤ 2 ×', met: searchable / indexed <= 2 },
    { what: `most memory of the import service, ${ROWS.toLocaleString('en')} rows`, value: small, unit: 'MB' },
  );
  report('Import', measures);
});

if (LARGE > 0)
  await withHub(async (bench) => {
    const pid = bench.hub.pid('import') ?? 0;
    const few = await peakMemory(pid, () => bench.importCsv(new Blob([makeCsv(10_000, 2)]), 'few.csv'));
    const many = await peakMemory(pid, () => bench.importCsv(new Blob([makeCsv(LARGE, 3)]), 'many.csv'));
    report('Memory of the import service', [
      { what: '10,000 rows', value: few, unit: 'MB' },
      { what: `${LARGE.toLocaleString('en')} rows`, value: many, unit: 'MB' },
      { what: 'difference', value: many - few, unit: 'MB', goal: 'within 50 MB', met: many - few <= 50 },
    ]);
  });
