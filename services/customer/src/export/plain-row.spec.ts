import { describe, expect, it } from '@jest/globals';
import type { Settings } from '@kontor/contracts';
import { fc } from '@kontor/testing/properties';
import { applyImportRow } from '../contact/apply-import-row.js';
import { emptyContact, mergeContact } from '../contact/merge-contact.js';
import { changedFields, valueColumns } from '../sql/rows.js';
import type { ContactRow } from '../tables/contact.table.js';
import { cellsOf, contactToRow } from './plain-row.js';

const settings: Settings = {
  version: 1,
  country: 'DE',
  types: ['VIP', 'vip', 'cold'],
  customFields: [
    { key: 'text', label: 'T', kind: 'text', for: 'contact' },
    { key: 'long', label: 'L', kind: 'long_text', for: 'contact' },
    { key: 'number', label: 'N', kind: 'number', for: 'contact' },
    { key: 'date', label: 'D', kind: 'date', for: 'contact' },
    { key: 'checkbox', label: 'C', kind: 'checkbox', for: 'contact' },
    { key: 'multi', label: 'M', kind: 'multi_select', for: 'contact', options: ['a', 'b;c', '["d"]', ' e '] },
  ],
  assignByMailDomain: true,
  contactFromTicket: true,
  binDays: 60,
};
const keys = settings.customFields.map((one) => one.key);
const contactOf = (given: Parameters<typeof mergeContact>[1]) => mergeContact({ id: 'x', ...emptyContact }, given, settings);
const exactIn = (contact: ContactRow, columns: readonly string[] = keys) =>
  JSON.parse(contactToRow(contact, columns, settings).exact ?? 'null') as object | null;

const nasty = fc.string({ unit: fc.constantFrom('a', 'Ü', '伟', "'", '"', '=', '+', ';', ',', ':', '[', ']', ' ', '\t', '\r', '\n', '1') });
const word = nasty.map((text) => text.trim()).filter((text) => text !== '');
const label = fc.option(nasty, { nil: undefined });
const option = fc.constantFrom('a', 'b;c', '["d"]', ' e ');
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
/** At most one is marked. */
const marked = <T extends object>(of: fc.Arbitrary<T>) =>
  fc
    .tuple(fc.array(of, { maxLength: 5 }), fc.nat({ max: 5 }))
    .map(([list, primary]) => list.map((one, i) => ({ ...one, ...(i === primary && { primary: true }) })));
const given = fc.record({
  lastName: word,
  middleName: maybe(word),
  language: maybe(fc.constantFrom('de', 'zh-Hant')),
  birthday: maybe(fc.constantFrom('1990-02-28', '1850-01-01')),
  externalIds: fc.array(fc.record({ source: fc.constantFrom('import', 'crm'), id: word }), { maxLength: 3 }),
  emails: marked(fc.record({ address: fc.constantFrom('a@b.example', 'A@B.example', "'=c@d.example", '+e@f.example'), label })),
  phones: marked(
    fc.record({
      number: fc.constantFrom('030 1234567', '+49 30 1234567', '4711', '=1', '0170 1234567'),
      kind: fc.constantFrom('phone', 'mobile', 'fax'),
      label,
    }),
  ),
  addresses: marked(fc.record({ line1: word, city: maybe(word), alias: maybe(word), label })),
  links: marked(
    fc.record({ url: fc.constantFrom('https://a.example', 'http://b.example/x'), kind: fc.constantFrom('website', 'social'), label }),
  ),
  type: maybe(fc.constantFrom('VIP', 'vip')),
  tags: fc.array(word, { maxLength: 4 }),
  notes: maybe(nasty),
  customFields: fc.record(
    {
      text: nasty,
      long: nasty,
      number: fc
        .double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15, maxExcluded: true, minExcluded: true })
        .map((one) => Number(one.toPrecision(15)) + 0),
      date: fc.constant('2026-01-31'),
      checkbox: fc.boolean(),
      multi: fc.uniqueArray(option, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  ),
}) as fc.Arbitrary<Parameters<typeof mergeContact>[1]>;

describe('7.10 a row of an export', () => {
  it('represents the whole contact: applied to an empty one it gives the same one, applied to itself it changes nothing', () =>
    fc.assert(
      fc.property(given, fc.subarray(keys), (input, columns) => {
        const contact = contactOf(input);
        const row = contactToRow(contact, columns, settings);
        for (const base of [{ id: 'x', ...emptyContact }, contact]) {
          const { contact: applied, warnings, reason } = applyImportRow(base, row, settings);
          const others = warnings.filter((one) => !/^phone: .* is not a number that can be dialled/.test(one));
          expect({ others, reason }).toEqual({ others: [], reason: undefined });
          expect(applied).toEqual(contact);
        }
      }),
    ));

  it('uses readable columns where possible, and nothing twice', () => {
    const contact = contactOf({
      firstName: 'Anna',
      emails: [{ address: 'a@b.example' }, { address: 'c@d.example' }],
      phones: [{ number: '+49 30 1234567', kind: 'phone' }],
      addresses: [{ line1: 'Platz 1', city: 'Berlin' }],
      tags: ['vip', 'a;b'],
      notes: 'two\nlines',
      customFields: { multi: ['a', 'b;c'], number: -1.5 },
    });
    expect(exactIn(contact)).toBeNull();
    expect(cellsOf(contactToRow(contact, keys, settings))).toMatchObject({
      firstName: 'Anna',
      email: 'a@b.example',
      email2: 'c@d.example',
      phone: '+49 30 1234567',
      line1: 'Platz 1',
      city: 'Berlin',
      tags: '["vip","a;b"]',
      'customFields.multi': '["a","b;c"]',
      'customFields.number': '-1.5',
    });
  });

  it('has in `exact` what has no column', () => {
    expect(exactIn(contactOf({ lastName: 'A', emails: [{ address: 'a@b.example', label: 'work' }] }))).toEqual({
      emails: [{ address: 'a@b.example', label: 'work', primary: true }],
    });
    expect(exactIn(contactOf({ lastName: 'A', customFields: { text: 'x', number: 1 } }), ['number'])).toEqual({
      customFields: { text: 'x' },
    });
    expect(exactIn(contactOf({ lastName: 'A', notes: ' a ' }))).toEqual({ notes: ' a ' });
  });

  it('a number without a country code means the same in a tenant of another country', () => {
    const contact = contactOf({ lastName: 'A', phones: [{ number: '030 1234567', kind: 'phone' }] });
    const row = contactToRow(contact, keys, settings);
    const { contact: applied } = applyImportRow({ id: 'x', ...emptyContact }, row, { ...settings, country: 'AT' });
    expect(applied.phones).toEqual([{ number: '030 1234567', e164: '+49301234567', kind: 'phone', primary: true }]);
  });
});

describe('7.10 an edited export', () => {
  const before = contactOf({
    lastName: 'A',
    emails: [{ address: 'a@b.example', label: 'work' }],
    notes: ' a ',
    phones: [{ number: '030 1', kind: 'phone' }],
  });
  const row = contactToRow(before, keys, settings);
  it('changes in readable columns are applied', () => {
    const { contact } = applyImportRow(before, { ...row, notes: 'b', phones: [{ number: '030 2', kind: 'phone', slot: 0 }] }, settings);
    expect(changedFields(valueColumns, before, contact)).toEqual(['phones', 'notes']);
    expect(contact).toMatchObject({ notes: 'b', phones: [{ number: '030 2' }] });
  });
  it.each([
    ['{', 'exact: is not a JSON object; left out'],
    ['[1]', 'exact: is not a JSON object; left out'],
    [
      '{"emails":[{"address":"none"}]}',
      'exact.emails[0].address: must be an e-mail address like anna@firma.example: it needs a name, an "@" and a domain; left out',
    ],
    ['{"ownerId":"x"}', expect.stringMatching(/^exact\.ownerId: .*; left out$/)],
    ['{"type":"warm","tags":["t"]}', 'exact.type: must be one of VIP, vip, cold; left out'],
    ['{"customFields":{"other":1,"number":2}}', 'exact.customFields.other: is not a custom field of a contact here; left out'],
    ['{"notes":"a\\u0000b"}', 'exact.notes: must not contain a NUL character; left out'],
  ])('%s is dropped with a warning, and the row is accepted', (exact, warning) => {
    const { warnings, reason, contact } = applyImportRow({ id: 'x', ...emptyContact }, { lastName: 'A', exact }, settings);
    expect({ warnings, reason }).toEqual({ warnings: [warning], reason: undefined });
    if (exact.includes('tags')) expect(contact.tags).toEqual(['t']);
    if (exact.includes('number')) expect(contact.customFields).toEqual({ number: 2 });
  });
});
