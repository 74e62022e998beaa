import { AppError, grantees } from '@kontor/bus';
import { Injectable } from '@nestjs/common';
import { BothIndexes } from '../indexes/both-indexes.js';
import type { Filterable } from '../indexes/filter.js';
import { MeiliClient } from '../indexes/meili.client.js';
import type { Question, Sort } from '../indexes/question.js';
import type { Clause } from '../query/query.js';
import type { Cursor } from './cursor.js';
import { DegradedSearch } from './degraded-search.js';
import { type Page, pageOf, type Wanted } from './page.js';
import { settlePhrases } from './phrase-search.js';
import { type Found, planQuery } from './plan-query.js';
import type { ResolvedQuery } from './query-resolver.js';
import type { Query } from './search-filters.js';

export const FACETS: Record<Query['facets'][number], Filterable> = { type: 'type', tag: 'tags', kind: 'kind', city: 'cities' };

const SORTS: Record<Exclude<Query['sort'], 'relevance'>, Sort> = {
  name: { by: 'sortName', order: 'asc' },
  '-createdAt': { by: 'createdAt', order: 'desc' },
  '-updatedAt': { by: 'updatedAt', order: 'desc' },
};

export interface PageOfHits extends Page {
  complete: boolean;
  /** Clauses that exclude more than could be taken into account: hits are looked at one by one. */
  unsure?: readonly Clause[];
  degraded?: true;
}

/** Finds a page of ids in the indexes, or without Meilisearch while that is away. */
@Injectable()
export class HitSearch {
  constructor(
    private readonly meili: MeiliClient,
    private readonly degraded: DegradedSearch,
  ) {}

  /** While Meilisearch is away what can be answered without it still is. */
  async page(resolved: ResolvedQuery, query: Query, cursor: Cursor): Promise<PageOfHits> {
    try {
      return await this.fromIndexes(resolved, query, cursor);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
      const { question, plan, documents, complete } = await this.degraded.prepare(resolved, error);
      const ask = async (questions: readonly Question[]) => questions.map((one) => documents(one));
      const answer = await pageOf(ask, plan, question(sortOf(query, resolved.clauses)), asPage(query), cursor);
      return { ...answer, ...completenessOf(resolved.clauses, resolved.found), complete, degraded: true };
    }
  }

  private async fromIndexes({ clauses, found, snapshot, given }: ResolvedQuery, query: Query, cursor: Cursor): Promise<PageOfHits> {
    const indexes = new BothIndexes(this.meili, snapshot);
    const settled = await settlePhrases(indexes, clauses, found, given);
    const plan = planQuery(clauses, settled.found);
    // What nobody has needs no index; but while that is unavailable, the answer must be the same as for what only hidden entries have.
    if (plan.all === false && grantees()) await this.meili.ping();
    const base = { filters: given, phrases: settled.along, sort: sortOf(query, clauses) };
    const answer = await pageOf((questions) => indexes.ask(questions), plan, base, asPage(query), cursor);
    return { ...answer, ...completenessOf(clauses, settled.found) };
  }
}

const completenessOf = (clauses: readonly Clause[], found: readonly Found[]) => ({
  complete: found.every((one) => one.complete),
  unsure: clauses.filter(({ not }, i) => not && !found[i]!.complete),
});

const asPage = ({ sort, limit, facets, explain }: Query): Wanted => ({
  ranked: sort === 'relevance',
  limit,
  facets: facets.map((facet) => FACETS[facet]),
  explain,
});

/** Namesakes come by name; where nothing is looked for, the newest come first. */
const sortOf = ({ sort }: Query, clauses: readonly Clause[]): Sort =>
  SORTS[sort === 'relevance' ? (clauses.every((clause) => clause.not) ? '-createdAt' : 'name') : sort];
