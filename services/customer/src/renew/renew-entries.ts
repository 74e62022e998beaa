import type { EntityManager } from 'typeorm';
import { noChanges, recordAndPublish, recordHistory, type Step, updated } from '../changes/changes.js';
import { domainKey } from '../fields/lookup-keys.js';
import { readSettings } from '../settings/settings.service.js';
import { type Columns, changedFields, type Noun, selectList } from '../sql/rows.js';
import { type ContactRow, contactColumns, contactWithNames, updateContactRows, updateContacts } from '../tables/contact.table.js';
import { type CustomerRow, customerColumns, customerWithNames, updateCustomerRows, updateCustomers } from '../tables/customer.table.js';
import { keysOf } from '../tables/keys-and-tags.js';
import { normalizeContact, normalizeCustomer } from './normalize-values.js';
import { releaseTakenKeys } from './release-taken-keys.js';

type StoredEntry<R> = R & { version: number; binned: boolean };

/** What differs between contacts and customers. */
interface Kind<R> {
  noun: Noun;
  columns: Columns;
  /** Derived columns. */
  names: Columns;
  normalize(row: StoredEntry<R>, country: string): StoredEntry<R>;
  withNames(row: R): object;
  update(tx: EntityManager, rows: readonly R[]): Promise<void>;
  updateRows(tx: EntityManager, rows: readonly R[]): Promise<void>;
}
export const contacts: Kind<ContactRow> = {
  noun: 'contact',
  columns: contactColumns,
  names: { displayName: 'text', sortName: 'text' },
  normalize: normalizeContact,
  withNames: contactWithNames,
  update: updateContacts,
  updateRows: updateContactRows,
};
export const customers: Kind<CustomerRow> = {
  noun: 'customer',
  columns: customerColumns,
  names: { sortName: 'text' },
  normalize: normalizeCustomer,
  withNames: customerWithNames,
  update: updateCustomers,
  updateRows: updateCustomerRows,
};

export interface Renewed {
  written: number;
  /** Entries that released a key that an older one has as well. */
  gaveUp: number;
}

/** Rewrites the entries that would be stored differently now, with versions, history and events like any other change. */
export async function renewEntries<R extends ContactRow | CustomerRow>(
  tx: EntityManager,
  kind: Kind<R>,
  ids: readonly string[],
): Promise<Renewed> {
  const { noun, columns, normalize } = kind;
  const { country } = await readSettings(tx);
  const before = new Map<string, StoredEntry<R>>();
  const read = async (wanted: readonly string[]) => {
    const rows = await lock(tx, kind, wanted);
    for (const row of rows) before.set(row.id, row);
    return rows.map((row) => normalize(row, country));
  };
  const all = await read(ids);
  const keys = await keysBefore(tx, noun, ids);
  const changed = all.filter((row) => {
    const was = before.get(row.id) ?? row;
    return (
      changedFields(columns, was, row).length > 0 ||
      changedFields(kind.names, was, kind.withNames(row)).length > 0 ||
      (!row.binned && keysAfter(row) !== (keys.get(row.id) ?? ''))
    );
  });
  const live = new Map(changed.flatMap((row) => (row.binned ? [] : [[row.id, row]])));
  const gaveUp = await releaseTakenKeys(tx, noun, live, read);
  const binned = changed.filter((row) => row.binned);
  const stepOf = (row: StoredEntry<R>): Step => {
    const was = before.get(row.id) ?? row;
    return updated(columns, was, row) ?? { id: row.id, version: was.version + 1, change: 'updated' };
  };
  const steps = [...live.values()].map(stepOf);
  await kind.update(tx, [...live.values()]);
  if (binned.length > 0) await kind.updateRows(tx, binned);
  await recordHistory(tx, binned.map(stepOf));
  await recordAndPublish(tx, { ...noChanges(), [noun === 'contact' ? 'contacts' : 'customers']: steps });
  return { written: steps.length + binned.length, gaveUp };
}

/** Includes entries in the bin: they may be restored. */
async function lock<R>(tx: EntityManager, { noun, columns, names }: Kind<R>, ids: readonly string[]): Promise<StoredEntry<R>[]> {
  if (ids.length === 0) return [];
  await tx.query(`select 1 from ${noun} where id = any($1) order by id for no key update`, [ids]);
  return tx.query(
    `select ${selectList({ ...names, ...columns })}, t.deleted_at is not null as binned from ${noun} t where t.id = any($1) order by t.id`,
    [ids],
  );
}

const joinKeys = (keys: readonly string[]) => [...keys].sort().join('\n');

/** The look-up keys of each entry, as one text. */
async function keysBefore(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<Map<string, string>> {
  const rows: { id: string; key: string }[] = await tx.query(
    `select ${noun}_id as id, concat_ws(' ', kind, is_primary::text, value) as key from ${noun}_key where ${noun}_id = any($1)
     ${noun === 'customer' ? `union all select customer_id, 'domain ' || domain from customer_domain where customer_id = any($1)` : ''}`,
    [ids],
  );
  return new Map([...Map.groupBy(rows, ({ id }) => id)].map(([id, keys]) => [id, joinKeys(keys.map(({ key }) => key))]));
}

const keysAfter = (row: ContactRow | CustomerRow): string =>
  joinKeys([
    ...keysOf(row).map(({ kind, primary, value }) => `${kind} ${primary} ${value}`),
    ...('domains' in row ? [...new Set(row.domains.map(domainKey))].map((domain) => `domain ${domain}`) : []),
  ]);
