import { setImmediate as letOthersWork } from 'node:timers/promises';
import { Database, type Query } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { KnownTerms } from './known-terms.js';
import { NameCounts } from './name-counts.js';
import { type Identified, insertWords, replaceIdentifiers, replaceNames } from './statements.js';
import { DictionaryVacuum } from './vacuum.js';

const TERMS_AT_ONCE = 5_000;

/** Adds to the dictionary what entries have. Only for the writer. */
@Injectable()
export class DictionaryWriter {
  constructor(
    private readonly db: Database,
    private readonly known: KnownTerms,
    private readonly names: NameCounts,
    private readonly vacuum: DictionaryVacuum,
  ) {}

  /** Whoever becomes the writer begins with this: what is known here may have been deleted by another one since. */
  start(): void {
    this.known.clear();
  }

  /** Adds the words that are new to the tenant, and counts those of names. Words no longer used stay until they are swept: they do no harm. */
  async addWords(tenant: string, terms: Iterable<string>, names: ReadonlyMap<string, number>): Promise<void> {
    const missing: string[] = [];
    const all = [...terms];
    for (let from = 0; from < all.length; from += TERMS_AT_ONCE) {
      if (from) await letOthersWork();
      missing.push(...this.known.missing(tenant, all.slice(from, from + TERMS_AT_ONCE)));
    }
    if (missing.length) await insertWords((sql, parameters) => this.db.queryAcrossTenants(sql, parameters), tenant, missing);
    this.known.add(tenant, missing);
    this.vacuum.noteWritten(missing.length);
    await this.names.add(tenant, names);
  }

  /** Replaces the identifiers and the words of names of these entries. */
  async replaceIdentifiers(query: Query, tenant: string, entries: readonly Identified[]): Promise<void> {
    this.vacuum.noteWritten(entries.length);
    await replaceIdentifiers(query, tenant, entries);
    await replaceNames(query, tenant, entries);
  }
}
