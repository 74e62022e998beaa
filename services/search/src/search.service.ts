import { AppError, Bus, grantees } from '@kontor/bus';
import { getEntries, type Hit, type InputOf, type OutputOf, type search } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { cutPage, readCursor } from './cursor.js';
import { Dictionary } from './dictionary.js';
import { type Entry, fieldNamed } from './entry-fields.js';
import { type Filter, type Filterable, is, isAbsent, isIn, or } from './filter.js';
import { foundFor, isCut } from './found.js';
import { matchesOf } from './match.js';
import { type Answer, MeiliClient, type Question } from './meili.client.js';
import { parseQuery } from './parse-query.js';
import { settlePhrases } from './phrase-search.js';
import { planQuery } from './plan-query.js';
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
    const cursor = readCursor(query.cursor);
    const { clauses, plan, complete, question } = await this.understand(query);
    const facets = query.facets.map((facet) => FACETS[facet]);
    const [whole, first] = await this.ask([
      { ...question(plan.all, 0, 0), facets },
      question(plan.classes[cursor.class] ?? false, cursor.offset, query.limit),
    ]);
    const offered = [first!.ids];
    // The next classes are asked only when the page has room for them, which is seldom.
    const room = query.limit - first!.ids.length;
    const further = room > 0 ? plan.classes.slice(cursor.class + 1) : [];
    for (const { ids } of await this.ask(further.map((filter) => question(filter, 0, room)))) offered.push(ids);
    const { ids, next } = cutPage(cursor, offered, query.limit, whole!.total);
    return {
      hits: await this.hitsOf(ids, clauses),
      nextCursor: next,
      total: { value: whole!.total, relation: complete ? 'exact' : 'at_least' },
      ...(facets.length && { facets: Object.fromEntries(query.facets.map((facet) => [facet, whole!.facets[FACETS[facet]] ?? {}])) }),
      tookMs: Math.round(performance.now() - start),
    };
  }

  /** What Meilisearch has to be asked. */
  private async understand(query: Query) {
    const tenant = currentTenant();
    const clauses = parse(query.q, query.q.includes(':') ? await this.dictionary.fieldsOf(tenant) : []);
    const answers = await this.dictionary.lookUp(tenant, clauses);
    const fields = answers.flat().some(isCut) ? await this.dictionary.fieldsOf(tenant) : [];
    const known = clauses.map((clause, i) => foundFor(clause, answers[i]!, fields));
    const given = filtersOf(tenant, query);
    const { found, along } = await settlePhrases(this.meili, clauses, known, given);
    const sort = clauses.every((clause) => clause.not) ? 'createdAt:desc' : 'sortName:asc';
    const question = (filter: Filter, offset: number, limit: number): Question => ({
      filters: [...given, filter],
      phrases: along,
      sort,
      offset,
      limit,
    });
    return { clauses, plan: planQuery(clauses, found), complete: found.every((one) => one.complete), question };
  }

  /** What can have no hits needs no asking. */
  private async ask(questions: readonly Question[]): Promise<Answer[]> {
    const open = questions.filter(({ filters }) => !filters.includes(false));
    const answers = open.length ? await this.meili.search(open) : [];
    return questions.map((question) => answers[open.indexOf(question)] ?? { ids: [], total: 0, facets: {} });
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

/** What the caller may not see is in no hit, total or facet (product.md 2.10). */
function readableByCaller(): Filter[] {
  const mine = grantees();
  return mine ? (['readers', 'customerReaders'] as const).map((list) => or(isAbsent(list), isIn(list, mine))) : [];
}

function filtersOf(tenant: string, { kind, type, tag, customerId }: Query): Filter[] {
  return [
    is('tenant', tenant),
    ...readableByCaller(),
    ...(kind ? [is('kind', kind)] : []),
    ...(type ? [is('type', type)] : []),
    ...(tag ?? []).map((one) => is('tags', one)),
    ...(customerId ? [is('customerId', customerId)] : []),
  ];
}
