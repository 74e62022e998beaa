import { grantees } from '@kontor/bus';
import type { InputOf, listTags, TagCount } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { mayReadAll } from '../access/access.js';
import { decodeCursor, encodeCursor } from '../paging/page.js';

@Injectable()
export class TagList {
  constructor(private readonly db: Database) {}

  /** Lists the tags of entries that the caller may see; those in the bin do not count. */
  list({ limit, cursor, startsWith = '' }: InputOf<typeof listTags>): Promise<{ items: TagCount[]; nextCursor: string | null }> {
    return this.db.transaction(async (tx) => {
      let after = cursor === undefined ? '' : decodeCursor(cursor, 'tag')[0];
      const items: TagCount[] = [];
      for (let more = true; more && items.length <= limit; ) {
        const tags = await nextTags(tx, after, startsWith, limit + 1);
        items.push(...(await countTags(tx, tags)));
        more = tags.length > limit;
        after = tags.at(-1) ?? after;
      }
      const page = items.slice(0, limit);
      return { items: page, nextCursor: items.length > limit ? encodeCursor('tag', page.at(-1)?.tag ?? '', '') : null };
    });
  }
}

/** The next tags in order, with a loose index scan: one index look-up per tag, however many entries have it. */
async function nextTags(tx: EntityManager, after: string, startsWith: string, limit: number): Promise<string[]> {
  const next = (than: string) =>
    `least((select min(g.tag) from contact_tag g where ${than}), (select min(g.tag) from customer_tag g where ${than}))`;
  const rows: { tag: string }[] = await tx.query(
    `with recursive tags as (
       select ${next('g.tag > $1 and g.tag >= $2')} as tag
       union all select ${next('g.tag > tags.tag')} from tags where starts_with(tags.tag, $2)
     ) select tag from tags where starts_with(tag, $2) limit ${limit}`,
    [after, startsWith],
  );
  return rows.map(({ tag }) => tag);
}

/** Counts the entries with each of these tags; tags without visible entries are omitted. */
async function countTags(tx: EntityManager, tags: readonly string[]): Promise<TagCount[]> {
  const all = `(select count(*)::int from contact_tag g where g.tag = w.tag) as contacts,
    (select count(*)::int from customer_tag g where g.tag = w.tag) as customers`;
  // The hidden entries are subtracted from the total, which is cheap if few are restricted, and free for callers who see everything.
  const rows: TagCount[] = grantees()
    ? await tx.query(
        `with hidden_customer as materialized (
           select t.id from customer t where t.readers is not null and t.deleted_at is null and not ${mayReadAll('t')}
         ), hidden_contact as materialized (
           select t.id from contact t where t.readers is not null and t.deleted_at is null and not ${mayReadAll('t')}
           union select t.id from hidden_customer h join contact t on t.customer_id = h.id and t.deleted_at is null
         ), hidden as materialized (
           select g.tag, 1 as contacts, 0 as customers from hidden_contact h join contact_tag g on g.contact_id = h.id where g.tag = any($1)
           union all
           select g.tag, 0, 1 from hidden_customer h join customer_tag g on g.customer_id = h.id where g.tag = any($1)
         ), off as (
           select tag, sum(contacts)::int as contacts, sum(customers)::int as customers from hidden group by tag
         ), whole as (select w.tag, ${all} from unnest($1::text[]) as w (tag))
         select w.tag, w.contacts - coalesce(o.contacts, 0) as contacts, w.customers - coalesce(o.customers, 0) as customers
         from whole w left join off o on o.tag = w.tag order by w.tag collate "C"`,
        [tags],
      )
    : await tx.query(`select w.tag, ${all} from unnest($1::text[]) as w (tag) order by w.tag collate "C"`, [tags]);
  return rows.filter(({ contacts, customers }) => contacts + customers > 0);
}
