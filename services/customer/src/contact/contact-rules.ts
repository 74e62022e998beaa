import { AppError, grantees } from '@kontor/bus';
import { isFreeMail, type Settings } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { mayRead, mayWrite, readOnly } from '../access/access.js';
import { domainOf, emailKey } from '../fields/lookup-keys.js';
import { primaryOf } from '../fields/primary.js';
import type { ContactRow } from '../tables/contact.table.js';
import { readAndLockParents } from '../tables/lock-parents.js';

/** The contact that has an e-mail. Its name is null if the caller may not see it. */
export interface Holder {
  id: string;
  displayName: string | null;
}

/** The contacts that have these e-mails as primary address, by address in lower case. */
export async function holdersOf(tx: EntityManager, addresses: readonly string[]): Promise<Map<string, Holder>> {
  if (addresses.length === 0) return new Map();
  const rows: (Holder & { value: string })[] = await tx.query(
    `select a.value, t.id, case when ${mayRead('contact')} then t.display_name end as "displayName"
     from contact_key a join contact t on t.tenant_id = a.tenant_id and t.id = a.contact_id
     ${grantees() ? 'left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id' : ''}
     where a.kind = 'email' and a.is_primary and a.value = any($1)`,
    [addresses],
  );
  return new Map(rows.map((row) => [row.value, row]));
}

export const primaryEmail = (row: Pick<ContactRow, 'emails'>): string | undefined => {
  const email = row.emails.find((one) => one.primary);
  return email && emailKey(email.address);
};

/** The error for a primary e-mail that another contact has (docs/rules.md 2.6). It names that contact if the caller may see it. */
export const emailTaken = ({ id, displayName }: Holder, path = 'emails'): AppError => {
  const errors = [{ path, message: 'is the primary e-mail of another contact', code: 'email-taken' }];
  return displayName === null
    ? new AppError(
        'email-taken',
        'This primary e-mail already belongs to a contact you may not see; give this one another primary address',
        { errors },
      )
    : new AppError(
        'email-taken',
        `This primary e-mail already belongs to ${displayName} (${id}); change that contact, or give this one another primary address`,
        { contactId: id, errors },
      );
};

/** Refuses a primary e-mail that another contact has. */
export async function refuseTakenEmail(tx: EntityManager, row: ContactRow): Promise<void> {
  const email = primaryEmail(row);
  const holder = email && (await holdersOf(tx, [email])).get(email);
  if (holder && holder.id !== row.id) throw emailTaken(holder, `emails[${row.emails.findIndex((one) => one.primary)}].address`);
}

type Existing = Map<string, { id: string; mayWrite: boolean }>;

/** Those of these customers that the caller may see, and whether it may change them, which adding contacts requires. */
export async function visibleCustomers(tx: EntityManager, ids: readonly string[]): Promise<Existing> {
  if (ids.length === 0) return new Map();
  const rows: { id: string; mayWrite: boolean }[] = await tx.query(
    `select t.id, ${mayWrite('customer')} as "mayWrite" from customer t where t.id = any($1) and t.deleted_at is null and ${mayRead('customer')}`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** The same for adding to them: locked until the transaction ends, so that they cannot be deleted meanwhile. */
export const lockVisibleCustomers = (tx: EntityManager, ids: readonly string[]): Promise<Existing> =>
  readAndLockParents(
    tx,
    () => visibleCustomers(tx, ids),
    (found) => ({ customers: found.keys() }),
  );

/** Refuses a customer that the caller may not see or change. */
export function refuseBadCustomer(customers: ReadonlyMap<string, { mayWrite: boolean }>, id: string | null | undefined): void {
  if (!id) return;
  const customer = customers.get(id);
  if (!customer) throw noSuchCustomer();
  if (!customer.mayWrite) throw readOnly('customer');
}

/** Those of these agents that have called the API before. */
export async function knownAgents(tx: EntityManager, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows: { id: string }[] = await tx.query('select id from agent where id = any($1)', [ids]);
  return new Set(rows.map((row) => row.id));
}

export async function refuseUnknownOwner(tx: EntityManager, ownerId: string | null | undefined): Promise<void> {
  if (ownerId && !(await knownAgents(tx, [ownerId])).has(ownerId)) throw noSuchAgent();
}

export async function refuseUnknownCustomer(tx: EntityManager, customerId: string | null | undefined): Promise<void> {
  if (customerId) refuseBadCustomer(await lockVisibleCustomers(tx, [customerId]), customerId);
}

const unknown = (path: string, message: string): AppError =>
  new AppError('invalid', `${path}: ${message}`, { errors: [{ path, message, code: 'unknown' }] });

export const noSuchAgent = () => unknown('ownerId', 'must be the id of an agent of this tenant; GET /v1/agents lists them');
const noSuchCustomer = () => unknown('customerId', 'must be the id of a customer');

/**
 * The customers of new contacts by mail domain, if the tenant has enabled that: the customer that alone has the domain (docs/rules.md 1.3). Only for
 * contacts whose customer was not specified.
 */
export async function customersByDomain(tx: EntityManager, rows: readonly ContactRow[], settings: Settings): Promise<Map<string, string>> {
  const customers = await lockCustomersOfDomains(
    tx,
    rows.flatMap((row) => primaryOf(row.emails)?.address ?? []),
    settings,
  );
  return new Map(
    rows.flatMap((row) => {
      const email = primaryOf(row.emails);
      const customer = email && customers.get(domainOf(email.address));
      return customer ? [[row.id, customer] as const] : [];
    }),
  );
}

/** The customers of the domains of these addresses, locked. Whatever also locks contacts must call this first, to keep the lock order. */
export async function lockCustomersOfDomains(
  tx: EntityManager,
  addresses: readonly string[],
  settings: Settings,
): Promise<Map<string, string>> {
  // A customer may have one from before they were refused.
  const domains = new Set(addresses.map(domainOf).filter((domain) => !isFreeMail(domain)));
  if (!settings.assignByMailDomain || domains.size === 0) return new Map();
  // Customers that the caller may not see or change are not used, so that nobody adds to them unknowingly.
  const read = (): Promise<{ domain: string; id: string }[]> =>
    tx.query(
      `select d.domain, t.id from (
         select a.domain, min(a.customer_id::text)::uuid as id from customer_domain a join customer t on t.id = a.customer_id
         where a.domain = any($1) and t.deleted_at is null and ${mayRead('customer')} group by a.domain having count(*) = 1
       ) d join customer t on t.id = d.id where ${mayWrite('customer')}`,
      [[...domains]],
    );
  const found = await readAndLockParents(tx, read, (rows) => ({ customers: rows.map(({ id }) => id) }));
  return new Map(found.map((row) => [row.domain, row.id]));
}
