import { and, type Filter, not, or } from '../indexes/filter.js';
import type { Clause } from '../query/query.js';

/** What the dictionary knows about a clause. */
export interface Found {
  /** The entries that fit, best first; an entry may be in several, and counts as the best. */
  levels: Filter[];
  /** False when there are more than could be taken into account. */
  complete: boolean;
  /**
   * The same levels, of what is found in names only, and in names and companies. Absent where that says nothing of who is meant: where the clause names its
   * field, and for numbers and addresses.
   */
  near?: Near;
}
/** By how near it is to who somebody is. */
export type Near = readonly [names: readonly Filter[], namesAndCompanies: readonly Filter[]];

/** What is known of a clause that may mean something else as well, of which `others` are the clauses: an entry counts as the better of the two. */
export function eitherOf(clause: Clause, own: Found, others: readonly { clause: Clause; found: Found }[]): Found {
  if (!others.length) return own;
  const complete = own.complete && others.every(({ found }) => found.complete);
  if (clause.not) return { levels: [or(...own.levels, and(...others.map((one) => excluded(one.clause, one.found))))], complete };
  const levels = betterOf(
    own.levels,
    others.map(({ found }) => found.levels),
  );
  if (!others.some(({ found }) => found.near)) return { ...own, levels, complete };
  const nearer = (which: 0 | 1) =>
    betterOf(
      own.near?.[which] ?? [],
      others.map(({ found }) => found.near?.[which] ?? found.levels),
    );
  return { levels, complete, near: [nearer(0), nearer(1)] };
}

function betterOf(own: readonly Filter[], others: readonly (readonly Filter[])[]): Filter[] {
  const count = Math.max(own.length, ...others.map((levels) => levels.length));
  return Array.from({ length: count }, (_, level) =>
    or(own[level] ?? false, and(...others.map((levels) => or(...levels.slice(0, level + 1))))),
  );
}

/** The part of a clause's levels that a `-` before it excludes: of plain words those that are equal or begin with it. */
const excluded = (clause: Clause, { levels }: Found) => or(...(clause.kind === 'word' ? levels.slice(0, 2) : levels));

export interface Plan {
  /** Every hit. */
  all: Filter;
  /**
   * The hits by class, best first, as filters that no two have an entry in common: a hit's class is that of its worst clause.
   * A class's place says nothing about the words that others have: one that nobody is in has its place, too.
   */
  classes: Filter[];
  /** The same, one after the other as hits are ranked: of each class first who is found by the name, then by the company, then the rest. */
  ranking: Filter[];
}

export function planQuery(clauses: readonly Clause[], found: readonly Found[]): Plan {
  const wanted = found.filter((_, i) => !clauses[i]!.not);
  const unwanted = clauses.flatMap((clause, i) => (clause.not ? [not(excluded(clause, found[i]!))] : []));
  const everywhere = wanted.map(({ levels }) => levels);
  const count = Math.max(1, ...everywhere.map((levels) => levels.length));
  const isOrdered = wanted.some(({ near }) => near);
  const [names, companies] = ([0, 1] as const).map((which) => wanted.map(({ levels, near }) => near?.[which] ?? levels));
  const classes: Filter[] = [];
  const ranking: Filter[] = [];
  for (let level = 0; level < count; level++) {
    const better = level > 0 && upTo(everywhere, level - 1);
    const inClass = (...filters: Filter[]) => and(...filters, not(better), ...unwanted);
    // Where no clause has anything at this level nobody is in the class.
    const isEmpty = level > 0 && everywhere.every((levels) => (levels[level] ?? false) === false);
    const whole = isEmpty ? false : fitting(everywhere, level);
    classes.push(inClass(whole));
    if (!isOrdered) ranking.push(inClass(whole));
    else {
      const byName = isEmpty ? false : fitting(names!, level);
      const byCompany = isEmpty ? false : fitting(companies!, level);
      ranking.push(inClass(byName), inClass(byCompany, not(byName)), inClass(whole, not(byCompany)));
    }
  }
  return { all: and(upTo(everywhere, count - 1), ...unwanted), classes, ranking };
}

type Levels = readonly (readonly Filter[])[];
const upTo = (clauses: Levels, level: number): Filter => and(...clauses.map((levels) => or(...levels.slice(0, level + 1))));
/** Who is not better: with a single clause, what is up to this level and not better is what is in this level and not better. */
const fitting = (clauses: Levels, level: number): Filter => (clauses.length === 1 ? (clauses[0]![level] ?? false) : upTo(clauses, level));
