import { type exportContacts, type exportCustomers, type InputOf, type OutputOf, type Settings } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { contactConditions } from '../contact/list-contacts.js';
import { customerConditions } from '../customer/customer-lists.js';
import { type Conditions, readPage } from '../paging/page.js';
import { readSettings } from '../settings/settings.service.js';
import type { Noun } from '../sql/rows.js';
import { contactRead, type StoredContact } from '../tables/contact.table.js';
import { customerRead, type StoredCustomer } from '../tables/customer.table.js';
import { columnsOf, toCsv } from './columns.js';
import { cellsOf, contactToRow, customerToCells } from './plain-row.js';

/** The limits of a page, in rows and in bytes. */
const PAGE_ROWS = 500;
const PAGE_BYTES = 1024 * 1024;

type Page = OutputOf<typeof exportContacts>;
interface Source {
  noun: Noun;
  read: { columns: string; from: string };
  /** Built for each query, because `readPage` adds the cursor to it. */
  where(): Promise<Conditions>;
}

@Injectable()
export class Exports {
  constructor(private readonly db: Database) {}

  contacts(input: InputOf<typeof exportContacts>): Promise<Page> {
    return this.db.transaction((tx) =>
      page<StoredContact>(
        tx,
        { noun: 'contact', read: contactRead, where: () => contactConditions(tx, input) },
        input,
        (contact, fields, settings) => cellsOf(contactToRow(contact, fields, settings)),
      ),
    );
  }

  customers(input: InputOf<typeof exportCustomers>): Promise<Page> {
    return this.db.transaction((tx) =>
      page<StoredCustomer>(
        tx,
        { noun: 'customer', read: customerRead, where: () => customerConditions(tx, input) },
        input,
        customerToCells,
      ),
    );
  }
}

async function page<T extends { id: string }>(
  tx: EntityManager,
  { noun, read, where }: Source,
  { sort, cursor, customFields: given }: Pick<InputOf<typeof exportContacts>, 'sort' | 'cursor' | 'customFields'>,
  toCells: (row: T, customFields: readonly string[], settings: Settings) => Record<string, string | undefined>,
): Promise<Page> {
  const settings = await readSettings(tx);
  const customFields = given ?? settings.customFields.filter((one) => one.for === noun && one.kind !== 'heading').map((one) => one.key);
  // Reads the sizes first, so that memory stays bounded.
  const sizes = await readPage<{ id: string; bytes: number }>(tx, {
    columns: 't.id, octet_length(t::text) as bytes',
    from: read.from,
    where: await where(),
    sort,
    limit: PAGE_ROWS,
    cursor,
  });
  const limit = rowsThatFit(sizes.rows);
  const { rows, nextCursor } = await readPage<T>(tx, { ...read, where: await where(), sort, limit, cursor });
  const cells = rows.map((row) => toCells(row, customFields, settings));
  return { csv: toCsv(columnsOf(noun, customFields), cells, given === undefined), customFields, nextCursor };
}

/** The number of rows that fit into one page; at least one. */
function rowsThatFit(sizes: readonly { bytes: number }[]): number {
  let left = PAGE_BYTES;
  for (const [count, { bytes }] of sizes.entries()) {
    left -= bytes;
    if (left < 0) return Math.max(count, 1);
  }
  return PAGE_ROWS;
}
