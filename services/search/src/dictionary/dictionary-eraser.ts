import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { WriterLock } from '../indexes/writer-lock.js';
import { KnownTerms } from './known-terms.js';
import { markOf, wordOf } from './term.js';
import { DictionaryVacuum } from './vacuum.js';

interface Term {
  word: string;
  field: string;
}

/** Deletes from the dictionary what no entry has any more. Only for the writer. */
@Injectable()
export class DictionaryEraser {
  constructor(
    private readonly db: Database,
    private readonly known: KnownTerms,
    private readonly vacuum: DictionaryVacuum,
  ) {}

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

  /** Deletes terms and says how many there were; they are added again when an entry has them again. */
  async deleteTerms(lock: WriterLock, tenant: string, terms: readonly string[]): Promise<number> {
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
    this.vacuum.noteWritten(terms.length);
    return gone.length;
  }

  /** Deletes the identifiers of an entry and says how many there were. */
  async deleteIdentifiers(lock: WriterLock, tenant: string, id: string): Promise<number> {
    return lock.transaction(async (query) => {
      await query('delete from entry_name where tenant_id = $1 and entry_id = $2', [tenant, id]);
      return (await query('delete from identifier where tenant_id = $1 and entry_id = $2 returning 1', [tenant, id])).length;
    });
  }
}
