import { AppError } from '@kontor/bus';
import { type ContactEntry, type ContactFields, perContactField, type Summary } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { accessColumns, mayRead, mayWrite, readOnly } from '../access/access.js';
import { displayName, sortName } from '../fields/names.js';
import { primaryOf } from '../fields/primary.js';
import type { Values } from '../fields/shared-fields.js';
import { aclColumns, type Columns, insertRows, type ReadMode, selectList, updateRows, valueColumns } from '../sql/rows.js';
import { deleteKeys, insertKeys } from './keys-and-tags.js';
import { mergedInto } from './merged-into.js';
import { withContactKeyChange } from './waiting-records.js';

/** A contact as it is stored. */
export interface ContactRow extends Values, ContactFields {
  id: string;
}
export type StoredContact = ContactRow & ContactEntry & { mayWrite: boolean };

/** The writable columns of a contact; `displayName` and `sortName` are derived from them. */
export const contactColumns: Columns = { ...perContactField(({ column }) => column), ...valueColumns };
const stored: Columns = { displayName: 'text', sortName: 'text', ...contactColumns, ...aclColumns };

/** With the derived columns. */
export const contactWithNames = (row: ContactRow) => {
  const name = displayName(row);
  return { ...row, displayName: name, sortName: sortName(name), ...accessColumns(row) };
};

/** Inserts contacts with their keys and tags: one statement per table. */
export async function insertContacts(tx: EntityManager, rows: readonly ContactRow[]): Promise<void> {
  if (rows.length === 0) return;
  await withContactKeyChange(tx, rows, async () => {
    await insertRows(tx, 'contact', stored, rows.map(contactWithNames));
    await insertKeys(tx, 'contact', rows);
  });
}

/** Updates the rows of contacts without keys and tags, which rows in the bin do not have, and increments their versions. */
export const updateContactRows = (tx: EntityManager, rows: readonly ContactRow[]): Promise<void> =>
  updateRows(tx, 'contact', stored, rows.map(contactWithNames));

/** Updates contacts with their keys and tags, and increments their versions. */
export async function updateContacts(tx: EntityManager, rows: readonly ContactRow[]): Promise<void> {
  if (rows.length === 0) return;
  await withContactKeyChange(tx, rows, async () => {
    await updateContactRows(tx, rows);
    await deleteKeys(
      tx,
      'contact',
      rows.map((row) => row.id),
    );
    await insertKeys(tx, 'contact', rows);
  });
}

/** Includes the name of the customer and whether this is its primary contact. */
export const contactRead = {
  columns: `${selectList({ displayName: 'text', ...contactColumns })}, k.name as "customerName", coalesce(k.primary_contact_id = t.id, false) as "isPrimaryContact",
    t.readers, k.readers as "customerReaders"`,
  from: 'contact t left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id',
};

/** Reads contacts by id that are not in the bin and that the caller may see; others are omitted. */
export async function readContacts(tx: EntityManager, ids: readonly string[], reading?: ReadMode): Promise<StoredContact[]> {
  if (ids.length === 0) return [];
  if (reading === 'lock')
    await tx.query('select 1 from contact where id = any($1) and deleted_at is null order by id for no key update', [ids]);
  return tx.query(
    `select ${contactRead.columns}, ${mayWrite('contact')} as "mayWrite" from ${contactRead.from}
     where t.id = any($1) and t.deleted_at is null and ${reading === 'unfiltered' ? 'true' : mayRead('contact')}`,
    [ids],
  );
}

/**
 * The contact, or the one it was merged into (docs/rules.md 9.3). Fails with the same `not-found` if it does not exist, is in the bin or is hidden
 * from the caller.
 */
export async function readContact(tx: EntityManager, id: string): Promise<StoredContact> {
  const [contact] = await readContacts(tx, [id]);
  if (contact) return contact;
  const [merged] = await readContacts(tx, await mergedInto(tx, 'contact', id));
  if (merged) return merged;
  throw new AppError('not-found', 'There is no contact with this id');
}

/** The same for changing it: locks the row, and fails with `forbidden` if the caller may only read it. */
export async function writableContact(tx: EntityManager, id: string): Promise<StoredContact> {
  const [contact] = await readContacts(tx, [(await readContact(tx, id)).id], 'lock');
  if (!contact) throw new AppError('not-found', 'There is no contact with this id');
  if (!contact.mayWrite) throw readOnly('contact');
  return contact;
}

export const contactSummary = (contact: ContactEntry): Summary => ({
  id: contact.id,
  kind: 'contact',
  displayName: contact.displayName,
  firstName: contact.firstName,
  lastName: contact.lastName,
  email: primaryOf(contact.emails)?.address ?? null,
  phone: primaryOf(contact.phones)?.number ?? null,
  companyName: contact.companyName,
  customer: contact.customerId ? { id: contact.customerId, name: contact.customerName ?? '' } : null,
  city: primaryOf(contact.addresses)?.city ?? null,
  type: contact.type,
  tags: contact.tags,
  employeeCode: contact.employeeCode,
  updatedAt: contact.updatedAt,
});
