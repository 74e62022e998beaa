import { AppError, Bus } from '@kontor/bus';
import { getEntries, type Hit, type InputOf, type OutputOf, type search } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { planPage, readCursor, writeCursor } from './cursor.js';
import { Dictionary } from './dictionary.js';
import { type Entry, fieldNamed } from './entry-fields.js';
import { type Filter, type Filterable, is } from './filter.js';
import { foundFor, isCut } from './found.js';
import { matchesOf } from './match.js';
import { MeiliClient, type Question } from './meili.client.js';
import { parseQuery } from './parse-query.js';
import { settlePhrases } from './phrase-search.js';
import { planClasses } from './plan-query.js';
import { type Clause, QueryError } from './query.js';
import { summaryOf } from './summary.js';
import { currentTenant } from './tenant.js';

type Query = InputOf<typeof search>;

const FACETS: Record<Query['facets'][number], Filterable> = { type: 'type', tag: 'tags', kind: 'kind', city: 'cities' };

@Injectable()
export class SearchService {
  constructor(
    private readonly bus: Bus,
    private readonly dictionary: Dictionary,
    private readonly meili: MeiliClient,
  ) {}

  async find(query: Query): Promise<OutputOf<typeof search>> {
    const start = performance.now();
    const tenant = currentTenant();
    const clauses = parse(query.q, query.q.includes(':') ? await this.dictionary.fieldsOf(tenant) : []);
    const answers = await this.dictionary.lookUp(tenant, clauses);
    const fields = answers.flat().some(isCut) ? await this.dictionary.fieldsOf(tenant) : [];
    const given = filtersOf(tenant, query);
    const { found, along } = await settlePhrases(
      this.meili,
      clauses,
      clauses.map((clause, i) => foundFor(clause, answers[i]!, fields)),
      given,
    );
    const classes = planClasses(clauses, found);
    const listing = clauses.every((clause) => clause.not);
    const cursor = readCursor(query.cursor);
    const facets = query.facets.map((facet) => FACETS[facet]);
    const questions = classes.map((filter, i): Question => {
      const { offset, limit } = planPage(cursor, i, query.limit);
      return { filters: [...given, filter], phrases: along, sort: listing ? 'createdAt:desc' : 'sortName:asc', offset, limit, facets };
    });
    const results = questions.length ? await this.meili.search(questions) : [];
    const ids = results.flatMap((result) => result.ids).slice(0, query.limit);
    const totals = results.map(({ total }) => total);
    return {
      hits: await this.hitsOf(ids, clauses),
      nextCursor: writeCursor(cursor, totals, query.limit),
      total: { value: totals.reduce((a, b) => a + b, 0), relation: found.every(({ complete }) => complete) ? 'exact' : 'at_least' },
      ...(query.facets.length && { facets: Object.fromEntries(query.facets.map((facet) => [facet, countsOf(results, FACETS[facet])])) }),
      tookMs: Math.round(performance.now() - start),
    };
  }

  /** Asks the owner what these entries are now; what the agent may not see, or what is gone, is left out. */
  private async hitsOf(ids: readonly string[], clauses: readonly Clause[]): Promise<Hit[]> {
    if (!ids.length) return [];
    const { contacts, customers } = await this.bus.request(getEntries, { ids: [...ids] });
    const entries = new Map<string, Entry>();
    for (const contact of contacts) entries.set(contact.id, { kind: 'contact', ...contact });
    for (const customer of customers) entries.set(customer.id, { kind: 'customer', ...customer });
    return ids.flatMap((id) => {
      const entry = entries.get(id);
      return entry ? [{ ...summaryOf(entry), matched: matchesOf(clauses, entry) }] : [];
    });
  }
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

function filtersOf(tenant: string, { kind, type, tag, customerId }: Query): Filter[] {
  return [
    is('tenant', tenant),
    ...(kind ? [is('kind', kind)] : []),
    ...(type ? [is('type', type)] : []),
    ...(tag ?? []).map((one) => is('tags', one)),
    ...(customerId ? [is('customerId', customerId)] : []),
  ];
}

/** No entry is in two classes, so counts add up. */
function countsOf(results: readonly { facets: Record<string, Record<string, number>> }[], facet: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { facets } of results)
    for (const [value, count] of Object.entries(facets[facet] ?? {})) counts[value] = (counts[value] ?? 0) + count;
  return counts;
}
