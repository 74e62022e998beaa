import { Injectable } from '@nestjs/common';
import { CurrentIndex } from './current-index.js';
import { is } from './filter.js';
import { Fresh } from './fresh.js';
import { MeiliClient } from './meili.client.js';

const TERMS_AT_ONCE = 250;

/** What the indexes have of a tenant. */
@Injectable()
export class IndexContents {
  constructor(
    private readonly meili: MeiliClient,
    private readonly index: CurrentIndex,
    private readonly fresh: Fresh,
  ) {}

  /** Whether the index that is searched has this entry of the tenant. */
  async has(tenant: string, id: string): Promise<boolean> {
    const [found] = await this.meili.search(this.index.searched, [{ filters: [is('tenant', tenant), is('id', id)], limit: 1 }]);
    return Boolean(found?.hits.length);
  }

  /** Those of the terms that no document of the tenant has, in any of the indexes. */
  async unusedTerms(tenant: string, terms: readonly string[]): Promise<string[]> {
    const unused: string[] = [];
    const { fresh } = await this.fresh.current(tenant);
    const inUse = new Set([...fresh.values()].flatMap(({ document }) => document?.words ?? []));
    for (let from = 0; from < terms.length; from += TERMS_AT_ONCE) {
      const some = terms.slice(from, from + TERMS_AT_ONCE);
      const questions = some.map((term) => ({ filters: [is('tenant', tenant), is('words', term)], limit: 1 }));
      const answers = await Promise.all(this.index.names().map((index) => this.meili.search(index, questions)));
      unused.push(...some.filter((term, i) => !inUse.has(term) && answers.every((each) => each[i]!.hits.length === 0)));
    }
    return unused;
  }
}
