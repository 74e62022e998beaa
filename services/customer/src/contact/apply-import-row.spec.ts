import { describe, expect, it } from '@jest/globals';
import type { Settings } from '@kontor/contracts';
import { applyImportRow } from './apply-import-row.js';
import { emptyContact } from './merge-contact.js';

const settings: Settings = {
  version: 1,
  country: 'DE',
  types: ['cold', 'hot'],
  customFields: [{ key: 'size', label: 'Size', kind: 'number', for: 'contact' }],
  assignByMailDomain: true,
  contactFromTicket: true,
  binDays: 60,
};
const apply = (row: Parameters<typeof applyImportRow>[1], before = {}) =>
  applyImportRow({ id: 'x', ...emptyContact, ...before }, row, settings);

describe('7.5 an update keeps every field that the file has no column for', () => {
  const before = {
    firstName: 'Anna',
    lastName: 'Müller',
    notes: 'keep me',
    emails: [{ address: 'anna@a.example', primary: true }],
    phones: [
      { number: '030 1', kind: 'phone' as const, primary: false },
      { number: '0170 5551234', e164: '+491705551234', kind: 'mobile' as const, primary: true },
    ],
    addresses: [
      { line1: 'Old 1', city: 'Berlin', primary: true },
      { line1: 'Second', primary: false },
    ],
    tags: ['vip'],
  };
  it('replaces single-valued fields, adds tags, keeps the rest', () => {
    const { contact, warnings } = apply({ lastName: 'Meier', tags: ['b2b', 'vip'], emails: ['ANNA@a.example', 'new@a.example'] }, before);
    expect(warnings).toEqual([]);
    expect(contact).toMatchObject({ firstName: 'Anna', lastName: 'Meier', notes: 'keep me', tags: ['vip', 'b2b'] });
    expect(contact.emails).toEqual([
      { address: 'anna@a.example', primary: true },
      { address: 'new@a.example', primary: false },
    ]);
  });
  it('a number in the same slot of its kind replaces the present one; a known number changes nothing', () => {
    const { contact } = apply(
      {
        phones: [
          { number: '+49 170 5551234', kind: 'phone', slot: 1 },
          { number: '030 2222222', kind: 'phone', slot: 0 },
        ],
      },
      before,
    );
    expect(contact.phones).toMatchObject([
      { number: '030 2222222', kind: 'phone', primary: false },
      { number: '0170 5551234', primary: true },
    ]);
  });
  it('merges the address into the primary one', () =>
    expect(apply({ address: { line1: 'New 2' } }, before).contact.addresses).toEqual([
      { line1: 'New 2', city: 'Berlin', primary: true },
      { line1: 'Second', primary: false },
    ]));
});

it('drops unusable values with a warning, and accepts the row', () => {
  const { contact, warnings, reason } = apply({
    firstName: 'A',
    emails: ['none'],
    type: 'lukewarm',
    language: '??',
    phones: [{ number: 'x', kind: 'phone', slot: 0 }],
    website: 'a b',
    customFields: { size: 'big', other: '1' },
  });
  expect(reason).toBeUndefined();
  expect(contact).toMatchObject({ emails: [], type: null, language: null, phones: [], links: [], customFields: {} });
  expect(warnings.map((w) => w.split(':')[0])).toEqual([
    'language',
    'type',
    'email',
    'phone',
    'website',
    'customFields.size',
    'customFields.other is not a custom field of a contact here; left out',
  ]);
});

it('refuses a row with a value over the limits', () =>
  expect(apply({ firstName: 'x'.repeat(1025) }).reason).toMatch(/^firstName: is longer than 1024/));
