import { describe, expect, it, test } from '@jest/globals';
import { phoneLabelColumns, readPhoneLabel } from './phone-labels.js';

test('the label of a number stands beside it, under its number', () => {
  const headers = [
    'Name',
    'Phone 1 - Label',
    'Phone 1 - Value',
    'Phone 2 - Type',
    'Phone 2 - Value',
    'Phone 3 - Value',
    'E-mail 1 - Type',
    'Phone',
  ];
  expect([...phoneLabelColumns(headers)]).toEqual([
    [2, 1],
    [4, 3],
  ]);
  expect(phoneLabelColumns(['Phone 1 - Type', 'Phone 1 - Label', 'Phone 1 - Value'])).toEqual(new Map([[2, 1]]));
  expect(phoneLabelColumns(['Phone', 'Type', 'Label']).size).toBe(0);
});

describe('what a label says', () => {
  it.each([
    ['Work', { kind: 'phone', label: 'Work' }],
    ['* Home', { kind: 'phone', label: 'Home' }],
    ['Mobile', { kind: 'mobile' }],
    ['* Mobile', { kind: 'mobile' }],
    ['Mobil', { kind: 'mobile' }],
    ['Cell', { kind: 'mobile' }],
    ['Handy privat', { kind: 'mobile', label: 'privat' }],
    ['Work Mobile', { kind: 'mobile', label: 'Work' }],
    ['Work Fax', { kind: 'fax', label: 'Work' }],
    ['homeFax', { kind: 'fax', label: 'home' }],
    ['Telefax', { kind: 'fax' }],
    ['Assistant', { kind: 'phone', label: 'Assistant' }],
    ['', { kind: 'phone' }],
    ['x'.repeat(200), { kind: 'phone', label: 'x'.repeat(100) }],
  ])('%j', (cell, expected) => expect(readPhoneLabel(cell, 'phone')).toEqual(expected));
  it('nothing of the kind keeps that of the column', () => expect(readPhoneLabel('Work', 'fax')).toEqual({ kind: 'fax', label: 'Work' }));
});
