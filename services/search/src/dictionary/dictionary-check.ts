import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { KnownTerms } from './known-terms.js';
import type { Identified } from './statements.js';
import { markOf, wordOf } from './term.js';

/** Compares the dictionary with what entries have. */
@Injectable()
export class DictionaryCheck {
  constructor(
    private readonly db: Database,
    private readonly known: KnownTerms,
  ) {}

  /** Those of the terms that the tenant does not have, whatever is thought to be known. */
  async missingTerms(tenant: string, terms: readonly string[]): Promise<string[]> {
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
}
