import type { InputOf, ListContacts, listContactIds, listCustomerContacts, Summary } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { sharedFilters } from '../filters/filters.js';
import { Conditions, readPage } from '../paging/page.js';
import { readSettings } from '../settings/settings.service.js';
import { contactRead, contactSummary, type StoredContact } from '../tables/contact.table.js';
import { readCustomer } from '../tables/customer.table.js';

type Page = { items: Summary[]; nextCursor: string | null };

@Injectable()
export class ContactLists {
  constructor(private readonly db: Database) {}

  list(input: ListContacts): Promise<Page> {
    return this.db.transaction(async (tx) => page(tx, await contactConditions(tx, input), input));
  }

  ofCustomer(input: InputOf<typeof listCustomerContacts>): Promise<Page> {
    return this.db.transaction(async (tx) => {
      input = { ...input, id: (await readCustomer(tx, input.id)).id };
      return page(tx, Conditions.live('contact').add('t.customer_id = $', input.id), input);
    });
  }

  idsOf({ customerId, after, limit }: InputOf<typeof listContactIds>): Promise<{ ids: string[] }> {
    return this.db.transaction(async (tx) => {
      const where = Conditions.live('contact').add('t.customer_id = $', customerId);
      if (after) where.add('t.id > $', after);
      const rows: { id: string }[] = await tx.query(
        `select t.id from ${contactRead.from} where ${where} order by t.id limit ${limit}`,
        where.parameters,
      );
      return { ids: rows.map((row) => row.id) };
    });
  }
}

/** The conditions of a list, an export or a bulk edit of contacts. */
export async function contactConditions(tx: EntityManager, input: Omit<ListContacts, 'sort' | 'limit' | 'cursor'>): Promise<Conditions> {
  const where = await sharedFilters(tx, input, 'contact', (await readSettings(tx)).country);
  if (input.employeeCode !== undefined)
    where.add(`t.id in (select k.contact_id from contact_key k where k.kind = 'code' and k.value = $)`, input.employeeCode);
  if (input.customerId === 'none') where.add('t.customer_id is null');
  else if (input.customerId !== undefined) where.add('t.customer_id = $', input.customerId);
  return where;
}

async function page(tx: EntityManager, where: Conditions, input: Pick<ListContacts, 'sort' | 'limit' | 'cursor'>): Promise<Page> {
  const { rows, nextCursor } = await readPage<StoredContact>(tx, {
    ...contactRead,
    where,
    sort: input.sort,
    limit: input.limit,
    cursor: input.cursor,
  });
  return { items: rows.map(contactSummary), nextCursor };
}
