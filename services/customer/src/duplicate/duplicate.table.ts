import type { EntityManager } from 'typeorm';
import { mayRead, mayWrite } from '../access/access.js';
import { newId } from '../sql/new-id.js';
import { snake } from '../sql/rows.js';
import { readContacts, type StoredContact } from '../tables/contact.table.js';
import { LARGEST_BLOCK } from './blocking-keys.js';
import type { Compared } from './person.js';

/** Those of these contacts that the caller may see. */
export const readVisible = (tx: EntityManager, ids: readonly string[]): Promise<StoredContact[]> => readContacts(tx, ids);

/** SQL: the caller may see both contacts of a pair (alias `p`). */
export const bothVisible = (): string => both(mayRead('contact'));
/** SQL: the caller may change both, as merging them requires. */
export const bothChangeable = (): string => both(mayWrite('contact'));

const both = (condition: string): string =>
  ['a', 'b']
    .map(
      (one) => `exists (select 1 from contact t left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id
                        where t.tenant_id = p.tenant_id and t.id = p.${one} and t.deleted_at is null and ${condition})`,
    )
    .join(' and ');

const compared = ['firstName', 'middleName', 'lastName', 'employeeCode', 'companyName', 'customerId', 'emails', 'phones', 'addresses'];

/** Reads the compared fields of contacts that are not in the bin, without an access check. */
export const readCompared = (tx: EntityManager, ids: readonly string[]): Promise<Compared[]> =>
  tx.query(
    `select t.id, t.version, t.birthday::text as birthday, ${compared.map((p) => `t.${snake(p)} as "${p}"`).join(', ')}
     from contact t where t.id = any($1) and t.deleted_at is null`,
    [ids],
  );

/** Whether these contacts are live or in the bin; purged ones are missing. */
export async function statesOf(tx: EntityManager, ids: readonly string[]): Promise<Map<string, 'live' | 'binned'>> {
  const rows: { id: string; live: boolean }[] = await tx.query('select id, deleted_at is null as live from contact where id = any($1)', [
    ids,
  ]);
  return new Map(rows.map(({ id, live }) => [id, live ? 'live' : 'binned']));
}

/** Those of these contacts that have another version by now, or are in the bin. */
export async function changedSince(tx: EntityManager, probes: ReadonlyMap<string, { person: { version: number } }>): Promise<string[]> {
  const rows: { id: string; version: number }[] = await tx.query(
    'select id, version from contact where id = any($1) and deleted_at is null',
    [[...probes.keys()]],
  );
  const now = new Map(rows.map(({ id, version }) => [id, version]));
  return [...probes].flatMap(([id, { person }]) => (now.get(id) === person.version ? [] : [id]));
}

/** Replaces the keys of these contacts; existing keys are not rewritten. */
export async function writeKeys(tx: EntityManager, keysOf: ReadonlyMap<string, readonly string[]>): Promise<void> {
  const had: { id: string; key: string }[] = await tx.query(
    'select d.contact_id as id, d.key::text as key from unnest($1::uuid[]) as g(id) join duplicate_key d on d.contact_id = g.id',
    [[...keysOf.keys()]],
  );
  const old = new Map(had.map((row) => [row.id + row.key, row]));
  const fresh: typeof had = [];
  for (const [id, keys] of keysOf) for (const key of keys) if (!old.delete(id + key)) fresh.push({ id, key });
  const columns = (rows: typeof had) => [rows.map(({ id }) => id), rows.map(({ key }) => key)];
  const given = 'unnest($1::uuid[], $2::bigint[]) as g(contact_id, key)';
  if (old.size > 0)
    await tx.query(
      `delete from duplicate_key d using ${given} where d.contact_id = g.contact_id and d.key = g.key`,
      columns([...old.values()]),
    );
  // Inserting in the order of the index is cheapest.
  fresh.sort((x, y) => (x.key < y.key ? -1 : 1));
  if (fresh.length > 0)
    await tx.query(
      `insert into duplicate_key (contact_id, key) select g.contact_id, g.key from ${given} on conflict do nothing`,
      columns(fresh),
    );
}

export async function deleteKeys(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await tx.query('delete from duplicate_key d using unnest($1::uuid[]) as g(id) where d.contact_id = g.id', [ids]);
}

/** The contacts that share each of these keys, if there are at least two and not too many. */
export async function readBlocks(tx: EntityManager, keys: readonly string[]): Promise<Map<string, string[]>> {
  const rows: { key: string; ids: string[] }[] = await tx.query(
    `select k.key::text as key, block.ids from unnest($1::bigint[]) as k(key) cross join lateral (
       select array_agg(d.contact_id) as ids from (
         select contact_id from duplicate_key where key = k.key limit ${LARGEST_BLOCK + 1}
       ) d
     ) block where cardinality(block.ids) between 2 and ${LARGEST_BLOCK}`,
    [keys],
  );
  return new Map(rows.map((row) => [row.key, row.ids]));
}

/** Two contacts, the smaller id first. */
export interface Pair {
  a: string;
  b: string;
}
export interface JudgedPair extends Pair {
  score: number;
  reasons: string[];
}

export const pairOf = (one: string, other: string): Pair => (one < other ? { a: one, b: other } : { a: other, b: one });

/** The open pairs with one of these contacts. */
export const readOpenPairs = (tx: EntityManager, ids: readonly string[]): Promise<(Pair & { id: string })[]> =>
  tx.query(
    `select id, a, b from duplicate_pair where a = any($1) and state = 'open'
     union select id, a, b from duplicate_pair where b = any($1) and state = 'open'`,
    [ids],
  );

/** Adds pairs to the queue; dismissed ones stay dismissed. */
export async function upsertPairs(tx: EntityManager, pairs: readonly JudgedPair[]): Promise<void> {
  if (pairs.length === 0) return;
  await tx.query(
    `insert into duplicate_pair (id, a, b, score, reasons)
     select r.id, r.a, r.b, r.score, r.reasons from jsonb_to_recordset($1::jsonb) as r(id uuid, a uuid, b uuid, score double precision, reasons jsonb)
     on conflict (tenant_id, a, b) do update set score = excluded.score, reasons = excluded.reasons
     where duplicate_pair.state = 'open' and (duplicate_pair.score, duplicate_pair.reasons) is distinct from (excluded.score, excluded.reasons)`,
    [JSON.stringify(pairs.map((pair) => ({ id: newId(), ...pair })))],
  );
}

export async function deletePairs(tx: EntityManager, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx.query('delete from duplicate_pair where id = any($1)', [ids]);
}

/** Deletes all pairs of contacts that no longer exist, including dismissed ones. */
export async function forgetPairsOf(tx: EntityManager, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx.query('delete from duplicate_pair where a = any($1) or b = any($1)', [ids]);
}
