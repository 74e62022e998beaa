import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import type { Columns, Noun, ReadMode } from '../sql/rows.js';
import { contactColumns, readContact, readContacts, type StoredContact, updateContacts } from '../tables/contact.table.js';
import {
  customerColumns,
  deleteDomains,
  readCustomer,
  readCustomers,
  type StoredCustomer,
  updateCustomers,
} from '../tables/customer.table.js';
import { deleteKeys } from '../tables/keys-and-tags.js';
import { lockForRemoval } from '../tables/lock-parents.js';
import { mergedInto } from '../tables/merged-into.js';
import { lockCustomersOf } from '../tables/primary-contact.js';

/** A contact or customer as it is kept, with the members that merging works with. */
export type Stored = StoredContact | StoredCustomer;
export const customerOf = (row: Stored): string | null => ('customerId' in row ? row.customerId : null);

/** How merging reads and writes one noun. */
interface EntityStore {
  columns: Columns;
  read(tx: EntityManager, ids: readonly string[], reading?: ReadMode): Promise<Stored[]>;
  /** The present one of this id, or of what it was merged into, else `not-found`. */
  find(tx: EntityManager, id: string): Promise<Stored>;
  write(tx: EntityManager, rows: readonly Stored[]): Promise<void>;
  /** Takes what they are looked up by. */
  deleteKeys(tx: EntityManager, ids: readonly string[]): Promise<void>;
}
export const entityStores: Record<Noun, EntityStore> = {
  contact: {
    columns: contactColumns,
    read: readContacts,
    find: readContact,
    write: (tx, rows) => updateContacts(tx, rows as readonly StoredContact[]),
    deleteKeys: (tx, ids) => deleteKeys(tx, 'contact', ids),
  },
  customer: {
    columns: customerColumns,
    read: readCustomers,
    find: readCustomer,
    write: (tx, rows) => updateCustomers(tx, rows as readonly StoredCustomer[]),
    async deleteKeys(tx, ids) {
      await deleteKeys(tx, 'customer', ids);
      await deleteDomains(tx, ids);
    },
  },
};

/** Keeps others from changing these, and from putting contacts to them, until the transaction ends; taken in one order, so that nobody waits in a circle. */
export async function lockEntries(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<void> {
  if (noun === 'contact') await lockCustomersOf(tx, ids);
  await lockForRemoval(tx, noun, ids);
}

/**
 * These, locked, in the order of the ids. Refuses what is not there for the caller or that it may not change, and with `conflict`, naming into what,
 * what was merged already.
 */
export async function lockForMerge(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<[Stored, ...Stored[]]> {
  await lockEntries(tx, noun, ids);
  const found = new Map((await entityStores[noun].read(tx, ids)).map((row) => [row.id, row]));
  const rows: Stored[] = [];
  for (const [i, id] of ids.entries()) {
    const path = i === 0 ? 'into' : `from[${i - 1}]`;
    const row = found.get(id);
    if (!row) throw await notFoundOrMerged(tx, noun, id, path);
    if (!row.mayWrite) throw new AppError('forbidden', `${path}: you may see this ${noun} but not change it; ask its owner or an admin`);
    rows.push(row);
  }
  return rows as [Stored, ...Stored[]];
}

async function notFoundOrMerged(tx: EntityManager, noun: Noun, id: string, path: string): Promise<AppError> {
  const [merged] = await entityStores[noun].read(tx, await mergedInto(tx, noun, id));
  if (!merged) return new AppError('not-found', `${path}: there is no ${noun} with this id`, { id });
  const message = `is merged into ${merged.id} already`;
  return new AppError('conflict', `${path}: ${message}`, { id, into: merged.id, errors: [{ path, message, code: 'merged' }] });
}
