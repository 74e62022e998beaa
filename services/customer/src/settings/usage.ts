import type { EntityManager } from 'typeorm';
import type { Noun } from '../sql/rows.js';
import type { Replacement } from './replacement.js';

/** A query for entries that have the old value, in the order of ids. All queries of a replacement take the same parameters. */
export interface UsageQuery {
  noun: Noun;
  id: string;
  from: string;
  where: string;
}
export type UsageCounts = { contacts: number; customers: number };

const nouns: Noun[] = ['customer', 'contact'];
const row = (noun: Noun, where: string): UsageQuery => ({ noun, id: 't.id', from: `${noun} t`, where });

/** Includes entries in the bin, so that a restored one has no unknown value. */
export function usageQueriesOf(replacement: Replacement): { queries: UsageQuery[]; parameters: unknown[] } {
  switch (replacement.what) {
    case 'type':
      // Separate, because the index covers only rows that are not in the bin.
      return {
        queries: nouns.flatMap((noun) => [
          row(noun, 't.type = $1 and t.deleted_at is null'),
          row(noun, 't.type = $1 and t.deleted_at is not null'),
        ]),
        parameters: [replacement.from],
      };
    case 'tags':
      return {
        queries: nouns.flatMap((noun) => [
          ...replacement.from.map((_, i) => ({
            noun,
            id: `t.${noun}_id`,
            from: `${noun}_tag t`,
            where: `t.tag = ($1::text[])[${i + 1}]`,
          })),
          row(noun, 't.tags ?| $1::text[] and t.deleted_at is not null'),
        ]),
        parameters: [replacement.from],
      };
    case 'field':
      return { queries: [row(replacement.for, 't.custom_fields ? $1')], parameters: [replacement.key] };
    case 'option':
      return {
        queries: [row(replacement.for, 't.custom_fields -> $1::text ? $2')],
        parameters: [replacement.key, replacement.from],
      };
  }
}

/** How many entries have the old value. */
export async function countUsage(tx: EntityManager, replacement: Replacement): Promise<UsageCounts> {
  const { queries, parameters } = usageQueriesOf(replacement);
  const users: UsageCounts = { contacts: 0, customers: 0 };
  for (const noun of nouns) {
    const selects = queries.filter((query) => query.noun === noun).map(({ id, from, where }) => `select ${id} from ${from} where ${where}`);
    if (selects.length === 0) continue;
    const [row]: { n: number }[] = await tx.query(`select count(*)::int as n from (${selects.join(' union ')}) users`, parameters);
    users[`${noun}s`] = row?.n ?? 0;
  }
  return users;
}
