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

describe('the ranking', () => {
  const near = (levels: Filter[], names: Filter[], companies: Filter[]): Found => ({ levels, complete: true, near: [names, companies] });
  const rank = (clauses: Clause[], finds: Found[]) => planQuery(clauses, finds).ranking;

  test('is the classes where no clause may be a name', () => {
    const plan = planQuery([clause(), clause(true)], [found(a, b), found(c)]);
    expect(plan.ranking).toEqual(plan.classes);
  });
  test('of a class has its places even where nobody has the word', () =>
    expect(rank([clause()], [near([a, false], [false, false], [a, false])])).toEqual([
      false,
      a,
      { all: [a, { not: a }] },
      false,
      false,
      false,
    ]));

  test('shares out each class by what the worst clause says of the place', () => {
    const where = fc.constantFrom('name', 'company', 'rest');
    const has = fc.array(fc.tuple(fc.nat(2), fc.nat(2), where), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }), has, (isWord, given) => {
        const is1 = (i: number, level: number, place: string) => is('tags', `${i}${level}${place}`);
        const among = (i: number, places: string[]) =>
          [0, 1, 2].map((level): Filter => ({ any: places.map((place) => is1(i, level, place)) }));
        const finds = isWord.map((word, i): Found => {
          const levels = among(i, ['name', 'company', 'rest']);
          return word ? near(levels, among(i, ['name']), among(i, ['name', 'company'])) : { levels, complete: true };
        });
        const clauses = isWord.map(() => clause());
        const mine = given.filter(([i]) => i < isWord.length);
        const levelsOf = (i: number, places: string[]) =>
          mine.filter(([j, , at]) => i === j && places.includes(at)).map(([, level]) => level);
        const worst = Math.max(...isWord.map((_, i) => Math.min(...levelsOf(i, ['name', 'company', 'rest']), 9)));
        const within = (places: string[]) => isWord.every((word, i) => !word || levelsOf(i, places).some((level) => level <= worst));
        const ordered = isWord.includes(true);
        const place = within(['name']) ? 0 : within(['name', 'company']) ? 1 : 2;
        const entry = mine.map(([i, level, at]) => `${i}${level}${at}`);
        const at = rank(clauses, finds).flatMap((filter, n) => (holds(filter, entry) ? [n] : []));
        expect(at).toEqual(worst === 9 ? [] : [ordered ? worst * 3 + place : worst]);
      }),
    );
  });
});
