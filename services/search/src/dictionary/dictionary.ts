import { setImmediate as letOthersWork } from 'node:timers/promises';
import { Database, type Query } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { Fresh, type Snapshot } from '../indexes/fresh.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { asciiForm, escapeLike } from '../query/pattern.js';
import type { Clause } from '../query/query.js';
import { letterBits } from '../words/edit-distance.js';
import { longTerm, shortTerm } from '../words/entry-fields.js';
import type { Identifier } from '../words/identifiers.js';
import { soundsOf } from '../words/sounds.js';
import { type Answered, type Lookup, lookupsFor, MOST_FOUND } from './dictionary-query.js';
import { KnownTerms } from './known-terms.js';

/** The identifiers of an entry as it is now. */
export interface Identified {
  id: string;
  identifiers: readonly Identifier[];
  names: readonly string[];
}

interface Term {
  word: string;
  field: string;
}

const TERMS_AT_ONCE = 5_000;
const COMMON_FOR_MS = 600_000;
const MOST_TENANTS = 100;

/**
 * The words and identifiers of every tenant. Nothing else reaches these tables, and every statement here begins with the tenant:
 * what one tenant has is never seen by another.
 */
@Injectable()
export class Dictionary {
  private readonly known = new KnownTerms();
  private readonly commonTerms = new Map<string, { terms: Promise<readonly string[]>; until: number }>();
  private untidy = 0;

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

  /** Whoever becomes the writer begins with this: what is known here may have been forgotten by another one since. */
  beginLearning(): void {
    this.known.clear();
  }

  /** Notes the words that are new to the tenant. Words no longer used stay until they are swept: they do no harm. */
  async learnWords(tenant: string, terms: Iterable<string>): Promise<void> {
    const fresh: string[] = [];
    const all = [...terms];
    for (let from = 0; from < all.length; from += TERMS_AT_ONCE) {
      if (from) await letOthersWork();
      fresh.push(...this.known.missing(tenant, all.slice(from, from + TERMS_AT_ONCE)));
    }
    if (fresh.length) await insertWords((sql, parameters) => this.db.queryAcrossTenants(sql, parameters), tenant, fresh);
    this.known.add(tenant, fresh);
    this.untidy += fresh.length;
  }

  /** Replaces the identifiers and the words of names of these entries. */
  async learnIdentifiers(query: Query, tenant: string, entries: readonly Identified[]): Promise<void> {
    this.untidy += entries.length;
    await replaceIdentifiers(query, tenant, entries);
    await replaceNames(query, tenant, entries);
  }

  /** The entries that have one of these words in a name or company, up to so many. */
  async entriesNamed(tenant: string, words: readonly string[], limit: number): Promise<string[]> {
    const sql = 'select entry_id as id from entry_name where tenant_id = $1 and words && $2::text[] limit $3';
    return (await this.db.queryAcrossTenants<{ id: string }>(sql, [tenant, words, limit])).map(({ id }) => id);
  }

  /** Terms of the most common words of names, the commonest first; looked up anew after some minutes, while nobody waits for it. */
  async common(tenant: string): Promise<readonly string[]> {
    const known = this.commonTerms.get(tenant);
    if (known && known.until > Date.now()) return known.terms;
    const terms = this.lookUpCommon(tenant);
    const until = Date.now() + COMMON_FOR_MS;
    if (known) {
      known.until = until;
      terms.then(
        () => this.commonTerms.set(tenant, { terms, until }),
        () => undefined, // the old ones do, too
      );
      return known.terms;
    }
    if (this.commonTerms.size >= MOST_TENANTS) this.commonTerms.clear();
    this.commonTerms.set(tenant, { terms, until });
    terms.catch(() => this.commonTerms.delete(tenant));
    return terms;
  }

  private async lookUpCommon(tenant: string): Promise<readonly string[]> {
    const rows = await this.db.queryAcrossTenants<{ term: string }>(
      `select field || word.word as term from (select word, uses from name_use where tenant_id = $1 order by uses desc limit ${MOST_FOUND}) as used
       join word on word.tenant_id = $1 and word.word = used.word order by uses desc limit ${2 * MOST_FOUND}`,
      [tenant],
    );
    return rows.map(({ term }) => term);
  }

  /** Counts words of names in a sample of what is written: enough to know the common ones. Counted anew when an entry is written again. */
  async countNames(tenant: string, uses: ReadonlyMap<string, number>): Promise<void> {
    if (!uses.size) return;
    const words = [...uses.keys()].toSorted();
    await this.db.queryAcrossTenants(
      `insert into name_use (tenant_id, word, uses) select $1, word, uses from unnest($2::text[], $3::integer[]) as new (word, uses)
       on conflict (tenant_id, word) do update set uses = name_use.uses + excluded.uses`,
      [tenant, words, words.map((word) => uses.get(word))],
    );
  }

  /** For each word that is being typed: the terms of these fields that equal one of its spellings, and those that begin with one, the common ones first. */
  async begun(
    tenant: string,
    typed: readonly (readonly string[])[],
    fields: readonly string[],
    limit: number,
  ): Promise<{ begun: { equal: string[]; longer: string[] }[]; snapshot: Snapshot }> {
    const marks = fields.flatMap((field) => [shortTerm(field, ''), longTerm(field, '')]);
    const parameters: unknown[] = [tenant, marks];
    // One letter begins very many words; where enough of them are common, those are known already.
    const common = (await this.common(tenant)).filter((term) => marks.includes(markOf(term)));
    const commonOf = typed.map((spellings) =>
      common.filter((term) => spellings.some((word) => term.startsWith(word, endOfMark(term)))).slice(0, limit),
    );
    const param = (value: unknown) => `$${parameters.push(value)}`;
    const terms = (words: string) => `(select string_agg(field || word, E'\\n') from (${words}) as words)`;
    const columns = typed.flatMap((spellings, i) => {
      const own = 'from word where tenant_id = $1 and field = any($2::text[])';
      const equal = terms(`select field, word ${own} and word = any(${param(spellings)}::text[])`);
      if (commonOf[i]!.length === limit) return [equal, 'null'];
      const begins = spellings.map((word) => `word like ${param(`${escapeLike(word)}%`)}`).join(' or ');
      return [
        equal,
        terms(`select field, word ${own} and word in (select word from name_use where tenant_id = $1 and (${begins}) order by uses desc limit ${limit})
               union (select field, word ${own} and (${begins}) limit ${limit})`),
      ];
    });
    const reading = this.fresh.reading(tenant, param);
    const sql = [...columns, ...reading.columns].map((column, i) => `${column} as c${i}`).join(', ');
    const [row] = await this.db.queryAcrossTenants<Record<string, string | null>>(`select ${sql}`, parameters);
    const rows = (i: number) => row?.[`c${i}`]?.split('\n') ?? [];
    return {
      begun: commonOf.map((known, i) => ({ equal: rows(2 * i), longer: known.length === limit ? known : rows(2 * i + 1) })),
      snapshot: reading.snapshot(row?.[`c${columns.length}`] ?? null, row?.[`c${columns.length + 1}`] ?? null),
    };
  }

  /** Those of the terms that the tenant does not have, whatever is thought to be known. */
  async unknown(tenant: string, terms: readonly string[]): Promise<string[]> {
    const rows = await this.db.queryAcrossTenants<{ term: string }>(
      `select new.field || new.word as term from unnest($2::text[], $3::text[]) as new (field, word)
       where not exists (select from word where tenant_id = $1 and word.word = new.word and word.field = new.field)`,
      [tenant, terms.map(markOf), terms.map(wordOf)],
    );
    this.known.remove(
      tenant,
      rows.map(({ term }) => term),
    );
    return rows.map(({ term }) => term);
  }

  /** Which of these entries have other identifiers, or other words of names here. */
  async wrongIdentifiers(tenant: string, entries: readonly Identified[]): Promise<string[]> {
    const rows = await this.db.queryAcrossTenants<{ id: string; has: string[] }>(
      `select entry_id as id, array_agg(has) as has from (
         select entry_id, kind || value as has from identifier where tenant_id = $1 and entry_id = any($2::uuid[])
         union all select entry_id, unnest(words) from entry_name where tenant_id = $1 and entry_id = any($2::uuid[])) as all_of_it
       group by entry_id`,
      [tenant, entries.map(({ id }) => id)],
    );
    const known = new Map(rows.map(({ id, has }) => [id, has.toSorted().join('\n')]));
    const textOf = ({ identifiers, names }: Identified) =>
      [...identifiers.map(({ kind, value }) => kind + value), ...names].toSorted().join('\n');
    return entries.filter((entry) => (known.get(entry.id) ?? '') !== textOf(entry)).map(({ id }) => id);
  }

  /** How many words by field, and how many identifiers the tenant has. */
  async sizes(tenant: string): Promise<{ words: number; identifiers: number }> {
    const [row] = await this.db.queryAcrossTenants<{ words: number; identifiers: number }>(
      `select (select count(*)::int from word where tenant_id = $1) as words,
              (select count(*)::int from identifier where tenant_id = $1) as identifiers`,
      [tenant],
    );
    return row ?? { words: 0, identifiers: 0 };
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
  async drop(lock: WriterLock, tenant: string, terms: readonly string[]): Promise<number> {
    this.known.remove(tenant, terms);
    const gone = await lock.transaction((query) =>
      query(
        `delete from word using unnest($2::text[], $3::text[]) as unused (field, word)
         where tenant_id = $1 and word.word = unused.word and word.field = unused.field returning 1`,
        [tenant, terms.map(markOf), terms.map(wordOf)],
      ),
    );
    await lock.transaction((query) =>
      query(
        `delete from name_use as used where tenant_id = $1 and word = any($2::text[])
         and not exists (select from word where word.tenant_id = $1 and word.word = used.word)`,
        [tenant, terms.map(wordOf)],
      ),
    );
    this.untidy += terms.length;
    return gone.length;
  }

  /** Deletes the identifiers of an entry and says how many there were. */
  async dropIdentifiers(lock: WriterLock, tenant: string, id: string): Promise<number> {
    return lock.transaction(async (query) => {
      await query('delete from entry_name where tenant_id = $1 and entry_id = $2', [tenant, id]);
      return (await query('delete from identifier where tenant_id = $1 and entry_id = $2 returning 1', [tenant, id])).length;
    });
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

// Others wait for a word that is being written only until its statement ends.
const WORDS_AT_ONCE = 2_000;

const endOfMark = (term: string) => term.search(/[:~]/) + 1;
/** The field of a term with the sign after it, as the table has it. */
const markOf = (term: string) => term.slice(0, endOfMark(term));
const wordOf = (term: string) => term.slice(endOfMark(term));

async function insertWords(query: Query, tenant: string, terms: readonly string[]): Promise<void> {
  const words = terms.map((term) => ({ field: markOf(term), word: wordOf(term) }));
  // In the order of the index, which then is written page by page.
  words.sort((a, b) => (a.word < b.word ? -1 : 1));
  for (let from = 0; from < words.length; from += WORDS_AT_ONCE) {
    const some = words.slice(from, from + WORDS_AT_ONCE);
    await query(
      `insert into word (tenant_id, word, field, length, letters, sounds, parts)
       select $1, word, field, length, letters, string_to_array(sounds, ' '), nullif(parts, word)
       from unnest($2::text[], $3::text[], $4::smallint[], $5::integer[], $6::text[], $7::text[]) as new (word, field, length, letters, sounds, parts)
       on conflict do nothing`,
      [
        tenant,
        some.map(({ word }) => word),
        some.map(({ field }) => field),
        some.map(({ word }) => [...word].length),
        some.map(({ word }) => letterBits(word)),
        some.map(({ word }) => soundsOf(word).join(' ')),
        some.map(({ word }) => asciiForm(word)),
      ],
    );
  }
  const fields = [...new Set(words.map(({ field }) => field.slice(0, -1)))];
  await query('insert into field (tenant_id, field) select $1, unnest($2::text[]) on conflict do nothing', [tenant, fields]);
}

async function replaceNames(query: Query, tenant: string, entries: readonly Identified[]): Promise<void> {
  const [gone, named] = [entries.filter(({ names }) => !names.length), entries.filter(({ names }) => names.length)];
  if (gone.length)
    await query('delete from entry_name where tenant_id = $1 and entry_id = any($2::uuid[])', [tenant, gone.map(({ id }) => id)]);
  // Words have no spaces.
  await query(
    `insert into entry_name (tenant_id, entry_id, words)
     select $1, id, string_to_array(words, ' ') from unnest($2::uuid[], $3::text[]) as new (id, words)
     on conflict (tenant_id, entry_id) do update set words = excluded.words where entry_name.words <> excluded.words`,
    [tenant, named.map(({ id }) => id), named.map(({ names }) => names.join(' '))],
  );
}

async function replaceIdentifiers(query: Query, tenant: string, entries: readonly Identified[]): Promise<void> {
  const rows = entries.flatMap(({ id, identifiers }) => identifiers.map((one) => ({ id, ...one })));
  const columns = [rows.map(({ id }) => id), rows.map(({ kind }) => kind), rows.map(({ value }) => value)];
  await query(
    `delete from identifier as old where tenant_id = $1 and entry_id = any($2::uuid[])
       and not exists (select from unnest($3::uuid[], $4::text[], $5::text[]) as new (id, kind, value)
                       where new.id = old.entry_id and new.kind = old.kind and new.value = old.value)`,
    [tenant, entries.map(({ id }) => id), ...columns],
  );
  await query(
    `insert into identifier (tenant_id, entry_id, kind, value)
     select $1, id, kind, value from unnest($2::uuid[], $3::text[], $4::text[]) as new (id, kind, value)
     where not exists (select from identifier as old where old.tenant_id = $1 and old.entry_id = new.id and old.kind = new.kind and old.value = new.value)`,
    [tenant, ...columns],
  );
}
