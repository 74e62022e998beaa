// The same people asked in other ways: Meilisearch by itself, and PostgreSQL with ILIKE.
import type { BenchHub } from '@kontor/testing/bench';
import { type Index, Meilisearch } from 'meilisearch';
import type { DataSource } from 'typeorm';
import { type Person, textsOf } from '../test/brute-force-texts.js';
import { wordsIn } from '../test/brute-force-words.js';
import type { Query } from './queries.js';

const HOUR = 3_600_000;
const PEOPLE = 'bench-people';

// A compressed answer would come 40 ms later.
export const meiliOf = ({ url, key }: BenchHub['meili']): Meilisearch =>
  new Meilisearch({ host: url, apiKey: key, timeout: HOUR, requestInit: { headers: { 'accept-encoding': 'identity' } } });

/** Resolves when the last of the tasks is done; throws what Meilisearch found wrong. */
export async function untilDone(meili: Meilisearch, task: number): Promise<void> {
  const { error } = await meili.tasks.waitForTask(task, { timeout: HOUR, interval: 50 });
  if (error) throw new Error(`Meilisearch: ${error.message}`);
}

/** What anybody would put into Meilisearch: the fields as they are, with typos and first letters as it does them by default. */
function naturalOf(person: Person): Record<string, unknown> {
  const { id, firstName, middleName, lastName, companyName, jobTitle, addresses, tags, notes } = person;
  return {
    ...{ id, firstName, middleName, lastName, companyName, jobTitle, tags, notes },
    cities: addresses.map(({ city }) => city),
    addresses: addresses.map(({ line1, postalCode, country }) => [line1, postalCode, country].filter(Boolean).join(', ')),
    words: [...new Set(textsOf(person).flatMap(([, text]) => wordsIn(text.toLowerCase())))],
  };
}

/** A second index in the same Meilisearch, with all people in it; goes when the work is done. */
export async function withNaturalIndex<T>(
  hub: BenchHub['meili'],
  people: AsyncIterable<Person[]>,
  work: (index: { ask(q: string): Promise<unknown>; contains(part: string): Promise<unknown> }) => Promise<T>,
): Promise<T> {
  const meili = meiliOf(hub);
  const before = await experimental(hub);
  await experimental(hub, { containsFilter: true });
  const index: Index = meili.index(PEOPLE);
  try {
    await meili.deleteIndex(PEOPLE).waitTask({ timeout: HOUR });
    await meili.createIndex(PEOPLE, { primaryKey: 'id' }).waitTask();
    const searchableAttributes = ['firstName', 'middleName', 'lastName', 'companyName', 'jobTitle', 'cities', 'addresses', 'tags', 'notes'];
    await index.updateSettings({ searchableAttributes, filterableAttributes: ['words'] }).waitTask({ timeout: HOUR });
    let last = 0;
    for await (const some of people) last = (await index.addDocuments(some.map(naturalOf))).taskUid;
    await untilDone(meili, last);
    return await work({
      ask: (q) => index.search(q, { limit: 25 }),
      contains: (part) => index.search('', { filter: `words CONTAINS ${JSON.stringify(part.toLowerCase())}`, limit: 25 }),
    });
  } finally {
    await meili.deleteIndex(PEOPLE).waitTask({ timeout: HOUR });
    await experimental(hub, { containsFilter: before.containsFilter ?? false });
  }
}

type Features = { containsFilter?: boolean };
async function experimental({ url, key }: BenchHub['meili'], change?: Features): Promise<Features> {
  const answer = await fetch(`${url}/experimental-features`, {
    method: change ? 'PATCH' : 'GET',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(change && { body: JSON.stringify(change) }),
  });
  if (!answer.ok) throw new Error(`Meilisearch: ${await answer.text()}`);
  return (await answer.json()) as Features;
}

const COLUMNS = {
  words: `concat_ws(' ', first_name, middle_name, last_name, company_name, job_title, notes, addresses::text, tags::text)`,
  phones: 'phones::text',
  emails: 'emails::text',
};

/** 25 of those who fit, and how many there are. */
export async function ilike(database: DataSource, tenant: string, { of, pattern }: NonNullable<Query['like']>): Promise<unknown> {
  return await database.query(
    `select id, count(*) over () as total from contact where tenant_id = $1 and deleted_at is null and ${COLUMNS[of]} ilike $2 limit 25`,
    [tenant, pattern],
  );
}

/** A copy of what is looked in, with a trigram index on each; the service's own table stays as it is. */
export async function makeTrigramCopy(database: DataSource, tenant: string): Promise<void> {
  const columns = Object.entries(COLUMNS).map(([name, expression]) => `${expression} as ${name}`);
  await database.query(
    `create table bench.people as select id, ${columns.join(', ')} from contact where tenant_id = $1 and deleted_at is null`,
    [tenant],
  );
  for (const name of Object.keys(COLUMNS)) await database.query(`create index on bench.people using gin (${name} gin_trgm_ops)`);
  await database.query('vacuum analyze bench.people');
}

export async function ilikeInCopy(database: DataSource, { of, pattern }: NonNullable<Query['like']>): Promise<unknown> {
  return await database.query(`select id, count(*) over () as total from bench.people where ${of} ilike $1 limit 25`, [pattern]);
}
