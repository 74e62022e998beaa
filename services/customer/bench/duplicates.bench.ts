// Duplicates: precision and recall on the Febrl files over every pair that is listed by default; the time until the detector has processed an import
// of 100,000 contacts; and the cost of returning the possible duplicates of a new contact.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { febrlContacts, hasFebrl, precisionAndRecall } from '@kontor/testing';
import { type BenchHub, type Measure, percentile, report, time, withHub } from '@kontor/testing/bench';
import pg from 'pg';

const ROWS = Number(process.env.KONTOR_BENCH_ROWS ?? 100_000);
const generator = fileURLToPath(new URL('../../../libs/testing/make-contacts.mjs', import.meta.url));

interface Pair {
  score: number;
  contacts: { id: string }[];
}
type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/** The API as an admin of another tenant. */
async function callAs({ hub }: BenchHub, tenant: string): Promise<Call> {
  const token = await hub.token({ tenant, role: 'admin' });
  return async <T>(method: string, path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const response = await fetch(hub.api + path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
}

async function listAll(call: Call, minScore: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({ limit: '200', minScore: `${minScore}`, ...(cursor && { cursor }) });
    const page: { items: Pair[]; nextCursor: string | null } = await call('GET', `/v1/duplicates?${query}`);
    pairs.push(...page.items);
    cursor = page.nextCursor;
  }
  return pairs;
}

/** Resolves when the newest contacts have blocking keys and the service is idle. The query is cheap, so that it does not disturb the measurement. */
async function untilDetected(customer: pg.Client): Promise<void> {
  for (let idleChecks = 0; idleChecks < 5; ) {
    const { rows } = await customer.query<{ done: boolean }>(
      `select not exists (
         select from (select id from contact order by id desc limit 5000) newest
         where not exists (select from duplicate_key d where d.contact_id = newest.id)
       ) and not exists (select from pg_stat_activity where application_name = 'kontor-customer' and state <> 'idle') as done`,
    );
    idleChecks = rows[0]?.done ? idleChecks + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function febrl(bench: BenchHub, customer: pg.Client, file: string, leastRecall: number): Promise<void> {
  const call = await callAs(bench, file.replace('.csv', ''));
  const contacts = febrlContacts(file);
  const people = new Map<string, string>();
  for (let i = 0; i < contacts.length; i += 1000) {
    const batch = contacts.slice(i, i + 1000);
    const { items } = await call<{ items: { id: string }[] }>('POST', '/v1/contacts/bulk', { items: batch.map(({ contact }) => contact) });
    for (const [n, { id }] of items.entries()) people.set(id, batch[n]?.person ?? '');
  }
  await untilDetected(customer);
  const all = await listAll(call, 0.3);
  const measures = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8].flatMap((least): Measure[] => {
    const pairs = all.filter(({ score }) => score >= least).map(({ contacts: two }) => two.map(({ id }) => id));
    const { precision, recall } = precisionAndRecall(pairs, people);
    const goals = least === 0.5;
    return [
      {
        what: `precision from ${least} on`,
        value: precision,
        unit: '',
        ...(goals && { goal: '≥ 0.99', met: precision >= 0.99 }),
      },
      { what: `recall from ${least} on`, value: recall, unit: '', ...(goals && { goal: `≥ ${leastRecall}`, met: recall >= leastRecall }) },
    ];
  });
  report(`Duplicates in ${file}`, measures);
}

await withHub(async (bench) => {
  const url = new URL(bench.postgres.url);
  url.pathname = '/customer';
  const customer = new pg.Client(url.href);
  await customer.connect();
  for (const [file, leastRecall] of [['febrl1.csv', 0.95] as const, ['febrl2.csv', 0.93] as const])
    if (hasFebrl(file)) await febrl(bench, customer, file, leastRecall);
    else console.log(`\n${file} is not there (../shared/data beside the repository): precision and recall are not measured`);

  const csv = execFileSync(process.execPath, [generator, `${ROWS}`, '1'], { maxBuffer: 2 ** 31 - 1 });
  const start = performance.now();
  const { progress } = await bench.importCsv(new Blob([csv]), 'contacts.csv');
  const imported = (performance.now() - start) / 1000;
  await untilDetected(customer);
  const detected = (performance.now() - start) / 1000;
  await customer.end();

  const pairs = await listAll(bench.call, 0.5);

  const person = (i: number) => ({
    firstName: 'Anna',
    lastName: 'Müller',
    companyName: 'Müller Logistik GmbH',
    birthday: `19${50 + (i % 50)}-05-01`,
    phones: [{ number: `030 ${1_000_000 + i}` }],
    addresses: [{ line1: `Müllerstraße ${i}`, city: 'Berlin', postalCode: '10115' }],
  });
  const times = await time(200, (i) => bench.call('POST', '/v1/contacts', person(i)));
  report(`Duplicates among ${progress.created.toLocaleString('en')} contacts`, [
    { what: 'import until committed, with the detector running', value: imported, unit: 's' },
    {
      what: 'from the start of the import until the detector was done',
      value: detected,
      unit: 's',
      goal: '≤ 120 s',
      met: detected <= 120,
    },
    { what: 'pairs listed', value: pairs.length, unit: '' },
    { what: 'POST of one contact with its hints, p50', value: percentile(times, 0.5), unit: 'ms' },
    { what: 'POST of one contact with its hints, p99', value: percentile(times, 0.99), unit: 'ms' },
  ]);
});
