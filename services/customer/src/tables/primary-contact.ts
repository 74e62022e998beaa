import type { EntityManager } from 'typeorm';
import type { Changes } from '../changes/changes.js';

interface Moved {
  id: string;
  version: number;
  before: string | null;
  after: string | null;
  afterVersion: number | null;
}

/**
 * Locks the customers of these contacts, and `others`, before the contacts themselves. Moving and deleting contacts begins with it:
 * `ensurePrimaryContacts` needs the customer and then another contact of it, so any other order could deadlock.
 */
export async function lockCustomersOf(
  tx: EntityManager,
  contactIds: readonly string[],
  others: readonly (string | null)[] = [],
): Promise<void> {
  await tx.query(
    `select 1 from customer where id = any(array(select customer_id from contact where id = any($1) union select unnest($2::uuid[])))
     order by id for no key update`,
    [contactIds, others.filter(Boolean)],
  );
}

/**
 * Gives each of these customers a primary contact if it has contacts but none of them is primary: the oldest (docs/rules.md 1.5). To be called after
 * contacts were added, moved or deleted. Increments the versions of the customers and of contacts that became primary, except those in
 * `alreadyWritten`, which this transaction has written before.
 */
export async function ensurePrimaryContacts(
  tx: EntityManager,
  customerIds: Iterable<string>,
  changes: Changes,
  alreadyWritten: ReadonlySet<string>,
): Promise<void> {
  const ids = [...new Set(customerIds)].sort();
  if (ids.length === 0) return;
  // A separate statement: only one that starts after the lock is acquired sees what concurrent transactions did to the contacts.
  await tx.query('select 1 from customer where id = any($1) order by id for no key update', [ids]);
  const moved: Moved[] = await tx.query(
    `with wanted as (
       select k.id, k.primary_contact_id as before,
         (select t.id from contact t where t.customer_id = k.id and t.deleted_at is null order by t.id limit 1) as after
       from customer k
       where k.id = any($1) and k.deleted_at is null
         and not exists (select from contact t where t.id = k.primary_contact_id and t.customer_id = k.id and t.deleted_at is null)
     ), done as (
       update customer k set primary_contact_id = w.after, version = k.version + 1, updated_at = now()
       from wanted w where k.id = w.id and k.primary_contact_id is distinct from w.after
       returning k.id, k.version, w.before, w.after
     ), raised as (
       update contact t set version = t.version + 1, updated_at = now()
       from done d where t.id = d.after and not t.id = any($2) returning t.id, t.version
     )
     select done.*, raised.version as "afterVersion" from done left join raised on raised.id = done.after`,
    [ids, [...alreadyWritten]],
  );
  for (const { id, version, before, after, afterVersion } of moved) {
    changes.customers.push({ id, version, change: 'updated', fields: { primaryContactId: [before, after] } });
    if (after && afterVersion)
      changes.contacts.push({ id: after, version: afterVersion, change: 'updated', fields: { isPrimaryContact: [false, true] } });
  }
}
