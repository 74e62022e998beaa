import { AppError } from '@kontor/bus';
import type { Customer, CustomerEntry, Summary } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { accessColumns, mayRead, mayWrite, readOnly } from '../access/access.js';
import { domainKey } from '../fields/lookup-keys.js';
import { sortName } from '../fields/names.js';
import { primaryOf } from '../fields/primary.js';
import type { Values } from '../fields/shared-fields.js';
import { aclColumns, type Columns, insertRows, type ReadMode, selectList, updateRows, valueColumns } from '../sql/rows.js';
import { deleteKeys, insertKeys } from './keys-and-tags.js';
import { mergedInto } from './merged-into.js';

/** A customer as it is stored. */
export interface CustomerRow extends Values {
  id: string;
  name: string;
  parentId: string | null;
  primaryContactId: string | null;
  domains: string[];
}
export type StoredCustomer = CustomerRow & CustomerEntry & { mayWrite: boolean };

export const customerColumns: Record<keyof Omit<CustomerRow, 'id'>, string> = {
  name: 'text',
  parentId: 'uuid',
  primaryContactId: 'uuid',
  domains: 'jsonb',
  ...valueColumns,
};
const stored: Columns = { sortName: 'text', ...customerColumns, ...aclColumns };

/** With the derived columns. */
export const customerWithNames = (row: CustomerRow) => ({ ...row, sortName: sortName(row.name), ...accessColumns(row) });

export async function insertCustomer(tx: EntityManager, row: CustomerRow): Promise<void> {
  await insertRows(tx, 'customer', stored, [customerWithNames(row)]);
  await insertKeys(tx, 'customer', [row]);
  await insertDomains(tx, [row]);
}

export const updateCustomer = (tx: EntityManager, row: CustomerRow): Promise<void> => updateCustomers(tx, [row]);

/** Updates the rows of customers without keys, tags and domains, which rows in the bin do not have, and increments their versions. */
export const updateCustomerRows = (tx: EntityManager, rows: readonly CustomerRow[]): Promise<void> =>
  updateRows(tx, 'customer', stored, rows.map(customerWithNames));

/** Updates customers with their keys, tags and domains, and increments their versions. */
export async function updateCustomers(tx: EntityManager, rows: readonly CustomerRow[]): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await updateCustomerRows(tx, rows);
  await deleteKeys(tx, 'customer', ids);
  await insertKeys(tx, 'customer', rows);
  await deleteDomains(tx, ids);
  await insertDomains(tx, rows);
}

export async function insertDomains(tx: EntityManager, rows: readonly CustomerRow[]): Promise<void> {
  const all = rows.flatMap(({ id, domains }) => [...new Set(domains.map(domainKey))].map((domain) => ({ domain, id })));
  if (all.length > 0)
    await tx.query('insert into customer_domain (domain, customer_id) select * from unnest($1::text[], $2::uuid[])', [
      all.map(({ domain }) => domain),
      all.map(({ id }) => id),
    ]);
}

export async function deleteDomains(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await tx.query('delete from customer_domain where customer_id = any($1)', [ids]);
}

export const customerRead = { columns: `${selectList(customerColumns)}, t.name as "displayName", t.readers`, from: 'customer t' };

/** Reads customers by id that are not in the bin and that the caller may see; others are omitted. */
export async function readCustomers(tx: EntityManager, ids: readonly string[], reading?: ReadMode): Promise<StoredCustomer[]> {
  if (ids.length === 0) return [];
  if (reading === 'lock')
    await tx.query('select 1 from customer where id = any($1) and deleted_at is null order by id for no key update', [ids]);
  return tx.query(
    `select ${customerRead.columns}, ${mayWrite('customer')} as "mayWrite" from ${customerRead.from}
     where t.id = any($1) and t.deleted_at is null and ${reading === 'unfiltered' ? 'true' : mayRead('customer')}`,
    [ids],
  );
}

/** The customer, or the one it was merged into. Fails with the same `not-found` if it does not exist, is in the bin or is hidden from the caller. */
export async function readCustomer(tx: EntityManager, id: string): Promise<StoredCustomer> {
  const [customer] = await readCustomers(tx, [id]);
  if (customer) return customer;
  const [merged] = await readCustomers(tx, await mergedInto(tx, 'customer', id));
  if (merged) return merged;
  throw new AppError('not-found', 'There is no customer with this id');
}

/** The same for changing it: locks the row, and fails with `forbidden` if the caller may only read it. */
export async function writableCustomer(tx: EntityManager, id: string): Promise<StoredCustomer> {
  const [customer] = await readCustomers(tx, [(await readCustomer(tx, id)).id], 'lock');
  if (!customer) throw new AppError('not-found', 'There is no customer with this id');
  if (!customer.mayWrite) throw readOnly('customer');
  return customer;
}

export const customerSummary = (customer: Customer): Summary => ({
  id: customer.id,
  kind: 'customer',
  displayName: customer.name,
  firstName: null,
  lastName: null,
  email: primaryOf(customer.emails)?.address ?? null,
  phone: primaryOf(customer.phones)?.number ?? null,
  companyName: customer.name,
  customer: null,
  city: primaryOf(customer.addresses)?.city ?? null,
  type: customer.type,
  tags: customer.tags,
  employeeCode: null,
  updatedAt: customer.updatedAt,
});
