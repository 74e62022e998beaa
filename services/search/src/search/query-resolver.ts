import { AppError, Bus } from '@kontor/bus';
import { Injectable } from '@nestjs/common';
import { Dictionary } from '../dictionary/dictionary.js';
import type { Answered } from '../dictionary/dictionary-query.js';
import { NameCounts } from '../dictionary/name-counts.js';
import type { Filter } from '../indexes/filter.js';
import type { Snapshot } from '../indexes/fresh.js';
import { parseQuery } from '../query/parse-query.js';
import { type Clause, otherwise, QueryError } from '../query/query.js';
import { fieldNamed } from '../words/entry-fields.js';
import { foundFor, isCut } from './found.js';
import { eitherOf, type Found } from './plan-query.js';
import { filtersOf, type Query } from './search-filters.js';

/** What is known of a query before an index is asked. */
export interface ResolvedQuery {
  clauses: readonly Clause[];
  answers: readonly Answered[][];
  found: readonly Found[];
  snapshot: Snapshot;
  given: readonly Filter[];
}

/** Parses queries, and looks up in the dictionary what their clauses name. */
@Injectable()
export class QueryResolver {
  constructor(
    private readonly bus: Bus,
    private readonly dictionary: Dictionary,
    private readonly names: NameCounts,
  ) {}

  /** Fails with `invalid`, which says where the query cannot be read. */
  async parse(tenant: string, q: string): Promise<Clause[]> {
    const fields = q.includes(':') ? await this.dictionary.fieldsOf(tenant) : [];
    try {
      return parseQuery(q, (name) => fieldNamed(name, fields));
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const message = `${error.message} (at character ${error.at + 1})`;
      throw new AppError('invalid', `q: ${message}`, { errors: [{ path: 'q', message, code: 'query' }], at: error.at });
    }
  }

  async resolve(tenant: string, clauses: readonly Clause[], query: Query): Promise<ResolvedQuery> {
    // Each clause, and after it those of its other meaning.
    const parts = clauses.flatMap((clause) => [clause, ...otherwise(clause)]);
    const [looked, given] = await Promise.all([this.dictionary.lookUp(tenant, parts), filtersOf(tenant, query, this.bus)]);
    const common = looked.answers.flat().some(isCut) ? await this.names.common(tenant) : [];
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
}
