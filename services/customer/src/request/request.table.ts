import { isDeepStrictEqual } from 'node:util';
import { AppError, grantees } from '@kontor/bus';
import type { ServiceRequest, ServiceRequestSummary, WorkSiteAddress } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { LINKED_ROWS_EXIST, mayReadAll, mayWriteAll, readOnly } from '../access/access.js';
import { primaryOf } from '../fields/primary.js';
import { type Columns, insertRows, type ReadMode, selectList, updateRows } from '../sql/rows.js';
import { callerView, type StatedCaller } from './caller.js';

/** A request as it is stored. */
export interface RequestRow {
  id: string;
  number: number;
  subject: string | null;
  description: string | null;
  status: ServiceRequest['status'];
  caller: StatedCaller;
  contactId: string | null;
  /** Every contact it was ever linked to: it may hold data of each of them. */
  people: string[];
  customerId: string | null;
  workSiteAddress: WorkSiteAddress | null;
  ownerId: string | null;
}
export interface StoredRequest extends RequestRow {
  version: number;
  createdAt: string;
  updatedAt: string;
  mayWrite: boolean;
  /** The readers of its contact, of the customer of that contact, and of its own customer. */
  contactReaders: string[] | null;
  contactsCustomerReaders: string[] | null;
  customerReaders: string[] | null;
  /** Whether its contact and its customer exist and are not in the bin. */
  contactIsLive: boolean;
  customerIsLive: boolean;
}

const columns: Columns = {
  number: 'int',
  subject: 'text',
  description: 'text',
  status: 'text',
  caller: 'jsonb',
  contactId: 'uuid',
  people: 'uuid[]',
  customerId: 'uuid',
  workSiteAddress: 'jsonb',
  ownerId: 'uuid',
};

/** Access to a request requires access to its contact and customer, even if those are in the bin. */
export const requestRead = {
  columns: `${selectList(columns)}, c.id is not null and c.deleted_at is null as "contactIsLive",
    k.id is not null and k.deleted_at is null as "customerIsLive"`,
  from: `request t
    left join contact c on c.tenant_id = t.tenant_id and c.id = t.contact_id
    left join customer ck on ck.tenant_id = c.tenant_id and ck.id = c.customer_id
    left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id`,
};
/** SQL: the caller may see this request. */
export const mayReadRequest = (): string => (grantees() ? `${LINKED_ROWS_EXIST} and ${mayReadAll('c', 'ck', 'k')}` : 'true');

/** SQL: the caller may change this request. */
export const mayWriteRequest = (): string => mayWriteAll('c', 'ck', 'k');

export async function insertRequest(tx: EntityManager, row: RequestRow): Promise<void> {
  await insertRows(tx, 'request', columns, [row]);
}

/** Updates a request, unless nothing differs. */
export async function updateRequest(tx: EntityManager, before: RequestRow, after: RequestRow): Promise<void> {
  const same = Object.keys(columns).every((name) => isDeepStrictEqual(before[name as keyof RequestRow], after[name as keyof RequestRow]));
  if (!same) await updateRows(tx, 'request', columns, [after]);
}

/** The next request number of the tenant. Blocks other new requests until the transaction ends, so it is called last. */
export async function nextNumber(tx: EntityManager): Promise<number> {
  const [row]: { last: number }[] = await tx.query(
    'insert into request_number (last) values (1) on conflict (tenant_id) do update set last = request_number.last + 1 returning last',
  );
  return row?.last ?? 1;
}

async function readRequests(tx: EntityManager, id: string, reading?: ReadMode): Promise<StoredRequest[]> {
  if (reading === 'lock') await tx.query('select 1 from request where id = $1 and deleted_at is null for no key update', [id]);
  return tx.query(
    `select ${requestRead.columns}, ${mayWriteRequest()} as "mayWrite", c.readers as "contactReaders",
       ck.readers as "contactsCustomerReaders", k.readers as "customerReaders"
     from ${requestRead.from}
     where t.id = $1 and t.deleted_at is null and ${reading === 'unfiltered' ? 'true' : mayReadRequest()}`,
    [id],
  );
}

/** Fails with the same `not-found` if it does not exist, is in the bin or is hidden from the caller. */
export async function readRequest(tx: EntityManager, id: string, reading?: ReadMode): Promise<StoredRequest> {
  const [request] = await readRequests(tx, id, reading);
  if (!request) throw new AppError('not-found', 'There is no request with this id');
  return request;
}

/** The same for changing it: locks the row, and fails with `forbidden` if its contact or customer is read-only for the caller. */
export async function writableRequest(tx: EntityManager, id: string): Promise<StoredRequest> {
  const request = await readRequest(tx, id, 'lock');
  if (!request.mayWrite) throw readOnly('request');
  return request;
}

/** Links a request to this contact. */
export const withLink = (request: RequestRow, contactId: string): Pick<RequestRow, 'contactId' | 'people'> => ({
  contactId,
  people: [...new Set([...request.people, contactId])],
});

/**
 * Deletes all requests that may hold data of these contacts, for erasing a person: those that are or were linked to them, and unlinked ones with one
 * of their addresses, with their entries in the bin. To be called while the rows of the contacts exist. Returns the number of deleted requests. Scans
 * all requests of the tenant, which is acceptable for an erasure.
 */
export async function forgetRequests(tx: EntityManager, contactIds: readonly string[]): Promise<number> {
  const [row]: { n: number }[] = await tx.query(
    `with theirs as (
       select lower(e->>'address') as address from contact c cross join jsonb_array_elements(c.emails) e where c.id = any($1)
     ), gone as (
       delete from request where people && $1::uuid[] or contact_id = any($1)
         or contact_id is null and exists (
           select from jsonb_array_elements(coalesce(caller->'emails', '[]')) e where lower(e->>'address') in (select address from theirs))
       returning id),
       units as (delete from bin where kind = 'request' and entry_id in (select id from gone))
     select count(*)::int as n from gone`,
    [contactIds],
  );
  return row?.n ?? 0;
}

/** Hides links to what is in the bin or purged; they reappear when it is restored. */
const withPresentLinks = (request: StoredRequest): StoredRequest => ({
  ...request,
  contactId: request.contactIsLive ? request.contactId : null,
  customerId: request.customerIsLive ? request.customerId : null,
});

export const requestView = (request: StoredRequest): ServiceRequest => ({
  ...withPresentLinks(request),
  caller: callerView(request.caller),
});

export function requestSummary(request: StoredRequest): ServiceRequestSummary {
  const { displayName, emails, phones } = callerView(request.caller);
  return {
    ...withPresentLinks(request),
    caller: { displayName, email: primaryOf(emails)?.address ?? null, phone: primaryOf(phones)?.number ?? null },
  };
}
