import { AppError, Bus, currentContext, grantees } from '@kontor/bus';
import { getEntries, type Hit, type OutputOf, type search } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { Dictionary } from '../dictionary/dictionary.js';
import { type Answered, foundFor, isCut } from '../dictionary/found.js';
import { BothIndexes, type Question } from '../indexes/both-indexes.js';
import type { Filter, Filterable } from '../indexes/filter.js';
import type { Snapshot } from '../indexes/fresh.js';
import { MeiliClient, type Sort } from '../indexes/meili.client.js';
import { fitsClause, matchesOf } from '../query/match.js';
import { parseQuery } from '../query/parse-query.js';
import { type Clause, otherwise, QueryError } from '../query/query.js';
import { currentTenant } from '../tenant.js';
import { type Entry, fieldNamed } from '../words/entry-fields.js';
import { type Cursor, readCursor } from './cursor.js';
import { explainClauses } from './explain.js';
import { type Page, pageOf, type Wanted } from './page.js';
import { settlePhrases } from './phrase-search.js';
import { eitherOf, type Found, planQuery } from './plan-query.js';
import { filtersOf, type Query } from './search-filters.js';
import { Seen } from './seen.js';
import { summaryOf } from './summary.js';
import { Without } from './without-index.js';

type SearchAnswer = OutputOf<typeof search>;

/** What is known of a query before an index is asked. */
export interface Understood {
  clauses: readonly Clause[];
  answers: readonly Answered[][];
  found: readonly Found[];
  snapshot: Snapshot;
  given: readonly Filter[];
}

const FACETS: Record<Query['facets'][number], Filterable> = { type: 'type', tag: 'tags', kind: 'kind', city: 'cities' };

const SORTS: Record<Exclude<Query['sort'], 'relevance'>, Sort> = {
  name: { by: 'sortName', order: 'asc' },
  '-createdAt': { by: 'createdAt', order: 'desc' },
  '-updatedAt': { by: 'updatedAt', order: 'desc' },
};

@Injectable()
export class SearchService {
  constructor(
    private readonly bus: Bus,
    private readonly dictionary: Dictionary,
    private readonly meili: MeiliClient,
    private readonly seen: Seen,
    private readonly without: Without,
  ) {}

  async find(query: Query): Promise<SearchAnswer> {
    const ms = stopwatch();
    const tenant = currentTenant();
    const cursor = readCursor(query.cursor);
    const clauses = parse(query.q, query.q.includes(':') ? await this.dictionary.fieldsOf(tenant) : []);
    if (query.seen?.length) await this.seen.wait(tenant, query.seen);
    const waited = ms();
    const understood = await this.understand(tenant, clauses, query);
    const looked = ms();
    const answer = await this.answer(understood, query, cursor);
    const asked = ms();
    const { snapshot } = understood;
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
          clauses: explainClauses(understood, currentContext().roles.includes('admin')),
          classes: answer.classes,
          index: { settled: answer.whole.total - answer.whole.fresh, fresh: answer.whole.fresh },
          ms: { seen: waited, dictionary: looked - waited, index: asked - looked, owner: ms() - asked },
        },
      }),
    };
  }

  private async understand(tenant: string, clauses: readonly Clause[], query: Query): Promise<Understood> {
    // Each clause, and after it those of its other meaning.
    const parts = clauses.flatMap((clause) => [clause, ...otherwise(clause)]);
    const [looked, given] = await Promise.all([this.dictionary.lookUp(tenant, parts), filtersOf(tenant, query, this.bus)]);
    const common = looked.answers.flat().some(isCut) ? await this.dictionary.common(tenant) : [];
    const all = parts.map((clause, i) => ({ clause, answers: looked.answers[i]!, found: foundFor(clause, looked.answers[i]!, common) }));
    const meanings = clauses.map(({ or = [] }) => all.splice(0, 1 + or.length));
    return {
      clauses,
      answers: meanings.map((some) => some.flatMap(({ answers }) => answers)),
      found: meanings.map(([own, ...others]) => eitherOf(own!.clause, own!.found, others)),
      snapshot: looked.snapshot,
      given,
    };
  }

  /** While Meilisearch is away what can be answered without it still is. */
  private async answer(understood: Understood, query: Query, cursor: Cursor): Promise<PageOfHits> {
    try {
      return await this.fromIndexes(understood, query, cursor);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
      const { question, plan, documents, complete } = await this.without.prepare(understood, error);
      const ask = async (questions: readonly Question[]) => questions.map((one) => documents(one));
      const answer = await pageOf(ask, plan, question(sortOf(query, understood.clauses)), asPage(query), cursor);
      return { ...answer, ...completenessOf(understood.clauses, understood.found), complete, degraded: true };
    }
  }

  private async fromIndexes({ clauses, found, snapshot, given }: Understood, query: Query, cursor: Cursor): Promise<PageOfHits> {
    const indexes = new BothIndexes(this.meili, snapshot);
    const settled = await settlePhrases(indexes, clauses, found, given);
    const plan = planQuery(clauses, settled.found);
    // What nobody has needs no index; but as long as that is away, it must not be told from what only hidden entries have.
    if (plan.all === false && grantees()) await this.meili.ping();
    const base = { filters: given, phrases: settled.along, sort: sortOf(query, clauses) };
    const answer = await pageOf((questions) => indexes.ask(questions), plan, base, asPage(query), cursor);
    return { ...answer, ...completenessOf(clauses, settled.found) };
  }

  /** Asks the owner what these entries are now; what the agent may not see, or what is gone, is left out. */
  private async hitsOf(ids: readonly string[], clauses: readonly Clause[], unsure: readonly Clause[]): Promise<Hit[]> {
    if (!ids.length) return [];
    const { contacts, customers } = await this.bus.request(getEntries, { ids: [...ids], records: false });
    const entries = new Map<string, Entry>();
    for (const contact of contacts) entries.set(contact.id, { kind: 'contact', ...contact });
    for (const customer of customers) entries.set(customer.id, { kind: 'customer', ...customer });
    return ids.flatMap((id) => {
      const entry = entries.get(id);
      return entry && !unsure.some((clause) => fitsClause(clause, entry))
        ? [{ ...summaryOf(entry), matched: matchesOf(clauses, entry) }]
        : [];
    });
  }
}

interface PageOfHits extends Page {
  complete: boolean;
  /** Clauses that exclude more than could be taken into account: hits are looked at one by one. */
  unsure?: readonly Clause[];
  degraded?: true;
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

function stopwatch(): () => number {
  const start = performance.now();
  return () => Math.round((performance.now() - start) * 10) / 10;
}

function parse(q: string, fields: readonly string[]): Clause[] {
  try {
    return parseQuery(q, (name) => fieldNamed(name, fields));
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const message = `${error.message} (at character ${error.at + 1})`;
    throw new AppError('invalid', `q: ${message}`, { errors: [{ path: 'q', message, code: 'query' }], at: error.at });
  }
}
