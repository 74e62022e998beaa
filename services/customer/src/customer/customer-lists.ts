import { AppError, grantees } from '@kontor/bus';
import type {
  getCustomerContacts,
  getEntries,
  InputOf,
  ListCustomers,
  listCustomers,
  listHiddenOpportunities,
  listVersions,
  OutputOf,
  Summary,
} from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { mayRead } from '../access/access.js';
import { havingHiddenOpportunities, sharedFilters } from '../filters/filters.js';
import { Conditions, readPage } from '../paging/page.js';
import { idsWithOpportunities, projectsOf } from '../record/record-derived-fields.js';
import { readSettings } from '../settings/settings.service.js';
import type { Noun } from '../sql/rows.js';
import { contactRead, contactSummary, readContacts, type StoredContact } from '../tables/contact.table.js';
import { customerRead, customerSummary, readCustomer, readCustomers, type StoredCustomer } from '../tables/customer.table.js';
import { groupsOf, groupWithoutCustomer } from './contact-groups.js';

const MAX_CONTACTS = 1000;
const MAX_HIDDEN = 10_000;

@Injectable()
export class CustomerLists {
  constructor(private readonly db: Database) {}

  list({ sort, limit, cursor, include, contactsLimit, ...filter }: ListCustomers): Promise<OutputOf<typeof listCustomers>> {
    return this.db.transaction(async (tx) => {
      const where = await customerConditions(tx, filter);
      const { rows, nextCursor } = await readPage<StoredCustomer>(tx, { ...customerRead, where, sort, limit, cursor });
      const items = rows.map(customerSummary);
      if (!include) return { items, nextCursor };
      const groups = await groupsOf(
        tx,
        items.map(({ id }) => id),
        contactsLimit,
      );
      const grouped = items.map((item) => ({ ...item, ...groups.get(item.id) }));
      const unfiltered = Object.values(filter).every((one) => one === undefined);
      if (cursor !== undefined || !unfiltered) return { items: grouped, nextCursor };
      return { items: grouped, nextCursor, withoutCustomer: await groupWithoutCustomer(tx, contactsLimit) };
    });
  }

  /** All contacts of a customer in one answer, for services that determine mail recipients. */
  contactsOf({ customerId }: InputOf<typeof getCustomerContacts>): Promise<{ contacts: Summary[] }> {
    return this.db.transaction(async (tx) => {
      await readCustomer(tx, customerId);
      const rows: StoredContact[] = await tx.query(
        `select ${contactRead.columns} from ${contactRead.from} where t.customer_id = $1 and t.deleted_at is null and ${mayRead('contact')} order by t.sort_name, t.id limit ${MAX_CONTACTS + 1}`,
        [customerId],
      );
      if (rows.length > MAX_CONTACTS)
        throw new AppError('too-large', `This customer has more than ${MAX_CONTACTS} contacts; that is more than can be listed at once`);
      return { contacts: rows.map(contactSummary) };
    });
  }

  entries({ ids, records }: InputOf<typeof getEntries>): Promise<OutputOf<typeof getEntries>> {
    return this.db.transaction(async (tx) => {
      const contacts = await readContacts(tx, ids);
      const others = new Set(ids);
      for (const { id } of contacts) others.delete(id);
      const customers = others.size > 0 ? await readCustomers(tx, [...others]) : [];
      if (!records) return { contacts, customers };
      return { contacts: await withRecords(tx, 'contact', contacts), customers: await withRecords(tx, 'customer', customers) };
    });
  }

  async hiddenOpportunities(): Promise<OutputOf<typeof listHiddenOpportunities>> {
    if (!grantees()) return { ids: [] };
    const rows: { id: string }[] = await this.db.transaction((tx) =>
      tx.query(`${havingHiddenOpportunities('contact')} union all ${havingHiddenOpportunities('customer')} limit ${MAX_HIDDEN + 1}`),
    );
    if (rows.length > MAX_HIDDEN)
      throw new AppError(
        'too-large',
        'hasOpportunities cannot be used in this search: too many entries are hidden from you; use the lists instead',
      );
    return { ids: rows.map(({ id }) => id) };
  }

  versionsOf({ kind, after, limit, count }: InputOf<typeof listVersions>): Promise<OutputOf<typeof listVersions>> {
    return this.db.transaction(async (tx) => {
      const where = Conditions.live(kind).addIf('t.id > $', after);
      const items: { id: string; version: number }[] = await tx.query(
        `select t.id, t.version from ${kind} t where ${where} order by t.id limit ${limit}`,
        where.parameters,
      );
      if (!count) return { items };
      const [all] = await tx.query<{ total: number }[]>(`select count(*)::int as total from ${kind} t where ${Conditions.live(kind)}`);
      return { items, total: all?.total ?? 0 };
    });
  }
}

/** The conditions of a list, an export or a bulk edit of customers. */
export async function customerConditions(
  tx: EntityManager,
  input: Omit<ListCustomers, 'sort' | 'limit' | 'cursor' | 'include' | 'contactsLimit'>,
): Promise<Conditions> {
  const where = await sharedFilters(tx, input, 'customer', (await readSettings(tx)).country);
  if (input.parentId === 'none') where.add('t.parent_id is null');
  else if (input.parentId !== undefined) where.add('t.parent_id = $', input.parentId);
  return where;
}

/** Adds the fields derived from records, with one query for all. */
async function withRecords<T extends { id: string }>(tx: EntityManager, noun: Noun, entries: readonly T[]): Promise<T[]> {
  const ids = entries.map(({ id }) => id);
  const having = await idsWithOpportunities(tx, noun, ids);
  const projects = noun === 'contact' ? await projectsOf(tx, ids) : undefined;
  return entries.map((entry) => ({
    ...entry,
    hasOpportunities: having.has(entry.id),
    ...(projects && { projectIds: projects.get(entry.id) ?? [] }),
  }));
}
