import { Database, type HeldLock } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { type Lookup, lookupsFor, MOST_FOUND } from './dictionary-query.js';
import { letterBits } from './edit-distance.js';
import type { Answered } from './found.js';
import type { Identifier } from './identifiers.js';
import { KnownTerms } from './known-terms.js';
import type { Clause } from './query.js';
import { soundsOf } from './sounds.js';

/** The identifiers of an entry as it is now. */
export interface Identified {
  id: string;
  identifiers: readonly Identifier[];
}

interface Term {
  word: string;
  field: string;
}

/**
 * The words and identifiers of every tenant. Nothing else reaches these tables, and every statement here begins with the tenant:
 * what one tenant has is never seen by another.
 */
@Injectable()
export class Dictionary {
  private readonly known = new KnownTerms();
  private untidy = 0;

  constructor(private readonly db: Database) {}

  /** The fields in which the tenant has words. */
  async fieldsOf(tenant: string): Promise<string[]> {
    const rows = await this.db.queryAcrossTenants<{ field: string }>('select field from field where tenant_id = $1', [tenant]);
    return rows.map(({ field }) => field);
  }

  /** Looks up everything the clauses need, in one round; answers[i] are those of clause i. */
  async lookUp(tenant: string, clauses: readonly Clause[]): Promise<Answered[][]> {
    const parameters: unknown[] = [tenant];
    const lookups = lookupsFor(clauses, (value) => `$${parameters.push(value)}`);
    const rows = lookups.map((): string[] => []);
    if (lookups.length) {
      const sql = lookups.map(statement).join(' union all ');
      const found = await this.db.queryAcrossTenants<{ lookup: number; rows: string | null }>(sql, parameters);
      for (const one of found) if (one.rows !== null) rows[one.lookup] = one.rows.split('\n');
    }
    const answered = lookups.map((lookup, i) => ({ ...lookup, rows: rows[i]! }));
    return clauses.map((_, i) => answered.filter(({ clause }) => clause === i));
  }

  /** Whoever becomes the writer begins with this: what is known here may have been forgotten by another one since. */
  beginLearning(): void {
    this.known.clear();
  }

  /** Notes the words that are new to the tenant and replaces the identifiers of the entries. Words no longer used stay until somebody is forgotten: they do no harm. */
  async learn(tenant: string, terms: Iterable<string>, entries: readonly Identified[]): Promise<void> {
    const fresh = this.known.missing(tenant, terms);
    await this.db.acrossTenants(async (tx) => {
      const query = (sql: string, parameters: unknown[]) => tx.query(sql, [tenant, ...parameters]);
      if (fresh.length) await insertWords(query, fresh);
      await replaceIdentifiers(query, entries);
    });
    this.known.add(tenant, fresh);
    this.untidy += fresh.length + entries.length;
  }

  /** The terms, whatever their field, of those of the words that the tenant has. */
  async termsWith(tenant: string, words: readonly string[]): Promise<string[]> {
    const sql = 'select field || word as term from word where tenant_id = $1 and word = any($2::text[])';
    return (await this.db.queryAcrossTenants<{ term: string }>(sql, [tenant, words])).map(({ term }) => term);
  }

  /** The next terms in the order of their words; the field has its mark. */
  termsAfter(tenant: string, { word, field }: Term, limit: number): Promise<Term[]> {
    const sql = 'select word, field from word where tenant_id = $1 and (word, field) > ($2, $3) order by word, field limit $4';
    return this.db.queryAcrossTenants(sql, [tenant, word, field, limit]);
  }

  /** Deletes terms, says how many there were, and learns them anew when they come again. */
  async drop({ client }: HeldLock, tenant: string, terms: readonly string[]): Promise<number> {
    this.known.remove(tenant, terms);
    const { rowCount } = await client.query(
      `delete from word using unnest($2::text[], $3::text[]) as unused (field, word)
       where tenant_id = $1 and word.word = unused.word and word.field = unused.field`,
      [tenant, terms.map(markOf), terms.map(wordOf)],
    );
    this.untidy += terms.length;
    return rowCount ?? 0;
  }

  /** Deletes the identifiers of an entry and says how many there were. */
  async dropIdentifiers({ client }: HeldLock, tenant: string, id: string): Promise<number> {
    const { rowCount } = await client.query('delete from identifier where tenant_id = $1 and entry_id = $2', [tenant, id]);
    return rowCount ?? 0;
  }

  /**
   * Sorts in what the trigram indexes have only noted so far, which every search reads through, and counts again, without which PostgreSQL plans badly.
   * After an import that is the difference between 5 and 50 ms. Does nothing while less than `most` has been written.
   */
  async tidy(most: number): Promise<void> {
    if (this.untidy < most) return;
    this.untidy = 0;
    await this.db.source.query('vacuum (analyze) word, identifier');
  }
}

// One text for each lookup: ten thousand rows of their own take ten times as long to come over. Neither words nor identifiers have line ends or spaces.
function statement({ table, condition }: Lookup, index: number): string {
  const row = table === 'word' ? 'field || word' : `entry_id || ' ' || kind || ' ' || value`;
  return `select ${index} as lookup, string_agg(${row}, E'\\n') as rows
          from (select * from ${table} where tenant_id = $1 and ${condition} limit ${MOST_FOUND + 1}) as candidates`;
}

type Query = (sql: string, parameters: unknown[]) => Promise<unknown>;

const WORDS_AT_ONCE = 10_000;

const endOfMark = (term: string) => term.search(/[:~]/) + 1;
/** The field of a term with the sign after it, as the table has it. */
const markOf = (term: string) => term.slice(0, endOfMark(term));
const wordOf = (term: string) => term.slice(endOfMark(term));

async function insertWords(query: Query, terms: readonly string[]): Promise<void> {
  const words = terms.map((term) => ({ field: markOf(term), word: wordOf(term) }));
  // In the order of the index, which then is written page by page.
  words.sort((a, b) => (a.word < b.word ? -1 : 1));
  for (let from = 0; from < words.length; from += WORDS_AT_ONCE) {
    const some = words.slice(from, from + WORDS_AT_ONCE);
    await query(
      `insert into word (tenant_id, word, field, length, letters, sounds)
       select $1, word, field, length, letters, string_to_array(sounds, ' ')
       from unnest($2::text[], $3::text[], $4::smallint[], $5::integer[], $6::text[]) as new (word, field, length, letters, sounds)
       on conflict do nothing`,
      [
        some.map(({ word }) => word),
        some.map(({ field }) => field),
        some.map(({ word }) => [...word].length),
        some.map(({ word }) => letterBits(word)),
        some.map(({ word }) => soundsOf(word).join(' ')),
      ],
    );
  }
  const fields = [...new Set(words.map(({ field }) => field.slice(0, -1)))];
  await query('insert into field (tenant_id, field) select $1, unnest($2::text[]) on conflict do nothing', [fields]);
}

async function replaceIdentifiers(query: Query, entries: readonly Identified[]): Promise<void> {
  const rows = entries.flatMap(({ id, identifiers }) => identifiers.map((one) => ({ id, ...one })));
  const columns = [rows.map(({ id }) => id), rows.map(({ kind }) => kind), rows.map(({ value }) => value)];
  await query(
    `delete from identifier as old where tenant_id = $1 and entry_id = any($2::uuid[])
       and not exists (select from unnest($3::uuid[], $4::text[], $5::text[]) as new (id, kind, value)
                       where new.id = old.entry_id and new.kind = old.kind and new.value = old.value)`,
    [entries.map(({ id }) => id), ...columns],
  );
  await query(
    `insert into identifier (tenant_id, entry_id, kind, value)
     select $1, id, kind, value from unnest($2::uuid[], $3::text[], $4::text[]) as new (id, kind, value)
     where not exists (select from identifier as old where old.tenant_id = $1 and old.entry_id = new.id and old.kind = new.kind and old.value = new.value)`,
    columns,
  );
}
