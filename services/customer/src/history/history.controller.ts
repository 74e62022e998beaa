import { Handle } from '@kontor/bus';
import { getContactHistory, getCustomerHistory, type HistoryEntry, type InputOf } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Controller } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { decodeCursor, encodeCursor } from '../paging/page.js';
import type { Noun } from '../sql/rows.js';
import { isoTimestamp } from '../sql/rows.js';
import { readContact } from '../tables/contact.table.js';
import { readCustomer } from '../tables/customer.table.js';

type Page = { items: HistoryEntry[]; nextCursor: string | null };

@Controller()
export class HistoryController {
  constructor(private readonly db: Database) {}

  @Handle(getContactHistory) ofContact(input: InputOf<typeof getContactHistory>) {
    return this.db.transaction(async (tx) => readHistory(tx, 'contact', (await readContact(tx, input.id)).id, input));
  }
  @Handle(getCustomerHistory) ofCustomer(input: InputOf<typeof getCustomerHistory>) {
    return this.db.transaction(async (tx) => readHistory(tx, 'customer', (await readCustomer(tx, input.id)).id, input));
  }
}

type Row = Omit<HistoryEntry, 'fields'> & { fields: Record<string, [unknown, unknown]> | null; place: string };

/** A page of the history, newest first, including that of merged entries. */
async function readHistory(tx: EntityManager, noun: Noun, id: string, { limit, cursor }: InputOf<typeof getContactHistory>): Promise<Page> {
  const [place, entry] = cursor === undefined ? ['', id] : decodeCursor(cursor, 'history');
  const rows: Row[] = await tx.query(
    `with recursive all_of_it as (
       select $1::uuid as id union select t.id from ${noun} t join all_of_it a on t.merged_into = a.id
     )
     select h.entry_id as "entryId", h.version, ${isoTimestamp('h.at')} as at, h.change, h.door, h.request_id as "requestId", h.fields,
       case when h.agent_id is not null then jsonb_build_object('id', h.agent_id, 'name', a.name) end as agent,
       h.at::text || ' ' || h.version as place
     from history h left join agent a on a.tenant_id = h.tenant_id and a.id = h.agent_id
     where h.entry_id in (select id from all_of_it)
       and ($2 = '' or (h.at, h.version, h.entry_id) < (split_part($2, '|', 1)::timestamptz, split_part($2, '|', 2)::int, $3::uuid))
     order by h.at desc, h.version desc, h.entry_id desc limit ${limit + 1}`,
    [id, place.replace(/ (?=\d+$)/, '|'), entry],
  );
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(({ fields, place: _, ...row }) => ({
      ...row,
      fields: Object.entries(fields ?? {}).map(([field, [from, to]]) => ({ field, from, to })),
    })),
    nextCursor: last ? encodeCursor('history', last.place, last.entryId) : null,
  };
}
