import type { FoundHit } from './cursor.js';
import { type Document, PHRASE_FIELDS } from './document.js';
import { and, type Filter, type Fits, filterTest, isIn, not } from './filter.js';
import type { Snapshot } from './fresh.js';
import type { Answer, Found, MeiliClient, Phrases, Question as SettledQuestion, Sort } from './meili.client.js';

/** A question to both indexes: how many hits of either have been seen, and how many come next. */
export type Question = Omit<SettledQuestion, 'offset'> & { settled: number; fresh: number };

export interface BothAnswer {
  /** In the order of the sort, those of both indexes together. */
  hits: FoundHit[];
  /** Of all hits so many are from recent changes. */
  total: number;
  fresh: number;
  facets: Answer['facets'];
}

const NOTHING: Answer = { hits: [], total: 0, facets: {} };

/**
 * Asks the settled index in one call, without the entries that are fresh, and looks through those in this process:
 * at any moment each entry counts in exactly one of the two, as it is there.
 */
export class BothIndexes {
  private readonly recent: Document[];
  private readonly settledOnly: Filter;

  constructor(
    private readonly meili: MeiliClient,
    private readonly snapshot: Snapshot,
  ) {
    this.recent = [...snapshot.fresh.values()].flatMap(({ document }) => document ?? []);
    this.settledOnly = not(isIn('id', [...snapshot.fresh.keys()]));
  }

  /** Answers in the order of the questions. What can have no hits is not asked. */
  async ask(questions: readonly Question[]): Promise<BothAnswer[]> {
    const open = questions.filter(({ filters }) => !filters.includes(false));
    const settled = open.length
      ? await this.meili.search(
          this.snapshot.index,
          open.map((question) => this.ofSettled(question)),
        )
      : [];
    return questions.map((question) => both(question, settled[open.indexOf(question)] ?? NOTHING, documentsFor(question, this.recent)));
  }

  /** The ids of all entries in which these words stand side by side, of the settled index up to so many. */
  async phrase(filters: readonly Filter[], phrases: Phrases, limit: number): Promise<{ ids: string[]; complete: boolean }> {
    const [answer] = await this.ask([{ filters, phrases, settled: 0, fresh: 0, limit: limit + this.recent.length }]);
    const ids = answer!.hits.map(({ id }) => id);
    return { ids, complete: answer!.total <= ids.length };
  }

  private ofSettled({ settled, filters, ...question }: Question): SettledQuestion {
    return { ...question, filters: [...filters, this.settledOnly], offset: settled };
  }
}

/**
 * Answers from documents alone, when there is no settled index to ask. A reader who began with it, or goes on with it, has seen as many hits
 * of both indexes together.
 */
export function answerFrom(documents: readonly Document[], question: Question): BothAnswer {
  const fitting = question.filters.includes(false) ? [] : documentsFor(question, documents);
  const answer = both({ ...question, fresh: question.settled + question.fresh }, NOTHING, fitting);
  return { ...answer, hits: answer.hits.map(({ id }) => ({ id, fresh: false })) };
}

function documentsFor({ filters, phrases, sort }: Question, documents: readonly Document[]): Document[] {
  if (!documents.length) return [];
  const test = filterTest(and(...filters));
  const hasPhrases: Fits = phrases ? phraseTest(phrases) : () => true;
  const fitting = documents.filter((document) => test(document) && hasPhrases(document));
  return sort ? fitting.toSorted((a, b) => compare(a, b, sort)) : fitting;
}

/** Whether every text stands in a document as whole words, side by side, in one value of the attribute, or of any. */
export function phraseTest({ texts, attribute }: Phrases): Fits {
  const wanted = texts.map((text) => ` ${text} `);
  return (document) => {
    const lines = linesOf(document, attribute);
    return wanted.every((text) => lines.some((line) => line.includes(text)));
  };
}

function linesOf(document: Document, attribute: Phrases['attribute']): string[] {
  const values = attribute ? [document[attribute]] : PHRASE_FIELDS.map((field) => document[field]);
  return values.flatMap((value) => (value === undefined ? [] : typeof value === 'string' ? [value] : value)).map((line) => ` ${line} `);
}

function compare(a: Found, b: Found, { by, order }: Sort): number {
  const [left, right] = order === 'asc' ? [a[by], b[by]] : [b[by], a[by]];
  return left < right ? -1 : left > right ? 1 : 0;
}

function both(question: Question, settled: Answer, fitting: readonly Document[]): BothAnswer {
  const hits: FoundHit[] = [];
  const left = [...settled.hits];
  const recent = fitting.slice(question.fresh);
  while (hits.length < question.limit && (left.length || recent.length)) {
    const fresh = !left.length || (recent.length > 0 && question.sort !== undefined && compare(recent[0]!, left[0]!, question.sort) < 0);
    const { id, words } = (fresh ? recent : left).shift()!;
    hits.push({ id, fresh, ...(question.words && { words }) });
  }
  const facets = { ...settled.facets };
  for (const facet of question.facets ?? []) facets[facet] = countedWith(facets[facet] ?? {}, fitting, facet);
  return { hits, total: settled.total + fitting.length, fresh: fitting.length, facets };
}

function countedWith(counts: Record<string, number>, documents: readonly Document[], facet: keyof Document): Record<string, number> {
  if (!documents.length) return counts;
  const all = new Map(Object.entries(counts));
  for (const document of documents) {
    const value = document[facet];
    const values = value === null || value === undefined ? [] : typeof value === 'object' ? new Set(value) : [String(value)];
    for (const one of values) all.set(one, (all.get(one) ?? 0) + 1);
  }
  return Object.fromEntries([...all].toSorted((a, b) => b[1] - a[1]));
}
