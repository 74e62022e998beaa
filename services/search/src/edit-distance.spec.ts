import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { editDistance, letterBits } from './edit-distance.js';

/** The definition, word by word and slowly. */
function defined(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = 0; i <= a.length; i++)
    for (let j = 0; j <= b.length; j++) {
      if (!i || !j) {
        d[i]![j] = i + j;
        continue;
      }
      const options = [d[i - 1]![j]! + 1, d[i]![j - 1]! + 1, d[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) options.push(d[i - 2]![j - 2]! + 1);
      d[i]![j] = Math.min(...options);
    }
  return d[a.length]![b.length]!;
}
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

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
        (a, b, most) => editDistance(a, b, most) === Math.min(defined(a, b), most + 1),
      ),
    );
  });
  test('one edit changes at most two letter bits', () => {
    const bits = (n: number) => n.toString(2).replace(/[^1]/g, '').length;
    fc.assert(fc.property(word, word, (a, b) => bits((letterBits(a) ^ letterBits(b)) >>> 0) <= 2 * defined(a, b)));
  });
});
