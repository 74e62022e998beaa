import { Handle } from '@kontor/bus';
import { type InputOf, listTags } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Controller, Inject } from '@nestjs/common';
import { decodePlace, encodePlace } from '../list/page.js';

@Controller()
export class TagController {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** A tag exists as long as somebody has it; things in the bin do not count. */
  @Handle(listTags) list({ limit, cursor, startsWith }: InputOf<typeof listTags>) {
    return this.db.transaction(async (tx) => {
      const after = cursor === undefined ? '' : decodePlace(cursor, 'tag')[0];
      const rows: { tag: string; contacts: number; customers: number }[] = await tx.query(
        `select tag, sum(contacts)::int as contacts, sum(customers)::int as customers from (
           select tag, count(*) as contacts, 0 as customers from contact_tag where tag > $1 group by tag
           union all
           select tag, 0, count(*) from customer_tag where tag > $1 group by tag
         ) both_nouns where $2::text is null or starts_with(tag, $2)
         group by tag order by tag limit ${limit + 1}`,
        [after, startsWith ?? null],
      );
      const items = rows.slice(0, limit);
      return { items, nextCursor: rows.length > limit ? encodePlace('tag', items.at(-1)?.tag ?? '', '') : null };
    });
  }
}
