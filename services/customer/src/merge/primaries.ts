import type { EntityManager } from 'typeorm';
import type { Changes } from '../changes/changes.js';

/** Primary contacts by customer. */
export type Primaries = Map<string, string>;

/** The primary contact of each of these customers. */
export async function primariesOf(tx: EntityManager, customers: readonly string[]): Promise<Primaries> {
  const rows: { id: string; contact: string }[] = await tx.query(
    'select id, primary_contact_id as contact from customer where id = any($1) and primary_contact_id is not null and deleted_at is null',
    [[...new Set(customers)]],
  );
  return new Map(rows.map(({ id, contact }) => [id, contact]));
}

/**
 * Replaces the primary contact `before` of customers by `after`; skips customers with another primary contact, and contacts that do not exist.
 * Increments the versions of the customers and of both contacts, except those in `alreadyWritten`, which this transaction has written before.
 */
export async function transferPrimaryContacts(
  tx: EntityManager,
  places: readonly { customer: string; before: string; after: string }[],
  changes: Changes,
  alreadyWritten: ReadonlySet<string>,
): Promise<void> {
  if (places.length === 0) return;
  const done: { id: string; version: number; before: string; after: string }[] = await tx.query(
    `with done as (
       update customer k set primary_contact_id = p.after, version = k.version + 1, updated_at = now()
       from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as p (customer, before, after)
       where k.id = p.customer and k.primary_contact_id = p.before and k.deleted_at is null
         and exists (select from contact t where t.id = p.after and t.customer_id = k.id and t.deleted_at is null)
       returning k.id, k.version, p.before, p.after
     ) select * from done order by id`,
    [places.map(({ customer }) => customer), places.map(({ before }) => before), places.map(({ after }) => after)],
  );
  for (const { id, version, before, after } of done)
    changes.customers.push({ id, version, change: 'updated', fields: { primaryContactId: [before, after] } });
  const [raised]: [{ id: string; version: number }[]] = await tx.query(
    'update contact set version = version + 1, updated_at = now() where id = any($1) and not id = any($2) and deleted_at is null returning id, version',
    [done.flatMap(({ before, after }) => [before, after]), [...alreadyWritten]],
  );
  const now = new Set(done.map(({ after }) => after));
  for (const { id, version } of raised)
    changes.contacts.push({ id, version, change: 'updated', fields: { isPrimaryContact: [!now.has(id), now.has(id)] } });
}
