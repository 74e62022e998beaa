import { describe, expect, it } from '@jest/globals';
import { type DecimalSign, isShortened, provenDecimalSign, readNumber } from './read-number.js';

describe('readNumber', () => {
  it.each<[string, DecimalSign | undefined, DecimalSign | undefined, string | RegExp]>([
    ['42', undefined, undefined, '42'],
    ['-7', undefined, ',', '-7'],
    ['+7', undefined, ',', '7'],
    ['0042', undefined, ',', '42'],
    ['1,5', undefined, '.', '1.5'],
    ['1.5', undefined, ',', '1.5'],
    ['0,125', undefined, '.', '0.125'],
    ['1.234,56', undefined, '.', '1234.56'],
    ['1,234.56', undefined, ',', '1234.56'],
    ['1.234.567', undefined, '.', '1234567'],
    ["1'234.50", undefined, ',', '1234.5'],
    ['1 234 567,5', undefined, '.', '1234567.5'],
    ['12,000', '.', undefined, '12000'],
    ['12,000', ',', undefined, '12'],
    ['12,000', undefined, '.', '12000'],
    ['12.000', undefined, ',', '12000'],
    ['12,000', undefined, ',', /^may be 12.000 or 12000$/],
    ['1.234', undefined, '.', /^may be/],
    ['1,234', undefined, undefined, /^may be/],
    ['1,23,456.7', undefined, '.', /^must be a number$/],
    ['12 €', undefined, ',', /^must be a number$/],
    ['', undefined, ',', /^must be a number$/],
    ['1.5e3', undefined, ',', '1500'],
    ['4.91512E+11', undefined, ',', /shortened/],
    ['12345678901234567890', undefined, ',', /more digits/],
    ['9007199254740993', undefined, ',', /more digits/],
    ['9007199254740991', undefined, ',', '9007199254740991'],
    ['0.1234567890123456789', undefined, '.', /more digits/],
    ['100000000000000000000000', undefined, '.', /more digits/],
  ])('reads %j (%s, usually %s) as %s', (cell, sign, usual, expected) => {
    const read = readNumber(cell, sign, usual);
    if (typeof expected === 'string') expect(read).toEqual({ value: expected });
    else expect(read).toEqual({ problem: expect.stringMatching(expected) });
  });

  it.each<[string, DecimalSign | undefined]>([
    ['12,000', undefined],
    ['1,234', undefined],
    ['1,5', ','],
    ['1.234.567', ','],
    ['1,234,567', '.'],
    ['1,234.5', '.'],
    ['0.125', '.'],
    ['1234', undefined],
    ['anna,b', undefined],
  ])('%j proves %s', (cell, sign) => expect(provenDecimalSign(cell)).toBe(sign));

  it.each([
    ['4.91512E+11', true],
    ['4,9E+12', true],
    ['5E+11', true],
    ['1.5E3', false],
    ['030 1234567', false],
    ['E-1001', false],
  ])('%j is shortened: %s', (cell, shortened) => expect(isShortened(cell)).toBe(shortened));
});
