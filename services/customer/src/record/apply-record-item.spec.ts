import { describe, expect, it } from '@jest/globals';
import type { RecordRow } from '../tables/record.table.js';
import { applyRecordItem, mergeData } from './apply-record-item.js';

const record: RecordRow = {
  id: 'r',
  source: 'desk',
  externalId: '1',
  kind: 'ticket',
  title: 'T',
  status: 'open',
  amount: '10.50',
  currency: 'EUR',
  dueAt: '2026-01-31',
  url: null,
  customerId: null,
  contactId: null,
  named: { email: 'a@b.example' },
  data: { a: 1 },
};
const anna = { id: 'anna', customerId: 'k1' };

describe('applying the given fields to a record', () => {
  it('keeps absent fields, clears with null', () => {
    expect(applyRecordItem(record, {}, {})).toEqual(record);
    expect(applyRecordItem(record, { title: '', status: null, amount: null, dueAt: null, data: null }, {})).toEqual({
      ...record,
      title: null,
      status: null,
      amount: null,
      dueAt: null,
      data: {},
    });
  });

  it('stores a date as a date and a timestamp in UTC to the millisecond', () => {
    expect(applyRecordItem(record, { dueAt: '2026-02-01' }, {}).dueAt).toBe('2026-02-01');
    expect(applyRecordItem(record, { dueAt: '2026-02-01T00:30:00.123999+01:00' }, {}).dueAt).toBe('2026-01-31T23:30:00.123Z');
  });

  it('links to the found contact, and to its customer if it has none', () => {
    expect(applyRecordItem(record, { contact: { email: 'x@y.example' } }, { contact: anna })).toMatchObject({
      contactId: 'anna',
      named: null,
      customerId: 'k1',
    });
    expect(applyRecordItem(record, { contactId: 'anna', customerId: 'k2' }, { contact: anna, customerId: 'k2' }).customerId).toBe('k2');
    expect(applyRecordItem({ ...record, customerId: 'k3' }, { contactId: 'anna' }, { contact: anna }).customerId).toBe('k3');
  });

  it('waits for an unknown contact; of the reference it stores only the keys', () => {
    const given = { email: 'x@y.example', firstName: 'X' };
    expect(applyRecordItem({ ...record, contactId: 'anna', named: null }, { contact: given }, { contact: null })).toMatchObject({
      contactId: null,
      named: { email: 'x@y.example' },
    });
    expect(applyRecordItem(record, { contact: null }, { contact: null })).toMatchObject({ contactId: null, named: null });
  });
});

describe('a merge patch of data', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('RFC 7396: %j with %j is %j', (before, patch, after) => expect(mergeData(before, patch)).toEqual(after));
});
