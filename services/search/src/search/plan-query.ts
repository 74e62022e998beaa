import { and, type Filter, not, or } from '../indexes/filter.js';
import type { Clause } from '../query/query.js';

/** What the dictionary knows about a clause. */
export interface Found {
  /** The entries that fit, best first; an entry may be in several, and counts as the best. */
  levels: Filter[];
  /** False when there are more than could be taken into account. */
  complete: boolean;
}

/** What is known of a clause that may mean something else as well, of which `others` are the clauses: an entry counts as the better of the two. */
export function eitherOf(clause: Clause, own: Found, others: readonly { clause: Clause; found: Found }[]): Found {
  if (!others.length) return own;
  const complete = own.complete && others.every(({ found }) => found.complete);
  if (clause.not) return { levels: [or(...own.levels, and(...others.map((one) => excluded(one.clause, one.found))))], complete };
  const count = Math.max(own.levels.length, ...others.map(({ found }) => found.levels.length));
  const levels = Array.from({ length: count }, (_, level) =>
    or(own.levels[level] ?? false, and(...others.map(({ found }) => or(...found.levels.slice(0, level + 1))))),
  );
  return { levels, complete };
}

/** The part of a clause's levels that a `-` before it excludes: of plain words those that are equal or begin with it. */
const excluded = (clause: Clause, { levels }: Found) => or(...(clause.kind === 'word' ? levels.slice(0, 2) : levels));

export interface Plan {
  /** Every hit. */
  all: Filter;
  /**
   * The hits by class, best first, as filters that no two have an entry in common: a hit's class is that of its worst clause.
   * One class after the other is the ranking. A class's place says nothing about the words that others have: one that nobody is in has its place, too.
   */
  classes: Filter[];
}

export function planQuery(clauses: readonly Clause[], found: readonly Found[]): Plan {
  const wanted = found.filter((_, i) => !clauses[i]!.not);
  const unwanted = clauses.flatMap((clause, i) => (clause.not ? [not(excluded(clause, found[i]!))] : []));
  const upTo = (level: number) => and(...wanted.map(({ levels }) => or(...levels.slice(0, level + 1))));
  const count = Math.max(1, ...wanted.map(({ levels }) => levels.length));
  const classes: Filter[] = [];
  for (let level = 0; level < count; level++) {
    // Where no clause has anything at this level nobody is in the class.
    if (level > 0 && wanted.every(({ levels }) => (levels[level] ?? false) === false)) {
      classes.push(false);
      continue;
    }
    const better = level > 0 && upTo(level - 1);
    // With a single clause, what is up to this level and not better is what is in this level and not better.
    const fitting = wanted.length === 1 ? (wanted[0]!.levels[level] ?? false) : upTo(level);
    classes.push(and(fitting, not(better), ...unwanted));
  }
  return { all: and(upTo(count - 1), ...unwanted), classes };
}
