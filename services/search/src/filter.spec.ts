import { expect, test } from '@jest/globals';
import { and, is, isIn, not, or } from './filter.js';

test('values are quoted, whatever is in them', () => {
  expect(is('type', 'a" OR tenant != "\\')).toBe('type = "a\\" OR tenant != \\"\\\\"');
  expect(isIn('words', ['last:muller', 'x"y'])).toBe('words IN ["last:muller", "x\\"y"]');
});

test('everything and nothing are worked out here', () => {
  expect(isIn('id', [])).toBe(false);
  expect(and('a', true, 'b', 'a')).toBe('(a AND b)');
  expect(and('a', false)).toBe(false);
  expect(and()).toBe(true);
  expect(or('a', false)).toBe('a');
  expect(or('a', true)).toBe(true);
  expect(or()).toBe(false);
  expect([not('a'), not(true), not(false)]).toEqual(['NOT (a)', false, true]);
});
