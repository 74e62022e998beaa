import { AppError, Bus } from '@kontor/bus';
import { getEntries } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { answerFrom, type BothAnswer, phraseTest, type Question } from './both-indexes.js';
import { type Document, documentOf } from './document.js';
import type { Entry } from './entry-fields.js';
import { isIn } from './filter.js';
import { isIdentifierClause } from './identifiers.js';
import { phraseOf } from './phrase-search.js';
import { type Plan, planQuery } from './plan-query.js';
import type { Understood } from './search.service.js';
import { currentTenant } from './tenant.js';

const MOST_CANDIDATES = 1_000;

interface Prepared {
  plan: Plan;
  question(sort: Question['sort']): Pick<Question, 'filters' | 'sort'>;
  documents(question: Question): BothAnswer;
  complete: boolean;
}

/**
 * Answers without Meilisearch: where a part of a phone number, e-mail address or code is looked for, PostgreSQL knows whose it is, the customer
 * service what they are now, and everything else of the query is looked at here. Nothing else can be answered.
 */
@Injectable()
export class Without {
  constructor(private readonly bus: Bus) {}

  /** Fails with `why` when the query cannot be answered so. */
  async prepare({ clauses, answers, found, given }: Understood, why: AppError): Promise<Prepared> {
    const candidates = clauses.flatMap((clause, i) => {
      if (clause.not || !isIdentifierClause(clause)) return [];
      const ids = answers[i]!.flatMap(({ table, rows }) =>
        table === 'identifier' ? rows.map((row) => row.slice(0, row.indexOf(' '))) : [],
      );
      // Digits can be a house number, too; who has that is known to Meilisearch only.
      return [{ ids: [...new Set(ids)], all: clause.kind !== 'digits' || clause.field !== null }];
    });
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

  /** As the calling agent may see them. */
  private async documentsOf(ids: readonly string[]): Promise<Document[]> {
    if (!ids.length) return [];
    const { contacts, customers } = await this.bus.request(getEntries, { ids: [...ids] });
    const entries: Entry[] = [
      ...contacts.map((contact) => ({ kind: 'contact' as const, ...contact })),
      ...customers.map((customer) => ({ kind: 'customer' as const, ...customer })),
    ];
    return entries.map((entry) => documentOf(currentTenant(), entry));
  }
}
