import { AppError } from '@kontor/bus';
import type { Customer, Summary } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import type { Values } from '../values/check-values.js';
import { deleteKeys, insertKeys } from '../values/keys.js';
import { sortName } from '../values/names.js';
import { primaryOf } from '../values/primary.js';
import { type Columns, insertRows, selectList, updateRows, valueColumns } from '../values/rows.js';

/** A customer as it is kept. */
export interface CustomerRow extends Values {
  id: string;
  name: string;
  parentId: string | null;
  primaryContactId: string | null;
  domains: string[];
}
export type StoredCustomer = CustomerRow & Customer;

export const customerColumns: Columns = { name: 'text', parentId: 'uuid', primaryContactId: 'uuid', domains: 'jsonb', ...valueColumns };
const stored: Columns = { sortName: 'text', ...customerColumns };

const withSortName = (row: CustomerRow) => ({ ...row, sortName: sortName(row.name) });

export async function insertCustomer(tx: EntityManager, row: CustomerRow): Promise<void> {
  await insertRows(tx, 'customer', stored, [withSortName(row)]);
  await insertKeys(tx, 'customer', [row]);
  await insertDomains(tx, row);
}

export async function updateCustomer(tx: EntityManager, row: CustomerRow): Promise<void> {
  await updateRows(tx, 'customer', stored, [withSortName(row)]);
  await deleteKeys(tx, 'customer', [row.id]);
  await insertKeys(tx, 'customer', [row]);
  await deleteDomains(tx, [row.id]);
  await insertDomains(tx, row);
}

async function insertDomains(tx: EntityManager, { id, domains }: CustomerRow): Promise<void> {
  if (domains.length > 0)
    await tx.query('insert into customer_domain (domain, customer_id) select unnest($1::text[]), $2::uuid', [domains, id]);
}

export async function deleteDomains(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await tx.query('delete from customer_domain where customer_id = any($1)', [ids]);
}

export const customerRead = { columns: `${selectList(customerColumns)}, t.name as "displayName"`, from: 'customer t' };

/** Customers that are not in the bin, by id; what is not there is left out. */
export async function readCustomers(tx: EntityManager, ids: readonly string[]): Promise<StoredCustomer[]> {
  return tx.query(`select ${customerRead.columns} from ${customerRead.from} where t.id = any($1) and t.deleted_at is null`, [ids]);
}

/** `lock` keeps others from changing it until the transaction ends. */
export async function readCustomer(tx: EntityManager, id: string, lock?: 'lock'): Promise<StoredCustomer> {
  if (lock) await tx.query('select 1 from customer where id = $1 and deleted_at is null for update', [id]);
  const [customer] = await readCustomers(tx, [id]);
  if (!customer) throw new AppError('not-found', 'There is no customer with this id');
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
