// `npm run demo`: imports a made-up file of 500 people into the running hub and shows eight searches with what they found.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DataFolder } from './data-folder.js';
import { fetchToken } from './identity-provider.js';
import { progressBar } from './progress-bar.js';
import { readyHub } from './ready-hub.js';
import { messageOf, SetupError } from './setup-error.js';

interface Import {
  id: string;
  state: string;
  error?: string;
  progress: { rows: number; done: number; created: number; updated: number; skipped: number; rejected: number; warnings: number };
}
interface Match {
  field: string;
  value: string;
  highlighted: string;
  how: string;
}
interface Answer {
  hits: {
    displayName: string;
    companyName: string | null;
    email: string | null;
    phone: string | null;
    city: string | null;
    matched: Match[];
  }[];
  total: { value: number; relation: string };
  tookMs: number;
}

const searches: [query: string, meaning: string][] = [
  ['anna mül', 'two words, wherever they stand, beginnings are enough'],
  ['M?ier', 'exactly one letter for each ?'],
  ['Sch*er', 'any letters for *'],
  ['"Hans-Peter Müller"', 'side by side, in this order'],
  ['Meyer~', 'alike or sounding alike'],
  ['030 4', 'part of a phone number, however it was written'],
  ['@nordlicht.example', 'part of an e-mail address'],
  ['王', 'Chinese names, family name first'],
];

const bold = (text: string) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text);
const dim = (text: string) => (process.stdout.isTTY ? `\x1b[2m${text}\x1b[22m` : text);
const plain = (html: string) =>
  html
    .replace(/<em>(.*?)<\/em>/g, (_, word: string) => bold(word))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

const MOST_TRIES = 15;

async function main(): Promise<void> {
  const data = new DataFolder();
  const hub = await readyHub(data);
  const authorization = `Bearer ${await fetchToken(data, { tenant: 'demo', role: 'admin' })}`;
  const call = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    let response = await fetch(hub.api + path, { ...init, headers: { authorization } });
    // A hub that has only just started makes its index first, and says when to come again.
    for (let tries = 0; response.status === 503 && tries < MOST_TRIES; tries++) {
      await sleep(1_000 * Number(response.headers.get('retry-after') ?? 1));
      response = await fetch(hub.api + path, { ...init, headers: { authorization } });
    }
    if (!response.ok) throw new SetupError(`${init.method ?? 'GET'} ${path} was refused: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const find = (q: string) => call<Answer>(`/v1/search?limit=3&q=${encodeURIComponent(q)}`);

  await importContacts(call);
  await untilFound(find);
  for (const [query, meaning] of searches) show(query, meaning, await find(query));
  console.log(`\nMore: ${hub.api}/docs`);
}

type Call = <T>(path: string, init?: RequestInit) => Promise<T>;

async function importContacts(call: Call): Promise<void> {
  const file = readFileSync(fileURLToPath(new URL('../demo/contacts.csv', import.meta.url)));
  const form = new FormData();
  form.set('kind', 'contacts');
  form.set('file', new Blob([file], { type: 'text/csv' }), 'contacts.csv');
  console.log(`Importing ${bold('deploy/local/demo/contacts.csv')}`);
  let now = await call<Import>('/v1/imports?start=true', { method: 'POST', body: form });
  while (now.state !== 'finished') {
    if (now.state === 'failed' || now.state === 'cancelled') throw new SetupError(`The import ${now.state}: ${now.error}`);
    bar(now.progress.done, now.progress.rows);
    await sleep(100);
    now = await call<Import>(`/v1/imports/${now.id}`);
  }
  const { rows, done, created, updated, skipped, rejected, warnings } = now.progress;
  bar(done, rows);
  console.log(
    `\n${rows} rows: ${created} created, ${updated} updated, ${skipped} skipped, ${rejected} rejected, ${warnings} with a warning`,
  );
}

function bar(done: number, rows: number): void {
  process.stdout.write(`${process.stdout.isTTY ? '\r' : ''}${progressBar(done, rows)} ${done}/${rows}${process.stdout.isTTY ? '' : '\n'}`);
}

/** Search follows a moment after the import. */
async function untilFound(find: (q: string) => Promise<Answer>): Promise<void> {
  for (let last = -1, still = 0; still < 3; await sleep(200)) {
    const { value } = (await find('')).total;
    still = value > 0 && value === last ? still + 1 : 0;
    last = value;
  }
}

function show(query: string, meaning: string, { hits, total, tookMs }: Answer): void {
  console.log(`\n${bold(query.padEnd(22))} ${dim(meaning)}`);
  console.log(dim(`  ${total.relation === 'exact' ? '' : 'at least '}${total.value} found in ${tookMs.toFixed(0)} ms`));
  for (const hit of hits) {
    const why = [...new Set(hit.matched.map((match) => `${match.field}: ${plain(match.highlighted)} ${dim(`(${match.how})`)}`))]
      .slice(0, 2)
      .join(', ');
    const about = [hit.companyName, hit.city, hit.phone ?? hit.email].filter(Boolean).join(' · ');
    console.log(`  ${hit.displayName.padEnd(24)} ${dim(about.slice(0, 58).padEnd(58))} ${why}`);
  }
}

try {
  await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
