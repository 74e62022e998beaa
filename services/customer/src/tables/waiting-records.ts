import type { EntityManager } from 'typeorm';
import { publishDerivedChange } from '../changes/changes.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { Values } from '../fields/shared-fields.js';
import type { RecordRow } from './record.table.js';

// A record may name its contact by an e-mail or external id that nobody has yet; it waits for the contact who gets it (docs/rules.md 4.3).
// Without a lock, a record that finds nobody and a contact that finds nothing waiting could miss each other when both are written at the same
// moment. So whoever gives keys to contacts holds the tenant's lock of waiting records shared, and who lets a record wait holds it alone.

/**
 * Everything that writes keys of contacts is done in here: `write` does it, then the records that wait for these contacts are linked.
 * Costs one small statement as long as nothing waits in the tenant.
 */
export async function withContactKeyChange(tx: EntityManager, contacts: readonly Keyed[], write: () => Promise<void>): Promise<void> {
  const [some]: { waiting: boolean }[] = await tx.query('select hold_waiting_records() as waiting');
  await write();
  if (some?.waiting) await linkWaiting(tx, contacts);
}

/** From here to the end of the transaction no contact gets a key. To be called before the last look for the contacts of records that may have to wait. */
export async function blockNewContactKeys(tx: EntityManager): Promise<void> {
  await tx.query('select hold_appearing_contacts()');
}

interface Keyed extends Pick<Values, 'emails' | 'externalIds'> {
  id: string;
}
interface Link {
  recordId: string;
  contactId: string;
  /** An address that links only when nobody else has it, because it is not this contact's primary one. */
  ifOnly: string | null;
  rank: number;
}

/**
 * A primary address comes before an external id, and that before another address, which must be nobody else's. The contacts themselves are told of
 * by their own change.
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
  // As a subselect, because planning with thousands of values that are known takes ten times as long as finding them.
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
  // Another contact may have been faster with another key of the same record; then that one keeps it.
  const linked: { id: string; customerId: string | null; isOpportunity: boolean }[] = await tx.query(
    `with mine as (
       select t.id, l.contact_id from record t join unnest($1::uuid[], $2::uuid[], $3::text[]) as l (record_id, contact_id, if_only) on t.id = l.record_id
       where l.if_only is null or not exists (
         select from contact_key a where a.kind = 'email' and a.value = l.if_only and a.contact_id <> l.contact_id)
       order by t.id for no key update of t
     ), linked as (
       update record t set contact_id = c.id, customer_id = coalesce(t.customer_id, c.customer_id), named = null,
         version = t.version + 1, updated_at = now()
       from mine m join contact c on c.id = m.contact_id
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

/** Lets records wait for what they name, or no longer: those of `changed` anew. To be called under `blockNewContactKeys` when some are to wait. */
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
