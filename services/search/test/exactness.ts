import { type BruteForce, NOT_FOUND } from './brute-force.js';
import type { RandomQuery } from './random-queries.js';

export interface Page {
  ids: string[];
  total: { value: number; relation: 'exact' | 'at_least' };
  next: string | null;
}
/** Asks for 200 hits of a query, from the cursor on. */
export type Ask = (q: string, cursor: string | undefined) => Promise<Page>;

export interface Difference {
  q: string;
  total: number;
  wanted: number;
  missing: string[];
  extra: string[];
  /** Hits that stand before better ones, or twice. */
  misplaced: string[];
}
export interface Compared {
  hits: number;
  exact: boolean;
  difference?: Difference;
}

/**
 * Compares what is answered with what all people looked at one by one give: all pages, or only the first ones where there are more than `most` hits.
 * Where the total is `at_least`, nobody may be found who does not fit.
 */
export async function compare(model: BruteForce, { q, meant }: RandomQuery, ask: Ask, most: number): Promise<Compared> {
  const levels = model.find(meant);
  const levelOf = (id: string) => levels[model.placeOf.get(id) ?? -1] ?? NOT_FOUND;
  const wanted = levels.reduce((count, level) => count + (level === NOT_FOUND ? 0 : 1), 0);
  const ids: string[] = [];
  let page = await ask(q, undefined);
  const { value: total, relation } = page.total;
  const exact = relation === 'exact';
  for (const end = exact && total <= most ? Number.POSITIVE_INFINITY : 200; ; page = await ask(q, page.next)) {
    ids.push(...page.ids);
    if (page.next === null || ids.length >= end) break;
  }
  const seen = new Set<string>();
  const twice = ids.filter((id) => seen.size === seen.add(id).size);
  const missing =
    exact && page.next === null && wanted <= most
      ? model.people.flatMap(({ id }, place) => (levels[place] !== NOT_FOUND && !seen.has(id) ? [id] : []))
      : [];
  const extra = ids.filter((id) => levelOf(id) === NOT_FOUND);
  // Only clauses of one kind have ranks that compare.
  const ranked = new Set(meant.filter(({ not }) => !not).map(({ kind }) => kind)).size === 1;
  const misplaced = ranked ? ids.filter((id, i) => i > 0 && levelOf(id) < levelOf(ids[i - 1]!)) : [];
  const wrong = [missing, extra, twice, misplaced].some((some) => some.length) || (exact ? total !== wanted : total > wanted);
  return {
    hits: ids.length,
    exact,
    ...(wrong && { difference: { q, total, wanted, missing, extra, misplaced: [...twice, ...misplaced] } }),
  };
}
