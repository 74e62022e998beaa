import { describe, expect, test } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import { likeOf, patternTest, piecesOf } from './pattern.js';

const fits = (pieces: ReturnType<typeof piecesOf>, text: string) => patternTest(pieces)(text);

describe('a pattern', () => {
  test.each([
    ['sm?th', 'smith', true],
    ['sm?th', 'smth', false],
    ['sm?th', 'smiith', false],
    ['o*', 'o', true],
    ['*son', 'son', true],
    ['*son', 'sons', false],
    ['*mit*', 'schmitt', true],
    ['sch*er', 'scher', true],
    ['sch*er', 'scherer', true],
    ['a*b*c', 'aXbXbc', true],
    ['?', '王', true],
    ['?', '🔥', true],
    ['*?*', '', false],
    ['*', '', true],
    ['', 'a', false],
  ])('%s, %s: %p', (pattern, text, expected) => expect(fits(piecesOf(pattern), text)).toBe(expected));

  test('fits what the regular expression of it fits', () => {
    // Few letters, so that much fits; signs that mean something to regular expressions or to LIKE, and letters of two halves.
    const letters = (signs: string[]) => fc.string({ unit: fc.constantFrom(...signs), maxLength: 10 });
    const some = ['a', 'a', 'b', '王', '🔥', '𠀀', '\ud83d', '\udd25', '.', '\\', '%', '_', '(', '[', '^', '$', '+', '|', '\n'];
    const spelled: Record<string, string> = { '*': '.*', '?': '.' };
    fc.assert(
      fc.property(fc.oneof(letters(['a', 'b', '*', '?']), letters([...some, '*', '*', '?', '?'])), letters(some), (pattern, text) => {
        const parts = Array.from(pattern, (sign) => spelled[sign] ?? `(?:${sign.replace(/[\\.([^$+|]/, '\\$&')})`);
        const expression = new RegExp(`^${parts.join('')}$`, 'su');
        for (const one of [text, text.replace(/[^ab]/gu, 'a'), pattern.replace(/[*?]/g, text)])
          expect([pattern, one, fits(piecesOf(pattern), one)]).toEqual([pattern, one, expression.test(one)]);
      }),
    );
  });
  test('fits every text that is made from it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 }).map((one) => one.replace(/[*?]/g, ''));
    const piece = fc.oneof(
      text.map((one) => ({ pattern: one, made: one })),
      text.map((one) => ({ pattern: '*', made: one })),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).map((one) => ({ pattern: '?', made: one })),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) =>
        fits(piecesOf(pieces.map(({ pattern }) => pattern).join('')), pieces.map(({ made }) => made).join('')),
      ),
    );
  });
  test('takes no longer for many stars', () => {
    const start = performance.now();
    expect(fits(piecesOf(`${'*a'.repeat(200)}b`), 'a'.repeat(1_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
  test('means the same to PostgreSQL, whatever is in it', () => {
    expect(likeOf(['*', { text: '5%_\\x' }, '?'])).toBe('%5\\%\\_\\\\x_');
  });
});
