import type { Explanation } from '@kontor/contracts';
import type { BothAnswer, FoundHit } from '../indexes/both-indexes.js';
import type { Document } from '../indexes/document.js';
import { type Filter, type Filterable, filterTest, mostFitting } from '../indexes/filter.js';
import type { Question } from '../indexes/question.js';
import { type Cursor, cutPage } from './cursor.js';
import type { Plan } from './plan-query.js';

/** What is asked for of all hits. */
export interface Wanted {
  /** By class; otherwise only in the order of the sort. */
  ranked: boolean;
  limit: number;
  facets: readonly Filterable[];
  explain: boolean | undefined;
}

export interface Page {
  ids: string[];
  next: string | null;
  whole: BothAnswer;
  classes?: Explanation['classes'];
}

type Ask = (questions: readonly Question[]) => Promise<BothAnswer[]>;
/** All hits counted, and those of some classes by the place of the class: from the cursor on, a page or all there are. */
interface Offered {
  whole: BothAnswer;
  hits: ReadonlyMap<number, readonly FoundHit[]>;
}

// So few hits are all fetched at once: to work out the class of each is less work than to ask for each class. A hit costs Meilisearch some 60 µs, a question 2 ms.
const FEW = 60;
// Up to so many ids a question takes no longer than a call.
const CHEAP = 1_000;
// After the first one so many classes are asked at once: the next ones mostly fill the page.
const AT_ONCE = 3;

/** Asks for a page of the plan: one class after the other, or all of them in another order. */
export async function pageOf(
  ask: Ask,
  plan: Plan,
  base: Pick<Question, 'filters' | 'phrases' | 'sort'>,
  wanted: Wanted,
  cursor: Cursor,
): Promise<Page> {
  const classes = wanted.ranked ? plan.ranking : [plan.all];
  const question = (filter: Filter, limit: number, offset = 0): Question => ({
    ...base,
    filters: filter === true ? base.filters : [...base.filters, filter],
    limit,
    offset,
  });
  const few: Question = { ...question(plan.all, FEW), words: true };
  const counting = wanted.explain ? (wanted.ranked ? plan.classes : classes).map((filter) => question(filter, 0)) : [];
  let counts: BothAnswer[] = [];
  /** The first questions; with them goes all that is counted. */
  const askFirst = async (first: Question, ...others: Question[]) => {
    const answers = await ask([{ ...first, facets: wanted.facets }, ...others, ...counting]);
    counts = answers.splice(1 + others.length);
    return answers as [BothAnswer, ...BothAnswer[]];
  };
  const offsetIn = (place: number) => (place === cursor.class ? cursor.offset : 0);

  /** Undefined when an index of an older version, which does not give the words of its documents, has some of the hits. */
  const ofFew = (answer: BothAnswer) =>
    answer.hits.every(({ words }) => words)
      ? new Map(Array.from(byClass(classes, answer.hits), ([place, hits]) => [place, hits.slice(offsetIn(place))]))
      : undefined;

  const offered = async (): Promise<Offered> => {
    if (classes.length === 1 && cursor.class === 0) {
      // A single class is the whole.
      const [whole] = await askFirst(question(plan.all, wanted.limit, cursor.offset));
      return { whole, hits: new Map([[0, whole.hits]]) };
    }
    if (mostFitting(plan.all) <= FEW) {
      const [whole] = await askFirst(few);
      const hits = ofFew(whole);
      if (hits) return { whole, hits };
    }
    // Without those that nobody is in.
    const open = classes.flatMap((filter, place) => (place >= cursor.class && filter !== false ? [{ filter, place }] : []));
    // The first class alone mostly fills the page; where it cannot be large, all are asked at once.
    const first = open.slice(0, mostFitting(plan.all) <= CHEAP ? open.length : 1);
    const further = open.slice(first.length);
    const [whole, ...answers] = await askFirst(
      question(plan.all, 0),
      ...first.map(({ filter, place }) => question(filter, wanted.limit, offsetIn(place))),
    );
    const hits = new Map(first.map(({ place }, i) => [place, answers[i]!.hits]));
    let room = wanted.limit - answers.reduce((sum, answer) => sum + answer.hits.length, 0);
    if (room > 0 && further.length && whole.total <= FEW) {
      const all = ofFew((await ask([few]))[0]!);
      if (all) return { whole, hits: all };
    }
    while (room > 0 && further.length) {
      const next = further.splice(0, AT_ONCE);
      const others = await ask(next.map(({ filter }) => question(filter, room)));
      for (const [i, { place }] of next.entries()) hits.set(place, others[i]!.hits);
      room -= others.reduce((sum, answer) => sum + answer.hits.length, 0);
    }
    return { whole, hits };
  };

  const { whole, hits } = await offered();
  const fromCursor = classes.slice(cursor.class).map((_, i) => hits.get(cursor.class + i) ?? []);
  return {
    ...cutPage(cursor, fromCursor, wanted.limit, whole.total),
    whole,
    ...(wanted.explain && { classes: counts.flatMap(({ total }) => (total ? [{ hits: total }] : [])) }),
  };
}

/** The class of each hit, when all of them are known. */
function byClass(classes: readonly Filter[], hits: readonly FoundHit[]): Map<number, FoundHit[]> {
  const tests = classes.map(filterTest);
  return Map.groupBy(hits, ({ id, words = [] }) => tests.findIndex((test) => test({ id, words } as Document)));
}
