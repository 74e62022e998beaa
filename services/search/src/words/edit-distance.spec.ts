import { describe, expect, test } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import { editDistance, letterBits } from './edit-distance.js';

/** The definition as it is said, slowly: the fewest edits that turn the first letters of the one into those of the other. */
function defined(a: readonly string[], b: readonly string[]): number {
  if (!a.length || !b.length) return a.length + b.length;
  const [shortA, shortB] = [a.slice(0, -1), b.slice(0, -1)];
  const swapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1);
  return Math.min(
    defined(shortA, b) + 1,
    defined(a, shortB) + 1,
    defined(shortA, shortB) + (a.at(-1) === b.at(-1) ? 0 : 1),
    swapped ? defined(a.slice(0, -2), b.slice(0, -2)) + 1 : Infinity,
  );
}
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '🔥'), maxLength: 6 });
const between = (a: string, b: string) => defined([...a], [...b]);

describe('edit distance', () => {
  test.each([
    ['meier', 'meier', 0],
    ['meier', 'meyer', 1],
    ['meier', 'mieer', 1],
    ['ca', 'abc', 3],
    ['maria', 'maira', 1],
    ['', 'ab', 2],
  ])('%s, %s: %i', (a, b, edits) => expect(editDistance(a, b, 5)).toBe(edits));

  test('is what the definition says, up to the limit', () => {
    fc.assert(
      fc.property(
        word,
        word,
        fc.integer({ min: 0, max: 3 }),
        (a, b, most) => editDistance(a, b, most) === Math.min(between(a, b), most + 1),
      ),
    );
  });
  test('is the same in both directions, and from behind', () => {
    const backwards = (text: string) => [...text].reverse().join('');
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b, 9);
        expect([editDistance(b, a, 9), editDistance(backwards(a), backwards(b), 9)]).toEqual([distance, distance]);
      }),
    );
  });
  test('one edit changes at most two letter bits', () => {
    const bits = (n: number) => n.toString(2).replace(/[^1]/g, '').length;
    fc.assert(fc.property(word, word, (a, b) => bits((letterBits(a) ^ letterBits(b)) >>> 0) <= 2 * between(a, b)));
  });
});
