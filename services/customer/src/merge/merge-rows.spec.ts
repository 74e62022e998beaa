import { describe, expect, it } from '@jest/globals';
import type { Access } from '@kontor/contracts';
import { emptyContact } from '../contact/merge-contact.js';
import { type Choice, mergeRows } from './merge-rows.js';

const row = (id: string, more: Partial<typeof emptyContact> = {}) => ({ ...emptyContact, id, version: 1, ...more });
const email = (address: string, primary = false) => ({ address, primary });
const merged = (rows: ReturnType<typeof row>[], choice: Choice = {}) => {
  const [into, ...from] = rows;
  if (!into) throw new Error('nobody');
  return mergeRows('contact', [into, ...from], choice);
};

describe('9.3 merging fields', () => {
  it('single values stay, empty ones are filled in the order of the others, and dropped values are listed', () => {
    const { row: all, leftBehind } = merged([
      row('a', { firstName: 'Anna' }),
      row('b', { firstName: 'Ann', jobTitle: 'CEO' }),
      row('c', { jobTitle: 'CFO', language: 'de' }),
    ]);
    expect(all).toMatchObject({ id: 'a', firstName: 'Anna', jobTitle: 'CEO', language: 'de' });
    expect(leftBehind).toEqual([
      { id: 'b', field: 'firstName' },
      { id: 'c', field: 'jobTitle' },
    ]);
  });

  it('owner and access are those of the surviving entry, even if they are empty', () => {
    const access: Access = { restricted: true, agents: [], teams: [] };
    const { row: all, leftBehind } = merged([row('a'), row('b', { ownerId: 'x', access })]);
    expect(all).toMatchObject({ ownerId: null, access: { restricted: false } });
    expect(leftBehind).toEqual([
      { id: 'b', field: 'ownerId' },
      { id: 'b', field: 'access' },
    ]);
    expect(merged([row('a'), row('b', { ownerId: 'x', access })], { ownerId: 'b', access: 'b' }).row).toMatchObject({
      ownerId: 'x',
      access,
    });
  });

  it('custom fields are filled by key, or chosen individually', () => {
    const rows = [
      row('a', { customFields: { x: '1' } }),
      row('b', { customFields: { x: '2', y: '2' } }),
      row('c', { customFields: { y: '3', z: '3' } }),
    ];
    expect(merged(rows).row.customFields).toEqual({ x: '1', y: '2', z: '3' });
    expect(merged(rows, { 'customFields.x': 'b', 'customFields.z': 'a' }).row.customFields).toEqual({ x: '2', y: '2' });
    expect(merged(rows, { customFields: 'c' }).row.customFields).toEqual({ y: '3', z: '3' });
  });

  it('notes are concatenated without duplicates', () => {
    expect(merged([row('a'), row('b', { notes: 'x' }), row('c', { notes: 'x' }), row('d', { notes: 'y' })]).row.notes).toBe('x\n\ny');
  });
});

describe('9.3 merging lists', () => {
  it.each([
    [
      'e-mails without case',
      'emails',
      [email('A@x.example', true)],
      [email('a@X.example', true), email('b@x.example')],
      ['A@x.example', 'b@x.example'],
    ],
    [
      'phones by their E.164 form',
      'phones',
      [{ number: '030 1', e164: '+49301', kind: 'phone', primary: true }],
      [{ number: '+49 30 1', e164: '+49301', kind: 'mobile', primary: true }],
      ['030 1'],
    ],
    [
      'phones without digits by what they are',
      'phones',
      [{ number: 'x', kind: 'phone', primary: true }],
      [{ number: 'y', kind: 'phone', primary: true }],
      ['x', 'y'],
    ],
    [
      'addresses by what they say',
      'addresses',
      [{ line1: 'Platz  1 ', city: 'BERLIN', primary: true }],
      [
        { line1: 'platz 1', city: 'Berlin', label: 'work', primary: true },
        { line1: 'Platz 1', primary: false },
      ],
      ['Platz  1 ', 'Platz 1'],
    ],
    [
      'links without the last slash',
      'links',
      [{ url: 'https://x.example', kind: 'website', primary: true }],
      [{ url: 'https://x.example/', kind: 'social', primary: true }],
      ['https://x.example'],
    ],
    [
      'external ids by source and id',
      'externalIds',
      [{ source: 's', id: '1' }],
      [
        { source: 's', id: '1' },
        { source: 't', id: '1' },
      ],
      ['1', '1'],
    ],
    ['tags', 'tags', ['a', 'b'], ['b', 'c'], ['a', 'b', 'c']],
  ])('have no duplicates: %s', (_, field, mine, theirs, expected) => {
    const list = (merged([row('a', { [field]: mine }), row('b', { [field]: theirs })]).row as unknown as Record<string, object[]>)[field];
    const shown = (value: object | string) =>
      typeof value === 'string' ? value : Object.values('source' in value ? { id: (value as { id?: string }).id } : value)[0];
    expect(list?.map(shown)).toEqual(expected);
    if (list?.some((one) => 'primary' in Object(one))) expect(list.filter((one) => (one as { primary?: boolean }).primary)).toHaveLength(1);
  });

  it('the primary value of the surviving entry stays; without one that of the first entry that has one', () => {
    const [a, b, c] = [
      row('a'),
      row('b', { emails: [email('b1@x.example'), email('b2@x.example', true)] }),
      row('c', { emails: [email('c@x.example', true)] }),
    ];
    const primary = (rows: ReturnType<typeof row>[]) =>
      merged(rows)
        .row.emails.filter((one) => one.primary)
        .map(({ address }) => address);
    expect(primary([c, b, a])).toEqual(['c@x.example']);
    expect(primary([a, b, c])).toEqual(['b2@x.example']);
    expect(primary([row('a', { emails: [email('B2@x.example')] }), b])).toEqual(['B2@x.example']);
  });

  it('a chosen list is taken alone, and the others are listed as left behind', () => {
    const { row: all, leftBehind } = merged([row('a', { tags: ['a', 'c'] }), row('b', { tags: ['b'] }), row('c', { tags: ['c'] })], {
      tags: 'b',
    });
    expect(all.tags).toEqual(['b']);
    expect(leftBehind).toEqual([
      { id: 'a', field: 'tags' },
      { id: 'c', field: 'tags' },
    ]);
  });

  it.each([
    ['tags', 'tags', (id: string, n: number) => Array.from({ length: n }, (_, i) => `${id}${i}`), 200],
    ['e-mails', 'emails', (id: string, n: number) => Array.from({ length: n }, (_, i) => email(`${id}${i}@x.example`)), 50],
    ['notes', 'notes', (id: string, n: number) => id.repeat(n), 32 * 1024],
  ])('more %s than the limit are refused, exactly the limit is not', (_, field, of, most) => {
    const both = (n: number) => merged([row('a', { [field]: of('a', most - 10) }), row('b', { [field]: of('b', n) })]);
    expect(() => both(11)).toThrow(new RegExp(`fields.${field}: would have ${most + (field === 'notes' ? 3 : 1)} `));
    expect(() => both(field === 'notes' ? 8 : 10)).not.toThrow();
  });
});
