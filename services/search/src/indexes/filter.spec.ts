import { describe, expect, test } from '@jest/globals';
import type { Document } from './document.js';
import { and, type Filter, filterTest, filterText, is, isAbsent, isIn, isWithin, not, or } from './filter.js';

const text = (filter: Filter) => (typeof filter === 'boolean' ? filter : filterText(filter));
const a = is('type', 'a');
const b = is('type', 'b');

test('values are quoted, whatever is in them', () => {
  expect(text(is('type', 'a" OR tenant != "\\'))).toBe('type = "a\\" OR tenant != \\"\\\\"');
  expect(text(isIn('words', ['last:muller', 'x"y']))).toBe('words IN ["last:muller", "x\\"y"]');
});

test('everything and nothing are worked out here', () => {
  expect(isIn('id', [])).toBe(false);
  expect(text(and(a, true, b, a))).toBe('(type = "a" AND type = "b")');
  expect(and(a, false)).toBe(false);
  expect(and()).toBe(true);
  expect(or(a, false)).toBe(a);
  expect(or(a, true)).toBe(true);
  expect(or()).toBe(false);
  expect([text(not(a)), not(true), not(false)]).toEqual(['NOT (type = "a")', false, true]);
  expect(isWithin('createdAt', undefined, undefined)).toBe(true);
});

describe('Meilisearch and this process read a filter alike', () => {
  const document = {
    id: '1',
    tags: ['VIP', 'Äpfel'],
    type: null,
    words: ['last:muller', 'last~mueller'],
    hasOpportunities: true,
    createdAt: 1_000,
  } as unknown as Document;
  test.each([
    [is('tags', 'vip'), 'tags = "vip"', true],
    [is('tags', 'ÄPFEL'), 'tags = "ÄPFEL"', true],
    [is('type', 'x'), 'type = "x"', false],
    [is('hasOpportunities', 'true'), 'hasOpportunities = "true"', true],
    [isAbsent('readers'), 'readers NOT EXISTS', true],
    [isWithin('createdAt', 1_000, 1_001), '(createdAt >= 1000 AND createdAt < 1001)', true],
    [isWithin('createdAt', undefined, 1_000), 'createdAt < 1000', false],
    [
      and(is('id', '1'), not(isIn('words', ['last:meier', 'last:muller']))),
      '(id = "1" AND NOT (words IN ["last:meier", "last:muller"]))',
      false,
    ],
    [or(is('id', '2'), is('tags', 'vip')), '(id = "2" OR tags = "vip")', true],
  ])('%j', (filter, meili, fits) => {
    expect(text(filter)).toBe(meili);
    expect(filterTest(filter)(document)).toBe(fits);
  });
});
