import { AppError } from '@kontor/bus';
import type { Contact, ContactEntry, Summary } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import type { Values } from '../values/check-values.js';
import { deleteKeys, insertKeys } from '../values/keys.js';
import { displayName, sortName } from '../values/names.js';
import { primaryOf } from '../values/primary.js';
import { type Columns, insertRows, selectList, updateRows, valueColumns } from '../values/rows.js';

/** A contact as it is kept. */
export interface ContactRow extends Values {
  id: string;
  firstName: string | null;
  middleName: string | null;
  lastName: string | null;
  employeeCode: string | null;
  companyName: string | null;
  jobTitle: string | null;
  language: string | null;
  birthday: string | null;
  customerId: string | null;
}
export type StoredContact = ContactRow & Contact & { customerName: string | null };

const own = {
  firstName: 'text',
  middleName: 'text',
  lastName: 'text',
  employeeCode: 'text',
  companyName: 'text',
  jobTitle: 'text',
  language: 'text',
  birthday: 'date',
  customerId: 'uuid',
} satisfies Columns;
/** What a contact consists of; `displayName` and `sortName` follow from it. */
export const contactColumns: Columns = { ...own, ...valueColumns };
const stored: Columns = { displayName: 'text', sortName: 'text', ...contactColumns };

const withNames = (row: ContactRow) => {
  const name = displayName(row);
  return { ...row, displayName: name, sortName: sortName(name) };
};

/** Inserts contacts with their keys and tags: one statement per table, however many they are. */
export async function insertContacts(tx: EntityManager, rows: readonly ContactRow[]): Promise<void> {
  if (rows.length === 0) return;
  await insertRows(tx, 'contact', stored, rows.map(withNames));
  await insertKeys(tx, 'contact', rows);
}

/** Writes contacts that are there anew, with their keys and tags; versions go up by one. */
export async function updateContacts(tx: EntityManager, rows: readonly ContactRow[]): Promise<void> {
  if (rows.length === 0) return;
  await updateRows(tx, 'contact', stored, rows.map(withNames));
  await deleteKeys(
    tx,
    'contact',
    rows.map((row) => row.id),
  );
  await insertKeys(tx, 'contact', rows);
}

/** A contact has one customer at most; its name and whether this is its primary contact come along. */
export const contactRead = {
  columns: `${selectList({ displayName: 'text', ...contactColumns })}, k.name as "customerName", coalesce(k.primary_contact_id = t.id, false) as "isPrimaryContact"`,
  from: 'contact t left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id',
};

/** Contacts that are not in the bin, by id; what is not there is left out. `lock` keeps others from changing them until the transaction ends. */
export async function readContacts(tx: EntityManager, ids: readonly string[], lock?: 'lock'): Promise<StoredContact[]> {
  if (lock) await tx.query('select 1 from contact where id = any($1) and deleted_at is null order by id for update', [ids]);
  return tx.query(`select ${contactRead.columns} from ${contactRead.from} where t.id = any($1) and t.deleted_at is null`, [ids]);
}

export async function readContact(tx: EntityManager, id: string, lock?: 'lock'): Promise<StoredContact> {
  const [contact] = await readContacts(tx, [id], lock);
  if (!contact) throw new AppError('not-found', 'There is no contact with this id');
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
