import { describe, expect, it } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import { defuse, joinList, restoreDefused, splitList } from './cell.js';

const cell = fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\r', '\n', 'a', '1', ' ', '"', ',', '伟') });

describe('7.10 cells that a spreadsheet would run as a formula are defused', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+49 30 1', "'+49 30 1"],
    ['-5', "'-5"],
    ['@sum(a1)', "'@sum(a1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    ["'=1", "''=1"],
    ["''-1", "'''-1"],
    ["'", "'"],
    ["'Hertogenbosch", "'Hertogenbosch"],
    ['a=1', 'a=1'],
    ['', ''],
  ])('%j is written as %j', (given, written) => {
    expect(defuse(given)).toBe(written);
    expect(restoreDefused(written)).toBe(given);
  });

  it('no formula is left, and every cell is restored exactly', () =>
    fc.assert(
      fc.property(fc.oneof(cell, fc.string({ unit: 'grapheme' })), (text) => {
        expect(defuse(text)).not.toMatch(/^[=+\-@\t\r]/);
        expect(restoreDefused(defuse(text))).toBe(text);
      }),
    ));

  it('a cell that was not defused stays unchanged', () =>
    fc.assert(fc.property(cell, (text) => expect(restoreDefused(text)).toBe(/^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text))));

  it('very many apostrophes are handled', () => {
    const many = "'".repeat(1_000_000);
    expect(restoreDefused(defuse(`${many}=`))).toBe(`${many}=`);
    expect(defuse(many)).toBe(many);
  });
});

describe('7.10 a list in one cell', () => {
  it.each([
    [['vip', 'newsletter'], 'vip; newsletter'],
    [['a;b', 'c'], '["a;b","c"]'],
    [['[x]'], '["[x]"]'],
    [[], ''],
  ])('%j is written as %j', (list, written) => {
    expect(joinList(list)).toBe(written);
    expect(splitList(written)).toEqual(list);
  });
  it('is parsed as the same list, whatever it contains', () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: fc.constantFrom(';', ',', ':', '[', ']', '"', ' ', 'a', '伟') }), fc.string())),
        (list) => expect(splitList(joinList(list))).toEqual(list),
      ),
    ));
  it.each([
    ['a, b;c', ['a', 'b', 'c']],
    ['a ::: b', ['a', 'b']],
    ['[1]', ['[1]']],
    ['[x', ['[x']],
    [' ; ', []],
  ])('%j as written by others is %j', (cell, list) => expect(splitList(cell)).toEqual(list));
});
