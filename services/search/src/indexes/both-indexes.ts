import { type Document, PHRASE_FIELDS } from './document.js';
import { and, type Filter, type Filterable, type Fits, filterTest, folded, isIn, not, valuesOf } from './filter.js';
import type { Snapshot } from './fresh.js';
import type { MeiliClient } from './meili.client.js';
import type { Answer, Found, Phrases, Question, Sort } from './question.js';

export interface FoundHit {
  id: string;
  /** Where they were asked for. */
  words?: readonly string[];
}

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
    const fitting = new Map(questions.map((question) => [question, documentsFor(question, this.recent)]));
    const ofSettled = open.map((question) => this.ofSettled(question, fitting.get(question)!));
    const settled = open.length ? await this.meili.search(this.snapshot.index, ofSettled) : [];
    return questions.map((question) => both(question, settled[open.indexOf(question)] ?? NOTHING, fitting.get(question)!));
  }

  /** The ids of all entries in which these words stand side by side, of the settled index up to so many. */
  async phrase(filters: readonly Filter[], phrases: Phrases, limit: number): Promise<{ ids: string[]; complete: boolean }> {
    const [answer] = await this.ask([{ filters, phrases, limit: limit + this.recent.length }]);
    const ids = answer!.hits.map(({ id }) => id);
    return { ids, complete: answer!.total <= ids.length };
  }

  private ofSettled({ filters, ...question }: Question, fitting: readonly Document[]): Question {
    const { offset, limit } = rangeOf(question, fitting);
    return { ...question, filters: [...filters, this.settledOnly], offset, limit };
  }
}

/** Answers from documents alone, when there is no settled index to ask. */
export const answerFrom = (documents: readonly Document[], question: Question): BothAnswer =>
  both(question, NOTHING, documentsFor(question, documents));

function documentsFor({ filters, phrases, sort }: Question, documents: readonly Document[]): Document[] {
  if (!documents.length || filters.includes(false)) return [];
  const test = filterTest(and(...filters));
  const hasPhrases: Fits = phrases ? phraseTest(phrases) : () => true;
  const fitting = documents.filter((document) => test(document) && hasPhrases(document));
  // Ties by id, so that every replica has them in one order.
  return sort ? fitting.toSorted((a, b) => compare(a, b, sort) || (a.id < b.id ? -1 : 1)) : fitting;
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

/** What is settled of a page: any of those that fit and are fresh can stand before it, or none. */
function rangeOf(
  { offset = 0, limit }: Pick<Question, 'offset' | 'limit'>,
  fitting: readonly Document[],
): { offset: number; limit: number } {
  const before = Math.min(fitting.length, offset);
  return { offset: offset - before, limit: limit + before };
}

/** A page is a range of both together, so that it stays the same when what is fresh is settled before the next one is asked for. */
function both(question: Question, settled: Answer, fitting: readonly Document[]): BothAnswer {
  const range = rangeOf(question, fitting);
  const hits: FoundHit[] = [];
  let [left, recent] = [0, 0];
  while (hits.length < range.limit && (left < settled.hits.length || recent < fitting.length)) {
    const [old, young] = [settled.hits[left], fitting[recent]];
    const isNext = young && (!old || (question.sort !== undefined && compare(young, old, question.sort) < 0));
    const { id, words } = isNext ? young : old!;
    hits.push({ id, ...(question.words && { words }) });
    if (isNext) recent++;
    else left++;
  }
  hits.splice(0, range.limit - question.limit);
  const facets = { ...settled.facets };
  for (const facet of question.facets ?? []) facets[facet] = countedWith(facets[facet] ?? {}, fitting, facet);
  return { hits, total: settled.total + fitting.length, fresh: fitting.length, facets };
}

/** As Meilisearch counts: what differs in case only is one value, in the spelling that came first. */
function countedWith(counts: Record<string, number>, documents: readonly Document[], facet: Filterable): Record<string, number> {
  if (!documents.length) return counts;
  const all = new Map(Object.entries(counts));
  const spelled = new Map([...all.keys()].map((value) => [folded(value), value]));
  for (const document of documents) {
    const values = new Map(valuesOf(document, facet).map((value) => [folded(value), value]));
    for (const [value, written] of values) {
      const spelling = spelled.get(value) ?? written;
      spelled.set(value, spelling);
      all.set(spelling, (all.get(spelling) ?? 0) + 1);
    }
  }
  return Object.fromEntries([...all].toSorted((a, b) => b[1] - a[1]));
}
