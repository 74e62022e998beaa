import { Bus, currentContext } from '@kontor/bus';
import { getEntries, type Hit, type OutputOf, type search } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { fitsClause, matchesOf } from '../query/match.js';
import type { Clause } from '../query/query.js';
import { currentTenant } from '../tenant.js';
import { entriesOf } from '../words/entry-fields.js';
import { readCursor } from './cursor.js';
import { explainClauses } from './explain.js';
import { FACETS, HitSearch } from './hit-search.js';
import { QueryResolver } from './query-resolver.js';
import type { Query } from './search-filters.js';
import { Seen } from './seen.js';
import { summaryOf } from './summary.js';

@Injectable()
export class SearchService {
  constructor(
    private readonly bus: Bus,
    private readonly queries: QueryResolver,
    private readonly seen: Seen,
    private readonly pages: HitSearch,
  ) {}

  async find(query: Query): Promise<OutputOf<typeof search>> {
    const ms = stopwatch();
    const tenant = currentTenant();
    const cursor = readCursor(query.cursor);
    const clauses = await this.queries.parse(tenant, query.q);
    if (query.seen?.length) await this.seen.wait(tenant, query.seen);
    const waited = ms();
    const resolved = await this.queries.resolve(tenant, clauses, query);
    const looked = ms();
    const answer = await this.pages.page(resolved, query, cursor);
    const asked = ms();
    const { snapshot } = resolved;
    const unsure = answer.unsure ?? [];
    const hits = await this.hitsOf(answer.ids, clauses, unsure);
    return {
      hits,
      nextCursor: answer.next,
      // Where not all could be excluded, no more is sure than what has been looked at.
      total: {
        value: unsure.length ? hits.length : answer.whole.total,
        relation: answer.complete && snapshot.whole ? 'exact' : 'at_least',
      },
      ...(query.facets.length && {
        facets: Object.fromEntries(query.facets.map((facet) => [facet, answer.whole.facets[FACETS[facet]] ?? {}])),
      }),
      tookMs: Math.round(ms()),
      ...((answer.degraded || !snapshot.whole) && { degraded: true }),
      ...(answer.classes && {
        explain: {
          clauses: explainClauses(resolved, currentContext().roles.includes('admin')),
          classes: answer.classes,
          index: { settled: answer.whole.total - answer.whole.fresh, fresh: answer.whole.fresh },
          ms: { seen: waited, dictionary: looked - waited, index: asked - looked, owner: ms() - asked },
        },
      }),
    };
  }

  /** Asks the owner what these entries are now; what the agent may not see, or what is gone, is left out. */
  private async hitsOf(ids: readonly string[], clauses: readonly Clause[], unsure: readonly Clause[]): Promise<Hit[]> {
    if (!ids.length) return [];
    const found = entriesOf(await this.bus.request(getEntries, { ids: [...ids], records: false }));
    const entries = new Map(found.map((entry) => [entry.id, entry]));
    return ids.flatMap((id) => {
      const entry = entries.get(id);
      return entry && !unsure.some((clause) => fitsClause(clause, entry))
        ? [{ ...summaryOf(entry), matched: matchesOf(clauses, entry) }]
        : [];
    });
  }
}

function stopwatch(): () => number {
  const start = performance.now();
  return () => Math.round((performance.now() - start) * 10) / 10;
}
