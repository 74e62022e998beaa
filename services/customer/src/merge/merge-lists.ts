import { invalid } from '@kontor/bus';
import type { InputOf, listMerges, Merge } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { currentIdOf } from '../filters/link-filters.js';
import { decodeCursor, encodeCursor } from '../paging/page.js';
import { entityStores } from './entity-stores.js';
import { noSuchMerge, readMerge, readMergesInto } from './merge.table.js';

/** Reads merges, for agents who may see the merged entry. */
@Injectable()
export class MergeLists {
  constructor(private readonly db: Database) {}

  get(id: string): Promise<Merge> {
    return this.db.transaction(async (tx) => {
      const merge = await readMerge(tx, id);
      // Hidden from agents who may not see the merged entry.
      if (!(await currentIdOf(entityStores[merge.kind].find(tx, merge.into)))) throw noSuchMerge();
      return merge;
    });
  }

  list({ contactId, customerId, limit, cursor }: InputOf<typeof listMerges>): Promise<{ items: Merge[]; nextCursor: string | null }> {
    const asked = contactId ?? customerId;
    if (!asked || (contactId && customerId))
      throw invalid([{ path: 'contactId', message: 'give either contactId or customerId', code: 'one-of' }]);
    const noun = contactId ? 'contact' : 'customer';
    return this.db.transaction(async (tx) => {
      const before = cursor === undefined ? undefined : decodeCursor(cursor, 'merges')[1];
      const { id } = await entityStores[noun].find(tx, asked);
      const rows = await readMergesInto(tx, noun, id, limit + 1, before);
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { items: rows.slice(0, limit), nextCursor: last ? encodeCursor('merges', '', last.id) : null };
    });
  }
}
