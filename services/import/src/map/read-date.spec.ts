import { describe, expect, it } from '@jest/globals';
import { type DateOrder, provenOrder, readDate } from './read-date.js';

describe('readDate', () => {
  it.each<[string, DateOrder | undefined, string | undefined]>([
    ['1980-02-29', undefined, '1980-02-29'],
    ['1980-2-9', undefined, '1980-02-09'],
    ['1980/12/31', 'dmy', '1980-12-31'],
    ['1980.12.31', undefined, '1980-12-31'],
    ['1980-12-31T00:00:00Z', undefined, '1980-12-31'],
    ['19801231', undefined, '1980-12-31'],
    ['31.12.1980', undefined, '1980-12-31'],
    ['03.04.1980', 'mdy', '1980-04-03'],
    ['03/04/1980', undefined, '1980-03-04'],
    ['03/04/1980', 'dmy', '1980-04-03'],
    ['03-04-1980', undefined, '1980-04-03'],
    ['03-04-1980', 'mdy', '1980-03-04'],
    ['19371233', undefined, undefined],
    ['19729518', undefined, undefined],
    ['1900-02-29', undefined, undefined],
    ['2000-02-29', undefined, '2000-02-29'],
    ['31/04/1980', 'dmy', undefined],
    ['0000-01-01', undefined, undefined],
    ['31.12.80', undefined, undefined],
    ['31.12/1980', undefined, undefined],
    ['yesterday', undefined, undefined],
  ])('reads %s (%s) as %s', (value, order, date) => {
    expect(readDate(value, order)).toBe(date);
  });
});

describe('provenOrder', () => {
  it.each<[string, DateOrder | undefined]>([
    ['13/01/1980', 'dmy'],
    ['1/13/1980', 'mdy'],
    ['01-13-1980', 'mdy'],
    ['01/02/1980', undefined],
    ['13.01.1980', undefined],
    ['19800113', undefined],
    ['12/34', undefined],
  ])('of %s is %s', (value, order) => {
    expect(provenOrder(value)).toBe(order);
  });
});
