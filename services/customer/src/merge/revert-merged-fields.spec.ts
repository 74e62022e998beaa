import { describe, expect, it } from '@jest/globals';
import { updated } from '../changes/changes.js';
import { emptyContact } from '../contact/merge-contact.js';
import { contactColumns } from '../tables/contact.table.js';
import type { Fields } from './fields.js';
import { mergeRows } from './merge-rows.js';
import { revertMergedFields } from './revert-merged-fields.js';

type Row = typeof emptyContact & { id: string; version: number };
const row = (id: string, more: Partial<typeof emptyContact> = {}): Row => ({ ...emptyContact, id, version: 1, ...more });
const email = (address: string, primary = false, more = {}) => ({ address, ...more, primary });

/** Merges b into a, changes what comes of it, and takes the merge back. */
function there(a: Row, b: Row, change: (merged: Row) => Partial<Row> = () => ({}), choice = {}, others: Fields[] = []) {
  const { row: merged } = mergeRows('contact', [a, b], choice);
  const step = updated(contactColumns, a, merged)?.fields ?? {};
  const { row: back, conflicts } = revertMergedFields('contact', { ...merged, ...change(merged) }, step, others);
  return { back, fields: conflicts.map(({ field }) => field) };
}

describe('9.3 reverting merged fields', () => {
  const a = row('a', { firstName: 'Anna', tags: ['x'], notes: 'n', customFields: { k: '1' }, emails: [email('a@x.example', true)] });
  const b = row('b', {
    jobTitle: 'CEO',
    tags: ['y'],
    notes: 'm',
    customFields: { k: '2', l: '2' },
    emails: [email('b@x.example', true), email('b2@x.example')],
  });

  it.each([
    ['by default', {}],
    ['with other values chosen', { firstName: 'b', tags: 'b', emails: 'b', notes: 'b', 'customFields.k': 'b' }],
  ])('restores the previous state, %s', (_, choice) => expect(there(a, b, () => ({}), choice)).toEqual({ back: a, fields: [] }));

  it('single values changed since stay', () => {
    const { back, fields } = there(a, b, (m) => ({
      jobTitle: 'CFO',
      notes: `${m.notes}!`,
      customFields: { ...m.customFields, l: '3', new: '4' },
    }));
    expect(back).toMatchObject({ jobTitle: 'CFO', notes: 'n\n\nm!', customFields: { k: '1', l: '3', new: '4' } });
    expect(fields.sort()).toEqual(['customFields.l', 'jobTitle', 'notes']);
  });

  it('a value set back to what it was before is no conflict', () =>
    expect(there(a, b, () => ({ jobTitle: null }))).toEqual({ back: a, fields: [] }));

  it('merged values are removed from lists, and values added since stay', () => {
    const { back, fields } = there(a, b, (m) => ({ tags: ['later', ...m.tags], emails: [...m.emails, email('later@x.example')] }));
    expect(back.tags).toEqual(['later', 'x']);
    expect(back.emails).toEqual([email('a@x.example', true), email('later@x.example')]);
    expect(fields).toEqual([]);
  });

  it('values removed from a list since are not restored', () => {
    const { back, fields } = there(a, b, () => ({ tags: ['y'], emails: [email('b@x.example', true), email('b2@x.example')] }));
    expect(back.tags).toEqual([]);
    expect(back.emails).toEqual([email('b@x.example', true)]);
    expect(fields).toEqual(['emails']);
  });

  it('a merged value changed since stays, and a primary value chosen since stays primary', () => {
    const { back, fields } = there(a, b, (m) => ({ emails: m.emails.map((one) => ({ ...one, primary: one.address === 'b2@x.example' })) }));
    expect(back.emails).toEqual([email('a@x.example'), email('b2@x.example', true)]);
    expect(fields).toEqual(['emails']);
  });

  it('exactly one value is primary, whatever was changed', () => {
    for (const choice of [{}, { emails: 'b' }])
      for (const primary of ['a@x.example', 'b@x.example', 'b2@x.example', 'n@x.example'])
        for (const without of ['a@x.example', 'b@x.example', 'b2@x.example', '']) {
          const { back } = there(
            a,
            b,
            (m) => ({
              emails: [...m.emails, email('n@x.example')]
                .filter((one) => one.address !== without)
                .map((one) => ({ ...one, primary: one.address === primary })),
            }),
            choice,
          );
          expect(back.emails.filter((one) => one.primary)).toHaveLength(1);
        }
  });

  it('values that other merged entries have too stay', () => {
    const others = [row('c', { tags: ['y'], emails: [email('B@x.example', true)] })] as unknown as Fields[];
    const { back, fields } = there(a, b, () => ({}), {}, others);
    expect(back.tags).toEqual(['x', 'y']);
    expect(back.emails.map(({ address }) => address)).toEqual(['a@x.example', 'b@x.example']);
    expect(fields).toEqual([]);
  });
});
