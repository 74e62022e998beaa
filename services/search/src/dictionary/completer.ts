import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { Fresh, type Snapshot } from '../indexes/fresh.js';
import { escapeLike } from '../query/pattern.js';
import { longTerm, shortTerm } from '../words/entry-fields.js';
import { NameCounts } from './name-counts.js';
import { markOf } from './term.js';

/** The terms that complete a word being typed. */
interface Completions {
  equal: string[];
  longer: string[];
}

/** Completes words while somebody types. */
@Injectable()
export class Completer {
  constructor(
    private readonly db: Database,
    private readonly fresh: Fresh,
    private readonly names: NameCounts,
  ) {}

  /** For each word that is being typed: the terms of these fields that equal one of its spellings, and those that begin with one, the common ones first. */
  async complete(
    tenant: string,
    typed: readonly (readonly string[])[],
    fields: readonly string[],
    limit: number,
  ): Promise<{ completions: Completions[]; snapshot: Snapshot }> {
    const marks = fields.flatMap((field) => [shortTerm(field, ''), longTerm(field, '')]);
    const parameters: unknown[] = [tenant, marks];
    // One letter begins very many words; where enough of them are common, those are known already.
    const common = (await this.names.common(tenant)).filter((term) => marks.includes(markOf(term)));
    const commonOf = typed.map((spellings) =>
      common.filter((term) => spellings.some((word) => term.startsWith(word, markOf(term).length))).slice(0, limit),
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
        terms(`select field, word ${own} and word in (select word from name_use where tenant_id = $1 and (${begins}) order by uses desc, word limit ${limit})
               union (select field, word ${own} and (${begins}) limit ${limit})`),
      ];
    });
    const reading = this.fresh.reading(tenant, param);
    const sql = [...columns, ...reading.columns].map((column, i) => `${column} as c${i}`).join(', ');
    const [row] = await this.db.queryAcrossTenants<Record<string, string | null>>(`select ${sql}`, parameters);
    const rows = (i: number) => row?.[`c${i}`]?.split('\n') ?? [];
    return {
      completions: commonOf.map((known, i) => ({ equal: rows(2 * i), longer: known.length === limit ? known : rows(2 * i + 1) })),
      snapshot: reading.snapshot(row?.[`c${columns.length}`] ?? null, row?.[`c${columns.length + 1}`] ?? null),
    };
  }
}
