import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import type { Noun } from '../sql/rows.js';

// A row that references another one (a contact its customer, a record its contact) and an operation that ends the referenced row (deleting, merging,
// erasing) must not miss each other. Whatever writes a reference locks the referenced rows `for key share` until it commits, which does not block
// other changes of them. Whatever ends rows locks them `for update` before looking for what belongs to them. The second one waits, and then sees the
// effect of the first.
//
// To avoid deadlocks, all locks are taken in one order: the tenant's customer tree, customers by id, contacts by id, then records and requests.

/** Rows about to be referenced: customers that must exist, and contacts that must still belong to the customer they were read with. */
export interface Parents {
  customers?: Iterable<string | null | undefined>;
  contacts?: readonly { id: string; customerId: string | null }[];
}

/**
 * Locks these rows until the transaction ends, with two statements. Returns false if one of them has changed since it was read and must be read
 * again.
 */
async function lockParents(tx: EntityManager, { customers = [], contacts = [] }: Parents): Promise<boolean> {
  const named = idsIn(customers);
  const lockedCustomers = await lockForKeyShare(tx, 'customer', [...named, ...idsIn(contacts.map(({ customerId }) => customerId))]);
  const lockedContacts = await lockForKeyShare(
    tx,
    'contact',
    contacts.map(({ id }) => id),
  );
  return (
    named.every((id) => lockedCustomers.get(id)?.live) &&
    contacts.every(({ id, customerId }) => lockedContacts.get(id)?.live && lockedContacts.get(id)?.customerId === customerId)
  );
}

const idsIn = (ids: Iterable<string | null | undefined>): string[] => [...new Set([...ids].flatMap((id) => id ?? []))];

interface LockedRow {
  id: string;
  customerId: string | null;
  live: boolean;
}
async function lockForKeyShare(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<Map<string, LockedRow>> {
  if (ids.length === 0) return new Map();
  const rows: LockedRow[] = await tx.query(
    `select id, ${noun === 'contact' ? 'customer_id' : 'null'} as "customerId", deleted_at is null as live
     from ${noun} where id = any($1) order by id for key share`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Reads rows to be referenced and locks them; reads again if one of them was deleted, merged or moved before it was locked. */
export async function readAndLockParents<T>(
  tx: EntityManager,
  read: () => Promise<T>,
  parentsOf: (found: T) => Parents,
  tries = 10,
): Promise<T> {
  const found = await read();
  if (await lockParents(tx, parentsOf(found))) return found;
  if (tries > 1) return readAndLockParents(tx, read, parentsOf, tries - 1);
  throw new AppError('busy', 'Concurrent calls keep changing what this refers to; try again', { retryAfter: 1 });
}

/** Locks the rows that a row already references, before the row itself, to keep the lock order. */
export async function lockReferenced(tx: EntityManager, noun: Noun, ids: readonly (string | null)[]): Promise<void> {
  await lockForKeyShare(tx, noun, idsIn(ids));
}

/** To be called by whatever ends rows, before it looks for what belongs to them: from here on nothing can be added to them. */
export async function lockForRemoval(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<void> {
  await tx.query(`select 1 from ${noun} where id = any($1) order by id for update`, [ids]);
}

/** The same for all contacts of these customers, without fetching them. */
export async function lockContactsForRemoval(tx: EntityManager, customers: readonly string[]): Promise<void> {
  await tx.query(
    'select count(*) from (select 1 from contact where customer_id = any($1) and deleted_at is null order by id for update) locked',
    [customers],
  );
}

/**
 * Serializes changes of the customer tree within a tenant. Otherwise two customers made departments of each other at the same time would each see no
 * cycle, and a department could be added below a customer that is being deleted. Must be called before any row is locked.
 */
export const serializeParentChanges = (tx: EntityManager) =>
  tx.query(`select pg_advisory_xact_lock(hashtextextended('customer parent ' || current_setting('kontor.tenant'), 0))`);
