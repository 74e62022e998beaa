import { AppError, Bus } from '@kontor/bus';
import { getEntries } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { Dictionary } from '../dictionary/dictionary.js';
import type { Answered } from '../dictionary/dictionary-query.js';
import { answerFrom, type BothAnswer, phraseTest } from '../indexes/both-indexes.js';
import { type Document, documentOf } from '../indexes/document.js';
import { type Filter, isIn } from '../indexes/filter.js';
import type { Question } from '../indexes/question.js';
import { isIdentifierClause } from '../query/identifier-test.js';
import type { Clause } from '../query/query.js';
import { currentTenant } from '../tenant.js';
import { entriesOf, fieldsFor, NAME_FIELDS, nameWord } from '../words/entry-fields.js';
import { phraseOf } from './phrase-search.js';
import { type Found, type Plan, planQuery } from './plan-query.js';
import type { ResolvedQuery } from './query-resolver.js';

const MOST_CANDIDATES = 1_000;
const MOST_WORDS = 2_000;

interface Prepared {
  plan: Plan;
  question(sort: Question['sort']): Pick<Question, 'filters' | 'sort'>;
  documents(question: Question): BothAnswer;
  complete: boolean;
}

/** Entries that may be hits; `all`, when there are no others. */
interface Candidates {
  ids: readonly string[];
  all: boolean;
}

/**
 * Answers without Meilisearch: whose a part of a phone number, e-mail address or code is, and in whose names a word is, PostgreSQL knows, too; the
 * customer service says what they are now, and everything else of the query is looked at here. Nothing else can be answered.
 */
@Injectable()
export class DegradedSearch {
  constructor(
    private readonly bus: Bus,
    private readonly dictionary: Dictionary,
  ) {}

  /** Fails with `why` when the query cannot be answered so. */
  async prepare({ clauses, answers, found, given }: ResolvedQuery, why: AppError): Promise<Prepared> {
    const identified = clauses.flatMap((clause, i) => (clause.not ? [] : identifiedBy(clause, answers[i]!)));
    const named = identified.some(({ all }) => all) ? [] : await Promise.all(clauses.map((clause, i) => this.named(clause, found[i]!)));
    const candidates = [...identified, ...named.filter((one) => one !== undefined)];
    const best = candidates.toSorted((a, b) => Number(b.all) - Number(a.all) || a.ids.length - b.ids.length)[0];
    if (!best) throw why;
    const documents = await this.documentsOf(best.ids.slice(0, MOST_CANDIDATES));
    const settled = clauses.map((clause, i) => {
      const [phrase] = phraseOf(clause, i);
      if (!phrase) return found[i]!;
      const test = phraseTest({ texts: [phrase.text], attribute: phrase.attribute });
      return {
        ...found[i]!,
        levels: [
          isIn(
            'id',
            documents.filter(test).map(({ id }) => id),
          ),
        ],
      };
    });
    return {
      plan: planQuery(clauses, settled),
      question: (sort) => ({ filters: given, sort }),
      documents: (question) => answerFrom(documents, question),
      complete: best.all && best.ids.length <= MOST_CANDIDATES && settled.every((one) => one.complete),
    };
  }

  /** Words can stand in other fields than names, too, and who has them there is known to Meilisearch only. */
  private async named(clause: Clause, { levels, complete }: Found): Promise<Candidates | undefined> {
    const inNames = clause.field !== null && fieldsFor(clause.field).every((field) => NAME_FIELDS.includes(field));
    if (clause.not || isIdentifierClause(clause) || !(inNames || clause.field === null)) return undefined;
    // Everybody is found by no word.
    if (clause.kind === 'pattern' && clause.text === '*') return undefined;
    const words = levels.flatMap(termsIn).flatMap((term) => nameWord(term) ?? []);
    if (!complete || words.length > MOST_WORDS) return undefined;
    const ids = words.length ? await this.dictionary.entriesNamed(currentTenant(), [...new Set(words)], MOST_CANDIDATES + 1) : [];
    return { ids, all: inNames };
  }

  /** As the calling agent may see them. */
  private async documentsOf(ids: readonly string[]): Promise<Document[]> {
    if (!ids.length) return [];
    return entriesOf(await this.bus.request(getEntries, { ids: [...ids] })).map((entry) => documentOf(currentTenant(), entry));
  }
}

/** Digits can be a house number, too; who has that is known to Meilisearch only. */
function identifiedBy(clause: Clause, answers: readonly Answered[]): Candidates[] {
  if (!isIdentifierClause(clause)) return [];
  const rows = answers.flatMap((answer) => (answer.table === 'identifier' ? answer.rows : []));
  const ids = new Set(rows.map((row) => row.slice(0, row.indexOf(' '))));
  return [{ ids: [...ids], all: !clause.or && (clause.kind !== 'digits' || clause.field !== null) }];
}

/** The terms that a filter names. */
function termsIn(filter: Filter): readonly string[] {
  if (typeof filter === 'boolean') return [];
  if ('among' in filter) return filter.attribute === 'words' ? filter.among : [];
  if ('all' in filter) return filter.all.flatMap(termsIn);
  return 'any' in filter ? filter.any.flatMap(termsIn) : [];
}
