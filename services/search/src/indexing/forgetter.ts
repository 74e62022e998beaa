import type { Forgotten } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { Dictionary } from '../dictionary/dictionary.js';
import { CurrentIndex } from '../indexes/current-index.js';
import { is } from '../indexes/filter.js';
import { Fresh } from '../indexes/fresh.js';
import { MeiliClient } from '../indexes/meili.client.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { noteSwept, orderSweep, sweepState } from '../orders/sweep.js';

interface Order {
  tenant: string;
  id: string;
  words: string[];
}

const TERMS_AT_ONCE = 250;

/** Forgets what it was ordered to. Only for the writer, and only while nothing is on its way into the index. */
@Injectable()
export class Forgetter {
  constructor(
    private readonly db: Database,
    private readonly dictionary: Dictionary,
    private readonly meili: MeiliClient,
    private readonly index: CurrentIndex,
    private readonly fresh: Fresh,
  ) {}

  /** What is to be forgotten, the oldest first. */
  ordered(): Promise<Order[]> {
    return this.db.queryAcrossTenants<Order>(
      'select tenant_id as tenant, entry_id as id, words from forgetting where counts is null order by asked_at limit 10',
      [],
    );
  }

  /**
   * Whatever is deleted is deleted by the connection that holds the writer's lock: when it does not hold it any more, another one may be learning
   * the same word at this moment, and nothing is deleted.
   */
  async forget({ tenant, id, words }: Order, lock: WriterLock): Promise<void> {
    const documents = await this.deleteDocument(tenant, id, lock);
    const identifiers = await this.dictionary.dropIdentifiers(lock, tenant, id);
    const unused = await this.unused(tenant, await this.dictionary.termsWith(tenant, words));
    const counts: Forgotten['counts'] = { documents, words: await this.dictionary.drop(lock, tenant, unused), identifiers };
    await lock.transaction(async (query) => {
      await orderSweep(query, tenant);
      await query(`update forgetting set counts = $3, words = '{}' where tenant_id = $1 and entry_id = $2`, [tenant, id, counts]);
    });
  }

  /** Whether words wait for being swept. */
  async hasToSweep(): Promise<boolean> {
    return (await sweepState(this.db)) !== undefined;
  }

  /**
   * Looks at some more words of a tenant that has forgotten somebody, and drops those that nobody has any more: what somebody was called long ago is
   * known to no one, and still stands there. False when there is nothing to sweep.
   */
  async sweep(lock: WriterLock): Promise<boolean> {
    const at = await sweepState(this.db);
    if (!at) return false;
    const terms = await this.dictionary.termsAfter(at.tenant, at, TERMS_AT_ONCE);
    await this.dictionary.drop(
      lock,
      at.tenant,
      await this.unused(
        at.tenant,
        terms.map(({ word, field }) => field + word),
      ),
    );
    await lock.transaction((query) => noteSwept(query, at, terms.at(-1)));
    return true;
  }

  /** Only one of the tenant's own. */
  private async deleteDocument(tenant: string, id: string, lock: WriterLock): Promise<number> {
    const [name = ''] = this.index.all();
    const [found] = await this.meili.search(name, [{ filters: [is('tenant', tenant), is('id', id)], limit: 1 }]);
    if (!found?.hits.length) return 0;
    await (await this.meili.write(this.index.all(), [], [id], lock.held)).done;
    return 1;
  }

  /** Those of the terms that no document of the tenant has, in none of the indexes. */
  private async unused(tenant: string, terms: readonly string[]): Promise<string[]> {
    const unused: string[] = [];
    const { fresh } = await this.fresh.current(tenant);
    const inUse = new Set([...fresh.values()].flatMap(({ document }) => document?.words ?? []));
    for (let from = 0; from < terms.length; from += TERMS_AT_ONCE) {
      const some = terms.slice(from, from + TERMS_AT_ONCE);
      const questions = some.map((term) => ({ filters: [is('tenant', tenant), is('words', term)], limit: 1 }));
      const answers = await Promise.all(this.index.all().map((index) => this.meili.search(index, questions)));
      unused.push(...some.filter((term, i) => !inUse.has(term) && answers.every((each) => each[i]!.hits.length === 0)));
    }
    return unused;
  }
}
