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
 * Locks the customers of these contacts, and others, before the contacts themselves are locked. Whoever moves or deletes contacts begins with it:
 * settling needs the customer and then another contact of it, so in any other order two who do so at once would wait for each other.
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
 * Gives each of these customers a primary contact if it has contacts and none of them is it: the oldest (docs/rules.md 1.5).
 * To be called after contacts came, left or were deleted; raises the versions of the customers and of contacts that became primary
 * (those in `fresh` have just been written, and are told of anyway).
 */
export async function ensurePrimaryContacts(
  tx: EntityManager,
  customerIds: Iterable<string>,
  changes: Changes,
  alreadyWritten: ReadonlySet<string>,
): Promise<void> {
  const ids = [...new Set(customerIds)].sort();
  if (ids.length === 0) return;
  // What others did to their contacts is seen only by a statement that begins when they have let go of the customer.
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
