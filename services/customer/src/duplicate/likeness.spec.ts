import { describe, expect, it } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import { editDistance, isNear, type Likeness, likeness, type Text, textOf } from './likeness.js';

describe('likeness', () => {
  it.each<[string, string, Likeness]>([
    ['Müller', 'MULLER', 'same'],
    ['Müller', 'Mueller', 'same'],
    ['Groß', 'Gross', 'same'],
    ["O'Connor", 'OConnor', 'same'],
    ['Anne-Marie', 'Anne Marie', 'same'],
    ['Fed eral', 'Federal', 'same'],
    ['Smith', 'Smiht', 'near'],
    ['Katharina', 'Kathrina', 'near'],
    ['Meyer', 'Maier', 'sound'],
    ['Stephan', 'Stefan', 'sound'],
    ['王', 'Wang', 'sound'],
    ['A.', 'Anna', 'part'],
    ['Anna', 'Anna Maria', 'part'],
    ['Maria', 'Anna M.', 'other'],
    ['军', '军杰', 'other'],
    ['Meyer', 'Moore', 'other'],
    ['Lea', 'Leo', 'other'],
    ['Tim', 'Tom', 'other'],
    ['Anna', 'Emma', 'other'],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(likeness(textOf(a) as Text, textOf(b) as Text)).toBe(expected);
    if (expected !== 'other') expect(likeness(textOf(b) as Text, textOf(a) as Text)).toBe(expected);
  });

  it('is symmetric, and reflexive', () => {
    const name = fc.string({ unit: fc.constantFrom(...'aeimnrstyü 王伟'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        const [one, other] = [textOf(a), textOf(b)];
        if (!one || !other) return;
        expect(likeness(one, one)).toBe('same');
        expect(likeness(one, other)).toBe(likeness(other, one));
      }),
    );
  });

  it('has nothing to compare where there are no letters or digits', () => expect(textOf(' -. ', null)).toBeUndefined());
});

describe('edit distance', () => {
  it.each([
    ['abcd', 'abcd', 0],
    ['abcd', 'abdc', 1],
    ['abcd', 'abxcd', 1],
    ['abcd', 'bcd', 1],
    ['', 'ab', 2],
    ['kursj', 'kuras', 2],
  ])('%s → %s: %d', (a, b, n) => expect(editDistance(a, b)).toBe(n));
  it('one typo is near from four letters on, two from nine on', () => {
    expect([isNear('tim', 'tom'), isNear('anna', 'anne'), isNear('schmidt', 'schmutz'), isNear('lindenallee', 'lindnalle')]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});
