import { AppError, currentContext, grantees } from '@kontor/bus';
import type { BinCounts, BinnedKind } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { mayWrite } from '../access/access.js';
import type { Changes, Step } from '../changes/changes.js';
import { publishBinnedRecordChanges } from '../record/record-derived-fields.js';
import type { StoredRequest } from '../request/request.table.js';
import { newId } from '../sql/new-id.js';
import type { StoredContact } from '../tables/contact.table.js';
import { deleteDomains, type StoredCustomer } from '../tables/customer.table.js';
import { deleteKeys } from '../tables/keys-and-tags.js';
import { lockContactsForRemoval, lockForRemoval, serializeParentChanges } from '../tables/lock-parents.js';
import { ensurePrimaryContacts } from '../tables/primary-contact.js';
import type { StoredRecord } from '../tables/record.table.js';

interface Unit {
  id: string;
  kind: BinnedKind;
  entryId: string;
  name: string;
  readers: string[] | null;
  customerReaders: string[] | null;
  counts: BinCounts;
  links?: object;
}

async function insertUnit(tx: EntityManager, unit: Unit): Promise<void> {
  await tx.query(
    `insert into bin (id, kind, entry_id, name, counts, links, readers, customer_readers, deleted_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      unit.id,
      unit.kind,
      unit.entryId,
      unit.name,
      JSON.stringify(unit.counts),
      JSON.stringify(unit.links ?? {}),
      unit.readers,
      unit.customerReaders,
      currentContext().agent?.id ?? null,
    ],
  );
}

type Table = 'customer' | 'contact' | 'record' | 'request';
const BINNED = 'set deleted_at = now(), updated_at = now(), version = version + 1, bin_id = $1';

/** Moves rows to this unit of the bin and returns their changes. */
async function binRows(tx: EntityManager, table: Table, unit: string, where: string, ids: readonly string[]): Promise<Step[]> {
  const [rows]: [{ id: string; version: number }[]] = await tx.query(
    `update ${table} t ${BINNED} where ${where} and t.deleted_at is null returning t.id, t.version`,
    [unit, ids],
  );
  return rows.map(({ id, version }) => ({ id, version, change: 'binned' as const }));
}

/** The same for records and requests, of which no events are published: only counts them, without fetching rows. */
async function binAndCount(
  tx: EntityManager,
  table: 'record' | 'request',
  unit: string,
  where: string,
  ids: readonly string[],
): Promise<number> {
  const [row]: { n: number }[] = await tx.query(
    `with binned as (update ${table} t ${BINNED} where ${where} and t.deleted_at is null returning 1) select count(*)::int as n from binned`,
    [unit, ids],
  );
  return row?.n ?? 0;
}

/**
 * Moves a contact to the bin, which hides it and frees its e-mails, together with the records that belong to no customer. Its customer gets another
 * primary contact; the unit remembers that, so that restoring can revert it.
 */
export async function binContact(tx: EntityManager, contact: StoredContact, changes: Changes): Promise<void> {
  const unit = newId();
  await lockForRemoval(tx, 'contact', [contact.id]);
  changes.contacts.push(...(await binRows(tx, 'contact', unit, 't.id = any($2)', [contact.id])));
  await deleteKeys(tx, 'contact', [contact.id]);
  const records = await binAndCount(tx, 'record', unit, 't.contact_id = any($2) and t.customer_id is null', [contact.id]);
  await publishBinnedRecordChanges(tx, unit);
  let links = {};
  if (contact.customerId) {
    await ensurePrimaryContacts(tx, [contact.customerId], changes, new Set());
    if (contact.isPrimaryContact) {
      const [customer]: { successor: string | null }[] = await tx.query(
        'select primary_contact_id as successor from customer where id = $1',
        [contact.customerId],
      );
      links = { primaryOf: contact.customerId, successor: customer?.successor ?? null };
    }
  }
  await insertUnit(tx, {
    id: unit,
    kind: 'contact',
    entryId: contact.id,
    name: contact.displayName,
    readers: contact.readers,
    customerReaders: contact.customerReaders,
    counts: { customers: 0, contacts: 1, records, requests: 0 },
    links,
  });
}

/** Moves one record to the bin. What it waits for, its comments and its members are kept, and restored with it. */
export async function binRecord(tx: EntityManager, record: StoredRecord): Promise<void> {
  const unit = newId();
  await binRows(tx, 'record', unit, 't.id = any($2)', [record.id]);
  await publishBinnedRecordChanges(tx, unit);
  await insertUnit(tx, {
    id: unit,
    kind: 'record',
    entryId: record.id,
    name: record.title ?? `${record.kind} ${record.externalId}`,
    readers: record.readers,
    customerReaders: record.customerReaders,
    counts: { customers: 0, contacts: 0, records: 1, requests: 0 },
  });
}

/** The customer and the departments below it. */
export async function withDepartments(tx: EntityManager, id: string): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `with recursive below as (
       select id from customer where id = $1
       union select k.id from customer k join below on k.parent_id = below.id where k.deleted_at is null
     ) select id from below`,
    [id],
  );
  return rows.map((row) => row.id);
}

/** The same, with the tree locked against additions. Must be called before any other row is locked. */
export async function lockTreeForRemoval(tx: EntityManager, id: string): Promise<string[]> {
  await serializeParentChanges(tx);
  const ids = await withDepartments(tx, id);
  await lockForRemoval(tx, 'customer', ids);
  return ids;
}

/** The number of these customers and of their contacts, records and requests, for deciding whether a job is needed. */
export async function countThings(tx: EntityManager, customers: readonly string[]): Promise<number> {
  const [row]: { n: number }[] = await tx.query(
    `select (select count(*) from contact where customer_id = any($1) and deleted_at is null)::int
          + (select count(*) from record where customer_id = any($1) and deleted_at is null)::int
          + (select count(*) from request where customer_id = any($1) and deleted_at is null)::int as n`,
    [customers],
  );
  return (row?.n ?? 0) + customers.length;
}

/** Refuses to delete, together with a customer, entries that the caller could not delete individually. */
export async function refuseProtected(tx: EntityManager, customers: readonly string[]): Promise<void> {
  if (!grantees()) return;
  const [found]: unknown[] = await tx.query(
    `select 1 from customer t where t.id = any($1) and t.deleted_at is null and not (${mayWrite('customer')})
     union all
     select 1 from contact t join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id
     where t.customer_id = any($1) and t.deleted_at is null and not (${mayWrite('contact')}) limit 1`,
    [customers],
  );
  if (found)
    throw new AppError(
      'forbidden',
      'Below this customer are things that you may not change, so you cannot delete it; ask its owner or an admin',
    );
}

/**
 * Moves a customer, the departments below it, all their contacts, records and requests to the bin as one unit (docs/rules.md 1.7). Requires
 * `lockTreeForRemoval`.
 */
export async function binCustomer(tx: EntityManager, customer: StoredCustomer, changes: Changes): Promise<void> {
  const unit = newId();
  const ids = await withDepartments(tx, customer.id);
  await lockContactsForRemoval(tx, ids);
  await refuseProtected(tx, ids);
  const customers = await binRows(tx, 'customer', unit, 't.id = any($2)', ids);
  await deleteKeys(tx, 'customer', ids);
  await deleteDomains(tx, ids);
  const contacts = await binRows(tx, 'contact', unit, 't.customer_id = any($2)', ids);
  const contactIds = contacts.map(({ id }) => id);
  await deleteKeys(tx, 'contact', contactIds);
  const records =
    (await binAndCount(tx, 'record', unit, 't.customer_id = any($2)', ids)) +
    (await binAndCount(tx, 'record', unit, 't.contact_id = any($2) and t.customer_id is null', contactIds));
  const requests =
    (await binAndCount(tx, 'request', unit, 't.customer_id = any($2)', ids)) +
    (await binAndCount(tx, 'request', unit, 't.contact_id = any($2) and t.customer_id is null', contactIds));
  changes.customers.push(...customers);
  changes.contacts.push(...contacts);
  await publishBinnedRecordChanges(tx, unit);
  await insertUnit(tx, {
    id: unit,
    kind: 'customer',
    entryId: customer.id,
    name: customer.name,
    readers: customer.readers,
    customerReaders: null,
    counts: { customers: customers.length, contacts: contacts.length, records, requests },
  });
}

/** Moves a request to the bin; its contact stays. Only agents who could see the request before may see it there. */
export async function binRequest(tx: EntityManager, request: StoredRequest): Promise<void> {
  const unit = newId();
  await binRows(tx, 'request', unit, 't.id = any($2)', [request.id]);
  await insertUnit(tx, {
    id: unit,
    kind: 'request',
    entryId: request.id,
    name: request.subject ?? `${request.number}`,
    readers: request.contactReaders,
    customerReaders: intersect(request.contactsCustomerReaders, request.customerReaders),
    counts: { customers: 0, contacts: 0, records: 0, requests: 1 },
  });
}

const intersect = (a: string[] | null, b: string[] | null): string[] | null => (a && b ? a.filter((one) => b.includes(one)) : (a ?? b));
