import type { ContactGroup } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { mayRead } from '../access/access.js';
import { Conditions } from '../paging/page.js';
import { contactRead, contactSummary, type StoredContact } from '../tables/contact.table.js';

// Larger counts would cost more than they are worth.
const MAX_COUNTED = 10_000;

/** For each of these customers, its first contacts by name and how many it has, as far as the caller may see them. Two statements in total. */
export async function groupsOf(tx: EntityManager, ids: readonly string[], limit: number): Promise<Map<string, ContactGroup>> {
  if (ids.length === 0) return new Map();
  const ofCustomer = `t.customer_id = k.id and t.tenant_id = k.tenant_id and t.deleted_at is null and ${mayRead('contact')}`;
  const counts: { id: string; n: number }[] = await tx.query(
    `select k.id, (select count(*)::int from (select from contact t where ${ofCustomer} limit ${MAX_COUNTED}) counted) as n from customer k where k.id = any($1)`,
    [ids],
  );
  const contacts: StoredContact[] = await tx.query(
    `select c.* from customer k cross join lateral (
       select ${contactRead.columns} from contact t where ${ofCustomer} order by t.sort_name, t.id limit ${limit}
     ) c where k.id = any($1)`,
    [ids],
  );
  const groups = new Map(counts.map(({ id, n }) => [id, { contacts: [] as ContactGroup['contacts'], contactCount: n }]));
  for (const contact of contacts) groups.get(contact.customerId ?? '')?.contacts.push(contactSummary(contact));
  return groups;
}

/** The contacts without a customer, as a separate group (docs/rules.md 1.4). */
export async function groupWithoutCustomer(tx: EntityManager, limit: number): Promise<ContactGroup> {
  const where = Conditions.live('contact').add('t.customer_id is null');
  const contacts: StoredContact[] = await tx.query(
    `select ${contactRead.columns} from ${contactRead.from} where ${where} order by t.sort_name, t.id limit ${limit}`,
    where.parameters,
  );
  const [count]: { n: number }[] = await tx.query(
    `select count(*)::int as n from (select from ${contactRead.from} where ${where} limit ${MAX_COUNTED}) counted`,
    where.parameters,
  );
  return { contacts: contacts.map(contactSummary), contactCount: count?.n ?? 0 };
}
