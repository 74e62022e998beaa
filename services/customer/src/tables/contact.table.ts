import { AppError } from '@kontor/bus';
import { type ContactEntry, type ContactFields, perContactField, type Summary } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { accessColumns, mayRead, mayWrite, readOnly } from '../access/access.js';
import { displayName, sortName } from '../fields/names.js';
import { primaryOf } from '../fields/primary.js';
import type { Values } from '../fields/shared-fields.js';
import { type Columns, guardColumns, insertRows, type ReadMode, selectList, updateRows, valueColumns } from '../sql/rows.js';
import { deleteKeys, insertKeys } from './keys-and-tags.js';
import { mergedInto } from './merged-into.js';
import { withContactKeyChange } from './waiting-records.js';

/** A contact as it is kept. */
export interface ContactRow extends Values, ContactFields {
  id: string;
}
export type StoredContact = ContactRow & ContactEntry & { mayWrite: boolean };

/** What a contact consists of; `displayName` and `sortName` follow from it. */
export const contactColumns: Columns = { ...perContactField(({ column }) => column), ...valueColumns };
const stored: Columns = { displayName: 'text', sortName: 'text', ...contactColumns, ...guardColumns };

/** With what follows from it. */
export const contactWithNames = (row: ContactRow) => {
  const name = displayName(row);
  return { ...row, displayName: name, sortName: sortName(name), ...accessColumns(row) };
};

/** Inserts contacts with their keys and tags: one statement per table, however many they are. */
export async function insertContacts(tx: EntityManager, rows: readonly ContactRow[]): Promise<void> {
  if (rows.length === 0) return;
  await withContactKeyChange(tx, rows, async () => {
    await insertRows(tx, 'contact', stored, rows.map(contactWithNames));
    await insertKeys(tx, 'contact', rows);
  });
}

/** Writes the rows of contacts anew, without keys and tags: what is in the bin has none. Versions go up by one. */
export const updateContactRows = (tx: EntityManager, rows: readonly ContactRow[]): Promise<void> =>
  updateRows(tx, 'contact', stored, rows.map(contactWithNames));

/** Writes contacts that are there anew, with their keys and tags; versions go up by one. */
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

/** A contact has one customer at most; its name and whether this is its primary contact come along. */
export const contactRead = {
  columns: `${selectList({ displayName: 'text', ...contactColumns })}, k.name as "customerName", coalesce(k.primary_contact_id = t.id, false) as "isPrimaryContact",
    t.readers, k.readers as "customerReaders"`,
  from: 'contact t left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id',
};

/** Contacts that are not in the bin and that the caller may see, by id; what is not there is left out. */
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

/** The contact, or the one it was merged into (docs/rules.md 9.3). Fails with `not-found` alike when it is not there, in the bin, or not for the caller. */
export async function readContact(tx: EntityManager, id: string): Promise<StoredContact> {
  const [contact] = await readContacts(tx, [id]);
  if (contact) return contact;
  const [merged] = await readContacts(tx, await mergedInto(tx, 'contact', id));
  if (merged) return merged;
  throw new AppError('not-found', 'There is no contact with this id');
}

/** The same for changing it: locked, and refused with `forbidden` when the caller may only read it. */
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
