import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import type { Noun } from '../sql/rows.js';

// Whatever names another row (a contact its customer, a record its contact) and whatever ends that row (deletes, merges or erases it) must not miss
// each other. So who writes such a name holds the named rows `for key share` until it commits, which hinders nobody who only changes them, and who
// ends rows holds them `for update` before it looks for what belongs to them. Whoever comes second waits, and then sees what the first one did.
//
// All take their locks in one order, so that nobody waits in a circle: the tenant's tree of customers, customers by id, contacts by id, then
// records and requests.

/** What is about to be named: customers that must be there, and contacts, which must still belong to the customer they were read with. */
export interface Parents {
  customers?: Iterable<string | null | undefined>;
  contacts?: readonly { id: string; customerId: string | null }[];
}

/**
 * Holds these parents until the transaction ends, two statements however many they are. False when one of them is no longer as it was read:
 * then it is to be read again.
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

/** Reads parents and holds them; reads again when one of them went, was merged into another or moved before it was held. */
export async function readAndLockParents<T>(
  tx: EntityManager,
  read: () => Promise<T>,
  parentsOf: (found: T) => Parents,
  tries = 10,
): Promise<T> {
  const found = await read();
  if (await lockParents(tx, parentsOf(found))) return found;
  if (tries > 1) return readAndLockParents(tx, read, parentsOf, tries - 1);
  throw new AppError('busy', 'Others change what this names at the same moment, again and again; try again', { retryAfter: 1 });
}

/** Holds what a thing names already, before the thing itself is locked, so that the order of locks is kept. */
export async function lockReferenced(tx: EntityManager, noun: Noun, ids: readonly (string | null)[]): Promise<void> {
  await lockForKeyShare(tx, noun, idsIn(ids));
}

/** To be called by whoever ends rows, before it looks for what belongs to them: from here on nobody adds to them. */
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
 * Changes of who is a department of whom go one after the other in a tenant: two customers made departments of each other at the same moment would
 * each see no circle, and a department could come below a customer that is deleted with all its departments. To be called before any row is locked.
 */
export const serializeParentChanges = (tx: EntityManager) =>
  tx.query(`select pg_advisory_xact_lock(hashtextextended('customer parent ' || current_setting('kontor.tenant'), 0))`);
