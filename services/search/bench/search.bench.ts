// Search at 100,000 contacts: p50 and p99 of each clause kind at the gateway, beside the same plain word put straight to Meilisearch in the same run.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Measure, percentile, report, time, withHub } from '@kontor/testing/bench';
import { Meilisearch } from 'meilisearch';

const ROWS = Number(process.env.KONTOR_BENCH_ROWS ?? 100_000);
const TIMES = 200;
const generator = fileURLToPath(new URL('../../../libs/testing/make-contacts.mjs', import.meta.url));

const words = ['müller', 'schneider', 'anna', 'katharina', 'logistik', 'berlin', 'wolfgang', 'hoffmann', 'partner', 'schmidt'];
const kinds: Record<string, string[]> = {
  'plain word': words,
  'two plain words': ['anna müller', 'peter schmidt', 'julia berlin', 'hans logistik'],
  'first letters': ['mül', 'schn', 'kath', 'wolf', 'ber'],
  slip: ['mülller', 'schnieder', 'katharnia', 'hofmannn'],
  'wildcard ?': ['Sm?th', 'M?ller', 'Me?er', 'Sch?lz', 'H?ffmann'],
  'wildcard *': ['O*nnor', '*mann', '*mit*', 'Sch*er', '*berg', 'Kr*ger'],
  phrase: ['"Anna Müller"', '"Head of Procurement"', '"GmbH & Co. KG"', '"Peter Schmidt"'],
  'alike ~': ['Meier~', 'Schmidt~', 'Katherine~', 'Hofmann~', 'Schröder~'],
  'phone part': ['030 1234', '0171 55', '+49 89 12', '4711', '0049221'],
  'e-mail part': ['anna@', '*@mail.example', 'peter.schmidt', '@post.example'],
};

const measures: Measure[] = [];
await withHub(async ({ hub, token, call, importCsv, meili }) => {
  const { progress } = await importCsv(
    new Blob([execFileSync(process.execPath, [generator, `${ROWS}`, '1'], { maxBuffer: 2 ** 31 - 1 })]),
    'contacts.csv',
  );
  for (;;) {
    const { total } = await call<{ total: { value: number } }>('GET', '/v1/search?kind=contact&limit=1');
    if (total.value >= progress.created) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const ask = async (q: string) => {
    const response = await fetch(`${hub.api}/v1/search?q=${encodeURIComponent(q)}`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${q}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { total: { value: number } };
  };
  const client = new Meilisearch({ host: meili.url, apiKey: meili.key, requestInit: { headers: { 'accept-encoding': 'identity' } } });
  const [index] = (await client.getIndexes()).results;
  if (!index) throw new Error('the search service has made no index');
  const straight = (q: string) => index.search(q, { limit: 25 });

  let plain = 0;
  for (const [kind, queries] of Object.entries(kinds)) {
    const times = await time(TIMES, (i) => ask(queries[i % queries.length] ?? ''));
    const p50 = percentile(times, 0.5);
    if (kind === 'plain word') plain = p50;
    const goal = kind.startsWith('wildcard') ? { goal: 'p50 ≤ 20 ms', met: p50 <= 20 } : {};
    measures.push(
      { what: `${kind}, p50`, value: p50, unit: 'ms', ...goal },
      { what: `${kind}, p99`, value: percentile(times, 0.99), unit: 'ms' },
    );
  }
  const direct = percentile(await time(TIMES, (i) => straight(words[i % words.length] ?? '')), 0.5);
  measures.push(
    { what: 'plain word straight to Meilisearch, p50', value: direct, unit: 'ms' },
    { what: 'plain word at the gateway, against that', value: plain / direct, unit: '×', goal: '≤ 2.5 ×', met: plain / direct <= 2.5 },
  );
  report(`Search at ${progress.created.toLocaleString('en')} contacts`, measures);
});
