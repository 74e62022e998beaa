import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { Fresh, type Snapshot } from '../indexes/fresh.js';
import type { Clause } from '../query/query.js';
import { type Answered, type Lookup, lookupsFor, MOST_FOUND } from './dictionary-query.js';

/**
 * The words and identifiers of every tenant. Nothing but this folder reaches these tables, and every statement here begins with the tenant:
 * what one tenant has is never seen by another.
 */
@Injectable()
export class Dictionary {
  constructor(
    private readonly db: Database,
    private readonly fresh: Fresh,
  ) {}

  /** The fields in which the tenant has words. */
  async fieldsOf(tenant: string): Promise<string[]> {
    const rows = await this.db.queryAcrossTenants<{ field: string }>('select field from field where tenant_id = $1', [tenant]);
    return rows.map(({ field }) => field);
  }

  /** Looks up everything the clauses need, in one statement, so that words, identifiers and recent changes are of one moment; answers[i] are those of clause i. */
  async lookUp(tenant: string, clauses: readonly Clause[]): Promise<{ answers: Answered[][]; snapshot: Snapshot }> {
    const parameters: unknown[] = [tenant];
    const param = (value: unknown) => `$${parameters.push(value)}`;
    const lookups = lookupsFor(clauses, param);
    const { columns, snapshot } = this.fresh.reading(tenant, param);
    const moment = columns.map((column, i) => `select ${lookups.length + i} as lookup, ${column} as rows`);
    const sql = [...lookups.map(statement), ...moment].join(' union all ');
    const rows = new Map<number, string | null>();
    for (const one of await this.db.queryAcrossTenants<{ lookup: number; rows: string | null }>(sql, parameters))
      rows.set(one.lookup, one.rows);
    const answered = lookups.map((lookup, i) => ({ ...lookup, rows: rows.get(i)?.split('\n') ?? [] }));
    return {
      answers: clauses.map((_, i) => answered.filter(({ clause }) => clause === i)),
      snapshot: snapshot(rows.get(lookups.length) ?? null, rows.get(lookups.length + 1) ?? null),
    };
  }

  /** The entries that have one of these words in a name or company, up to so many. */
  async entriesNamed(tenant: string, words: readonly string[], limit: number): Promise<string[]> {
    const sql = 'select entry_id as id from entry_name where tenant_id = $1 and words && $2::text[] limit $3';
    return (await this.db.queryAcrossTenants<{ id: string }>(sql, [tenant, words, limit])).map(({ id }) => id);
  }
}

/** How many words by field, and how many identifiers the tenant has. */
export async function dictionarySizes(db: Database, tenant: string): Promise<{ words: number; identifiers: number }> {
  const [row] = await db.queryAcrossTenants<{ words: number; identifiers: number }>(
    `select (select count(*)::int from word where tenant_id = $1) as words,
            (select count(*)::int from identifier where tenant_id = $1) as identifiers`,
    [tenant],
  );
  return row ?? { words: 0, identifiers: 0 };
}

// One text for each lookup: ten thousand rows of their own take ten times as long to come over. Neither words nor identifiers have line ends or spaces.
function statement({ table, condition }: Lookup, index: number): string {
  const row = table === 'word' ? 'field || word' : `entry_id || ' ' || kind || ' ' || value`;
  return `select ${index} as lookup, string_agg(${row}, E'\\n') as rows
          from (select * from ${table} where tenant_id = $1 and ${condition} limit ${MOST_FOUND + 1}) as candidates`;
}
