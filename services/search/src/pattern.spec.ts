import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fits, likeOf, piecesOf } from './pattern.js';

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
    const letters = (signs: string) => fc.string({ unit: fc.constantFrom(...signs), maxLength: 10 });
    fc.assert(
      fc.property(letters('ab*?'), letters('ab'), (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
        return fits(piecesOf(pattern), text) === expression.test(text);
      }),
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
