import type { EntityManager } from 'typeorm';
import { publishDerivedChange } from '../changes/changes.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { Values } from '../fields/shared-fields.js';
import type { RecordRow } from './record.table.js';

// A record may reference its contact by an e-mail or external id that no contact has yet; it is linked when a contact gets it (docs/rules.md 4.3).
// Without a lock, a record that finds no contact and a concurrent contact that finds no waiting record could miss each other. So transactions that
// add contact keys hold the tenant's advisory lock shared, and transactions that let a record wait hold it exclusively.

/**
 * Runs `write`, which changes keys of contacts, and then links the records that wait for these contacts. All changes of contact keys go through here.
 * Costs one small statement if nothing waits in the tenant.
 */
export async function withContactKeyChange(tx: EntityManager, contacts: readonly Keyed[], write: () => Promise<void>): Promise<void> {
  const [some]: { waiting: boolean }[] = await tx.query('select hold_waiting_records() as waiting');
  await write();
  if (some?.waiting) await linkWaiting(tx, contacts);
}

/**
 * Blocks changes of contact keys until the transaction ends. Must be called before the final look-up of contacts for records that may have to wait.
 */
export async function blockNewContactKeys(tx: EntityManager): Promise<void> {
  await tx.query('select hold_appearing_contacts()');
}

interface Keyed extends Pick<Values, 'emails' | 'externalIds'> {
  id: string;
}
interface Link {
  recordId: string;
  contactId: string;
  /** A non-primary address: it links only if no other contact has it. */
  ifOnly: string | null;
  rank: number;
}

/**
 * A primary address takes precedence over an external id, and that over a non-primary address, which no other contact may have. No events are
 * published for the contacts: their own change is published anyway.
 */
async function linkWaiting(tx: EntityManager, contacts: readonly Keyed[]): Promise<void> {
  const emails = new Map<string, Omit<Link, 'recordId'>>();
  const externals = new Map<string, Omit<Link, 'recordId'>>();
  for (const { id: contactId, ...contact } of contacts) {
    for (const { address, primary } of contact.emails) {
      const value = emailKey(address);
      if (primary || !emails.has(value)) emails.set(value, { contactId, ifOnly: primary ? null : value, rank: primary ? 0 : 2 });
    }
    for (const one of contact.externalIds) externals.set(externalIdKey(one), { contactId, ifOnly: null, rank: 1 });
  }
  // As a subselect: planning with thousands of inlined values takes ten times as long as the look-up.
  const found: { recordId: string; kind: string; value: string }[] = await tx.query(
    `select record_id as "recordId", kind, value from record_waiting where kind = 'email' and value = any((select $1::text[])::text[])
     union all select record_id, kind, value from record_waiting where kind = 'external' and value = any((select $2::text[])::text[])`,
    [[...emails.keys()], [...externals.keys()]],
  );
  if (found.length === 0) return;
  const links = new Map<string, Link>();
  for (const { recordId, kind, value } of found) {
    const link = (kind === 'email' ? emails : externals).get(value);
    if (link && link.rank < (links.get(recordId)?.rank ?? 3)) links.set(recordId, { recordId, ...link });
  }
  await link(tx, [...links.values()]);
}

async function link(tx: EntityManager, links: readonly Link[]): Promise<void> {
  // If a concurrent contact has been linked by another key of the same record, that link stays.
  const linked: { id: string; customerId: string | null; isOpportunity: boolean }[] = await tx.query(
    `with target as (
       select t.id, l.contact_id from record t join unnest($1::uuid[], $2::uuid[], $3::text[]) as l (record_id, contact_id, if_only) on t.id = l.record_id
       where l.if_only is null or not exists (
         select from contact_key a where a.kind = 'email' and a.value = l.if_only and a.contact_id <> l.contact_id)
       order by t.id for no key update of t
     ), linked as (
       update record t set contact_id = c.id, customer_id = coalesce(t.customer_id, c.customer_id), named = null,
         version = t.version + 1, updated_at = now()
       from target m join contact c on c.id = m.contact_id
       where t.id = m.id and t.contact_id is null and t.named is not null
       returning t.id, t.customer_id, t.kind = 'opportunity' and t.deleted_at is null as is_opportunity
     ), gone as (
       delete from record_waiting w using linked l where w.record_id = l.id
     )
     select id, customer_id as "customerId", is_opportunity as "isOpportunity" from linked`,
    [links.map((one) => one.recordId), links.map((one) => one.contactId), links.map((one) => one.ifOnly)],
  );
  const customers = linked.flatMap(({ customerId, isOpportunity }) => (isOpportunity && customerId ? customerId : []));
  await publishDerivedChange(tx, 'customer', customers, 'hasOpportunities');
}

/** Stores what these records wait for, replacing the entries of those in `changed`. Requires `blockNewContactKeys` if any record is to wait. */
export async function writeWaiting(tx: EntityManager, rows: readonly RecordRow[], changed: readonly string[]): Promise<void> {
  if (changed.length > 0) await tx.query('delete from record_waiting where record_id = any($1)', [changed]);
  const keys = rows.flatMap(({ id, named }) => [
    ...(named?.email ? [{ id, kind: 'email', value: emailKey(named.email) }] : []),
    ...(named?.externalId ? [{ id, kind: 'external', value: externalIdKey(named.externalId) }] : []),
  ]);
  if (keys.length === 0) return;
  await tx.query(`insert into record_waiting (kind, value, record_id) select * from unnest($1::text[], $2::text[], $3::uuid[])`, [
    keys.map((one) => one.kind),
    keys.map((one) => one.value),
    keys.map((one) => one.id),
  ]);
}
