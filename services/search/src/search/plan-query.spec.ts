import { describe, expect, test } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import type { Document } from '../indexes/document.js';
import { type Filter, filterTest, is } from '../indexes/filter.js';
import type { Clause } from '../query/query.js';
import { type Found, planQuery } from './plan-query.js';

const planClasses = (clauses: Clause[], finds: Found[]) => planQuery(clauses, finds).classes;
const clause = (not = false): Clause => ({ at: 0, not, field: null, kind: 'word', text: 'x' });
const found = (...levels: Filter[]): Found => ({ levels, complete: true });
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => is('tags', name)) as [Filter, Filter, Filter, Filter];

/** Whether an entry that has these names fits. */
const holds = (filter: Filter, names: readonly string[]) => filterTest(filter)({ tags: names } as unknown as Document);

describe('the classes of a query', () => {
  test('of no clauses are one with everything', () => expect(planClasses([], [])).toEqual([true]));
  test('of one clause are its levels without the better ones', () =>
    expect(planClasses([clause()], [found(a, b, false, d)])).toEqual([
      a,
      { all: [b, { not: a }] },
      false,
      { all: [d, { not: { any: [a, b] } }] },
    ]));
  test('of an unknown word are empty', () => expect(planClasses([clause()], [found(false, false)])).toEqual([false, false]));
  test('leave out what is excluded: of plain words those that are equal or begin with it', () =>
    expect(planClasses([clause(true)], [found(a, b, c, d)])).toEqual([{ not: { any: [a, b] } }]));

  test('have each hit once, in the class of its worst clause', () => {
    const levels = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean());
    const wanted = fc.array(levels, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(wanted, fc.array(fc.tuple(fc.nat(2), fc.nat(3)), { maxLength: 6 }), (known, has) => {
        const name = (i: number, level: number) => `${'abc'[i]}${level}`;
        const finds = known.map((some, i) => found(...some.map((there, level) => there && is('tags', name(i, level)))));
        const entry = has.filter(([i, level]) => known[i]?.[level]).map(([i, level]) => name(i, level));
        const ranks = known.map((_, i) => [0, 1, 2, 3].findIndex((level) => entry.includes(name(i, level))));
        const clauses = known.map(() => clause());
        const classes = planClasses(clauses, finds).filter((filter) => holds(filter, entry));
        const isHit = !ranks.includes(-1);
        expect(classes).toHaveLength(isHit ? 1 : 0);
        expect(holds(planQuery(clauses, finds).all, entry)).toBe(isHit);
      }),
    );
  });
});

// A level that is everything or nothing says whether one entry is in it: so a plan is worked out for that entry, however filters are made.
describe('for any one entry', () => {
  const clauses = fc.array(
    fc.record({
      not: fc.boolean(),
      kind: fc.constantFrom('word' as const, 'pattern' as const),
      levels: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 6 },
  );
  const isHit = ({ not, kind, levels }: { not: boolean; kind: string; levels: boolean[] }) =>
    not ? !(kind === 'word' ? levels.slice(0, 2) : levels).includes(true) : levels.includes(true);

  test('the whole has it when every clause says so, and then exactly one class has it', () => {
    fc.assert(
      fc.property(clauses, (given) => {
        const plan = planQuery(
          given.map(({ not, kind }) => ({ ...clause(not), kind, text: 'x' })),
          given.map(({ levels }) => ({ levels, complete: true })),
        );
        const hit = given.every(isHit);
        expect(plan.all).toBe(hit);
        expect(plan.classes.filter((one) => one !== false)).toEqual(hit ? [true] : []);
      }),
    );
  });
});
