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

/** A contact or customer as it is stored, with the members that merging uses. */
export type Stored = StoredContact | StoredCustomer;
export const customerOf = (row: Stored): string | null => ('customerId' in row ? row.customerId : null);

/** Reads and writes contacts or customers for merging. */
interface EntityStore {
  columns: Columns;
  read(tx: EntityManager, ids: readonly string[], reading?: ReadMode): Promise<Stored[]>;
  /** The entry with this id, or what it was merged into; else fails with `not-found`. */
  find(tx: EntityManager, id: string): Promise<Stored>;
  write(tx: EntityManager, rows: readonly Stored[]): Promise<void>;
  /** Deletes their look-up keys. */
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

/**
 * Locks these entries against changes, and against adding contacts to them, until the transaction ends. The locks are taken in a fixed order to avoid
 * deadlocks.
 */
export async function lockEntries(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<void> {
  if (noun === 'contact') await lockCustomersOf(tx, ids);
  await lockForRemoval(tx, noun, ids);
}

/**
 * Locks these entries and returns them in the order of the ids. Refuses those that the caller may not see or change, and those merged already, with
 * `conflict` and the id of their target.
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
