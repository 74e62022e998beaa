import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { MOST_FOUND } from './dictionary-query.js';

const COMMON_FOR_MS = 600_000;
const MOST_TENANTS = 100;

/** How often words of names are used, so that the common ones are known where there are too many to look at them all. */
@Injectable()
export class NameCounts {
  private readonly commonTerms = new LRUCache<string, { terms: Promise<readonly string[]>; until: number }>({ max: MOST_TENANTS });

  constructor(private readonly db: Database) {}

  /** Counts words of names in a sample of what is written: enough to know the common ones. Counted again when an entry is written again. */
  async add(tenant: string, uses: ReadonlyMap<string, number>): Promise<void> {
    if (!uses.size) return;
    const words = [...uses.keys()].toSorted();
    await this.db.queryAcrossTenants(
      `insert into name_use (tenant_id, word, uses) select $1, word, uses from unnest($2::text[], $3::integer[]) as new (word, uses)
       on conflict (tenant_id, word) do update set uses = name_use.uses + excluded.uses`,
      [tenant, words, words.map((word) => uses.get(word))],
    );
  }

  /** Terms of the most common words of names, the commonest first; refreshed every ten minutes in the background. */
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
    this.commonTerms.set(tenant, { terms, until });
    terms.catch(() => this.commonTerms.delete(tenant));
    return terms;
  }

  private async lookUpCommon(tenant: string): Promise<readonly string[]> {
    const rows = await this.db.queryAcrossTenants<{ term: string }>(
      `select field || word.word as term from (select word, uses from name_use where tenant_id = $1 order by uses desc, word limit ${MOST_FOUND}) as used
       join word on word.tenant_id = $1 and word.word = used.word order by uses desc, word.word, field limit ${2 * MOST_FOUND}`,
      [tenant],
    );
    return rows.map(({ term }) => term);
  }
}
