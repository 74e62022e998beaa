import { AppError } from '@kontor/bus';
import type { Settings } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { domainOf, emailKey } from '../values/check-values.js';
import { primaryOf } from '../values/primary.js';
import type { ContactRow } from './contact.table.js';

/** Who has these e-mails as primary address now: address in lower case → contact. */
export async function holdersOf(
  tx: EntityManager,
  addresses: readonly string[],
): Promise<Map<string, { id: string; displayName: string }>> {
  if (addresses.length === 0) return new Map();
  const rows: { value: string; id: string; displayName: string }[] = await tx.query(
    `select k.value, t.id, t.display_name as "displayName" from contact_key k join contact t on t.tenant_id = k.tenant_id and t.id = k.contact_id
     where k.kind = 'email' and k.is_primary and k.value = any($1)`,
    [addresses],
  );
  return new Map(rows.map((row) => [row.value, row]));
}

export const primaryEmail = (row: Pick<ContactRow, 'emails'>): string | undefined => {
  const email = row.emails.find((one) => one.primary);
  return email && emailKey(email.address);
};

/** The refusal of an e-mail that another contact has (product.md 2.6); it names that contact. */
export const emailTaken = (holder: { id: string; displayName: string }, path = 'emails'): AppError =>
  new AppError(
    'email-taken',
    `This primary e-mail is already that of ${holder.displayName} (${holder.id}); change that contact, or give this one another primary address`,
    {
      contactId: holder.id,
      errors: [{ path, message: 'is the primary e-mail of another contact', code: 'email-taken' }],
    },
  );

/** Refuses primary e-mails that other contacts have. */
export async function refuseTakenEmail(tx: EntityManager, row: ContactRow): Promise<void> {
  const email = primaryEmail(row);
  const holder = email && (await holdersOf(tx, [email])).get(email);
  if (holder && holder.id !== row.id) throw emailTaken(holder, `emails[${row.emails.findIndex((one) => one.primary)}].address`);
}

/** Which of these customers exist and are not in the bin. */
export async function existingCustomers(tx: EntityManager, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows: { id: string }[] = await tx.query('select id from customer where id = any($1) and deleted_at is null', [ids]);
  return new Set(rows.map((row) => row.id));
}

/** Which of these agents have ever called the API. */
export async function knownAgents(tx: EntityManager, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows: { id: string }[] = await tx.query('select id from agent where id = any($1)', [ids]);
  return new Set(rows.map((row) => row.id));
}

export async function refuseUnknownOwner(tx: EntityManager, ownerId: string | null | undefined): Promise<void> {
  if (ownerId && !(await knownAgents(tx, [ownerId])).has(ownerId)) throw noSuchAgent();
}

export async function refuseUnknownCustomer(tx: EntityManager, customerId: string | null | undefined): Promise<void> {
  if (customerId && !(await existingCustomers(tx, [customerId])).has(customerId)) throw noSuchCustomer();
}

const unknown = (path: string, message: string): AppError =>
  new AppError('invalid', `${path}: ${message}`, { errors: [{ path, message, code: 'unknown' }] });

export const noSuchAgent = () => unknown('ownerId', 'names no agent of this tenant; GET /v1/agents lists them');
export const noSuchCustomer = () => unknown('customerId', 'names no customer');

/**
 * The customers that new contacts fall to by their mail domain, when the tenant wants that: a domain that exactly one customer has (product.md 1.3).
 * Only for contacts of whom nobody has said which customer they belong to.
 */
export async function customersByDomain(tx: EntityManager, rows: readonly ContactRow[], settings: Settings): Promise<Map<string, string>> {
  if (!settings.assignByMailDomain) return new Map();
  const domains = new Set(rows.flatMap((row) => primaryOf(row.emails)?.address ?? []).map(domainOf));
  if (domains.size === 0) return new Map();
  const found: { domain: string; id: string }[] = await tx.query(
    `select domain, min(customer_id::text)::uuid as id from customer_domain where domain = any($1) group by domain having count(*) = 1`,
    [[...domains]],
  );
  const customers = new Map(found.map((row) => [row.domain, row.id]));
  return new Map(
    rows.flatMap((row) => {
      const email = primaryOf(row.emails);
      const customer = email && customers.get(domainOf(email.address));
      return customer ? [[row.id, customer] as const] : [];
    }),
  );
}
