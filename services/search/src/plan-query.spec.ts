import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Filter } from './filter.js';
import { type Found, planQuery } from './plan-query.js';
import type { Clause } from './query.js';

const planClasses = (clauses: Clause[], finds: Found[]) => planQuery(clauses, finds).classes;
const clause = (not = false): Clause => ({ at: 0, not, field: null, kind: 'word', text: 'x' });
const found = (...levels: Filter[]): Found => ({ levels, complete: true });

describe('the classes of a query', () => {
  test('of no clauses are one with everything', () => expect(planClasses([], [])).toEqual([true]));
  test('of one clause are its levels without the better ones', () =>
    expect(planClasses([clause()], [found('a', 'b', false, 'd')])).toEqual(['a', '(b AND NOT (a))', '(d AND NOT ((a OR b)))']));
  test('of an unknown word are none', () => expect(planClasses([clause()], [found(false, false)])).toEqual([]));
  test('leave out what is excluded: of plain words those that are equal or begin with it', () =>
    expect(planClasses([clause(true)], [found('a', 'b', 'c', 'd')])).toEqual(['NOT ((a OR b))']));

  /** Reads a filter as the set of entries it fits; an entry is a set of names. */
  const holds = (filter: Filter, entry: ReadonlySet<string>): boolean =>
    typeof filter === 'boolean'
      ? filter
      : Boolean(
          new Function(
            'has',
            `return ${filter
              .replaceAll('AND', '&&')
              .replaceAll('OR', '||')
              .replaceAll('NOT', '!')
              .replace(/[a-l]\d/g, (name) => `has('${name}')`)}`,
          )((name: string) => entry.has(name)),
        );

  test('have each hit once, in the class of its worst clause', () => {
    const levels = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean());
    const wanted = fc.array(levels, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(wanted, fc.array(fc.tuple(fc.nat(2), fc.nat(3)), { maxLength: 6 }), (known, has) => {
        const finds = known.map((some, i) => found(...some.map((there, level) => there && `${'abc'[i]}${level}`)));
        const entry = new Set(has.filter(([i, level]) => known[i]?.[level]).map(([i, level]) => `${'abc'[i]}${level}`));
        const ranks = known.map((_, i) => [0, 1, 2, 3].find((level) => entry.has(`${'abc'[i]}${level}`)));
        const classes = planClasses(
          known.map(() => clause()),
          finds,
        ).filter((filter) => holds(filter, entry));
        const isHit = !ranks.includes(undefined);
        expect(classes).toHaveLength(isHit ? 1 : 0);
        expect(
          holds(
            planQuery(
              known.map(() => clause()),
              finds,
            ).all,
            entry,
          ),
        ).toBe(isHit);
      }),
    );
  });
});
