import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SearchStatus } from '@kontor/contracts';
import type { BenchHub } from '@kontor/testing/bench';
import { DataSource } from 'typeorm';
import type { Person } from '../test/brute-force-texts.js';

const generator = fileURLToPath(new URL('../../../libs/testing/make-contacts.mjs', import.meta.url));

/** How far it is goes to standard error. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** A CSV of made-up people; the same seed gives the same ones. */
export const makeCsv = (rows: number, seed: number): Blob =>
  new Blob([execFileSync(process.execPath, [generator, `${rows}`, `${seed}`], { maxBuffer: 2 ** 31 - 1 })]);

/** How many contacts a search finds of all there are. */
export async function searchable(call: BenchHub['call']): Promise<number> {
  return (await call<{ total: { value: number } }>('GET', '/v1/search?kind=contact&limit=1')).total.value;
}

export async function untilSearchable(call: BenchHub['call'], contacts: number): Promise<void> {
  while ((await searchable(call)) < contacts) await sleep(200);
}

export interface Imported {
  contacts: number;
  /** Seconds from the upload until all could be found; unknown where the hub had them already. */
  seconds?: number;
}

/** Fills an empty hub with so many people; a hub that has some already stays as it is. */
export async function fill({ call, importCsv }: BenchHub, rows: number): Promise<Imported> {
  // A hub that has only just started makes its index first.
  while ((await call<SearchStatus>('GET', '/v1/admin/search/status')).state !== 'ready') await sleep(100);
  const known = await searchable(call);
  if (known > 0) return { contacts: known };
  const csv = makeCsv(rows, 1);
  const start = performance.now();
  const { progress } = await importCsv(csv, 'contacts.csv');
  await untilSearchable(call, progress.created);
  return { contacts: progress.created, seconds: (performance.now() - start) / 1000 };
}

/** The database of the customer service, as one who may see everything in it; its `bench` schema goes at the end. */
export async function withCustomers<T>(url: string, work: (database: DataSource, tenant: string) => Promise<T>): Promise<T> {
  const { href } = Object.assign(new URL(url), { pathname: '/customer' });
  const database = await new DataSource({ type: 'postgres', url: href, installExtensions: false, poolSize: 1 }).initialize();
  try {
    const [most]: { tenant: string }[] = await database.query(
      'select tenant_id as tenant from contact group by tenant_id order by count(*) desc limit 1',
    );
    if (!most) throw new Error('the hub has no contacts');
    await database.query('drop schema if exists bench cascade');
    await database.query('create schema bench');
    return await work(database, most.tenant);
  } finally {
    await database.query('drop schema if exists bench cascade');
    await database.destroy();
  }
}

const COLUMNS = `c.id, c.first_name as "firstName", c.middle_name as "middleName", c.last_name as "lastName", c.company_name as "companyName",
  k.name as "customerName", c.job_title as "jobTitle", c.employee_code as "employeeCode", c.emails, c.phones, c.addresses, c.type, c.tags, c.notes,
  c.custom_fields as "customFields"`;
const FROM = 'contact c left join customer k on k.tenant_id = c.tenant_id and k.id = c.customer_id';

/** Everybody, in steps. */
export async function* peopleIn(database: DataSource, tenant: string, atOnce = 10_000): AsyncGenerator<Person[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows: Person[] = await database.query(
      `select ${COLUMNS} from ${FROM} where c.tenant_id = $1 and c.id > $2 and c.deleted_at is null order by c.id limit $3`,
      [tenant, after, atOnce],
    );
    if (rows.length) yield rows;
    if (rows.length < atOnce) return;
    after = rows.at(-1)!.id;
  }
}

/** Some people, drawn by what is in them, so that the same file gives the same ones in each run. */
export async function somePeopleOf(database: DataSource, tenant: string, seed: number, count: number): Promise<Person[]> {
  const sql = `select ${COLUMNS} from ${FROM} where c.tenant_id = $1 and c.deleted_at is null order by md5(c.emails::text || $2), c.id limit $3`;
  return await database.query(sql, [tenant, `${seed}`, count]);
}
