import { describe, expect, it } from '@jest/globals';
import type { CustomField, FieldError, Settings } from '@kontor/contracts';
import { checkCustomFields, readCustomField } from './custom-fields.js';
import { displayName, sortName } from './names.js';
import { withPrimary } from './primary.js';
import { emptyValues, mergeValues } from './shared-fields.js';

const settings: Settings = {
  version: 1,
  country: 'DE',
  types: ['cold', 'hot'],
  customFields: [],
  assignByMailDomain: true,
  contactFromTicket: true,
  binDays: 60,
};

describe('2.3 exactly one primary value of each list', () => {
  it.each([
    ['none marked: the first', [{}, {}], 0],
    ['the marked one', [{}, { primary: true }], 1],
    ['a fax only when there is no other number', [{ kind: 'fax' }, { kind: 'mobile' }], 1],
    ['a lone fax', [{ kind: 'fax' }], 0],
    ['a marked fax', [{ kind: 'phone' }, { kind: 'fax', primary: true }], 1],
  ])('%s', (_, list, expected) => {
    const errors: FieldError[] = [];
    expect(withPrimary(list, 'phones', errors).map((value) => value.primary)).toEqual(list.map((_, i) => i === expected));
    expect(errors).toEqual([]);
  });
  it('refuses two, at the second one', () => {
    const errors: FieldError[] = [];
    withPrimary([{ primary: true }, {}, { primary: true }], 'emails', errors);
    expect(errors).toMatchObject([{ path: 'emails[2].primary' }]);
  });
});

describe('displayName', () => {
  const emptyPerson = {
    firstName: null,
    middleName: null,
    lastName: null,
    companyName: null,
    emails: [],
    phones: [],
    employeeCode: null,
    addresses: [],
  };
  it.each([
    [{ firstName: 'Anna', middleName: 'M.', lastName: 'Müller' }, 'Anna M. Müller'],
    [{ firstName: '伟', lastName: '王' }, '王伟'],
    [{ companyName: 'Beispiel GmbH', emails: [{ address: 'a@b.example', primary: true }] }, 'Beispiel GmbH'],
    [
      {
        emails: [
          { address: 'x@b.example', primary: false },
          { address: 'a@b.example', primary: true },
        ],
      },
      'a@b.example',
    ],
    [{ phones: [{ number: '030 1', primary: true }] }, '030 1'],
    [{ employeeCode: 'E-1' }, 'E-1'],
    [{ employeeCode: 'E-1', addresses: [{ city: 'Berlin', primary: true }] }, 'E-1'],
    [
      {
        addresses: [
          { city: 'Bonn', primary: false },
          { line1: 'Weg 1', city: 'Berlin', primary: true },
        ],
      },
      'Berlin',
    ],
    [{ addresses: [{ line1: 'Weg 1', postalCode: '10115', primary: true }] }, 'Weg 1'],
    [{ addresses: [{ alias: 'Alexanderplatz', primary: true }] }, 'Alexanderplatz'],
    [{ addresses: [{ country: 'Germany', primary: true }] }, 'Germany'],
  ])('%j → %s', (given, expected) => expect(displayName({ ...emptyPerson, ...given })).toBe(expected));
  it('sorts without case and accents', () =>
    expect(['Özil', 'Zander', 'oz', 'Ärmel'].sort((a, b) => (sortName(a) < sortName(b) ? -1 : 1))).toEqual([
      'Ärmel',
      'oz',
      'Özil',
      'Zander',
    ]));
});

describe('the order of names', () => {
  it.each([
    ['STRAẞE', 'strasse'],
    ['Łukasz', 'lukasz'],
    ['Đorđe', 'dorde'],
    ['Øster', 'oster'],
    ['Æsop', 'aesop'],
    ['Işık', 'isik'],
    ['Œuvre', 'oeuvre'],
    ['Þór', 'thor'],
    ['Mül\u200eler', 'muller'],
    ['\u202aＡda\u202c', 'ada'],
  ])('%s sorts as %s', (name, expected) => expect(sortName(name)).toBe(expected));
});

describe('2.8 custom fields', () => {
  const field = (kind: CustomField['kind'], options?: string[]): CustomField => ({ key: 'f', label: 'F', kind, for: 'contact', options });
  it.each([
    ['text', 'x', true],
    ['text', 1, false],
    ['text', 'x'.repeat(1025), false],
    ['long_text', 'x'.repeat(2000), true],
    ['number', 1.5, true],
    ['number', '1', false],
    ['number', 9007199254740991, true],
    ['number', -9007199254740991, true],
    ['number', 0.1, true],
    ['number', 1234567.891, true],
    ['number', Number('9007199254740993'), false],
    ['number', Number('-9007199254740993'), false],
    ['number', Number('12345678901234567890'), false],
    ['number', Number('1e300'), false],
    ['date', '2026-02-28', true],
    ['date', '2026-02-30', false],
    ['checkbox', false, true],
    ['checkbox', 'yes', false],
    ['select', 'red', true],
    ['select', 'blue', false],
    ['multi_select', ['red', 'green'], true],
    ['multi_select', ['blue'], false],
    ['multi_select', ['red', 'red'], false],
    ['heading', 'x', false],
  ] as const)('%s accepts %j: %s', (kind, value, ok) => {
    const errors: FieldError[] = [];
    const definition = field(kind, kind.endsWith('select') ? ['red', 'green'] : undefined);
    checkCustomFields({ f: Array.isArray(value) ? [...value] : (value as string) }, [definition], 'contact', errors);
    expect(errors.length === 0).toBe(ok);
  });
  it('refuses unknown ones by name, and those of the other kind of entry', () => {
    const errors: FieldError[] = [];
    checkCustomFields({ f: 'x', g: 'y' }, [{ ...field('text'), for: 'customer' }], 'contact', errors);
    expect(errors.map((e) => e.path)).toEqual(['customFields.f', 'customFields.g']);
  });
  it.each([
    ['number', '1,5', 1.5],
    ['number', 'x', undefined],
    ['number', '9007199254740993', undefined],
    ['number', '12345678901234567890', undefined],
    ['checkbox', 'Ja', true],
    ['checkbox', 'nein', false],
    ['checkbox', '?', undefined],
    ['multi_select', 'red; green', ['red', 'green']],
    ['date', '2026-13-01', undefined],
    ['number', '12,000', undefined],
    ['number', '9007199254740993', undefined],
    ['checkbox', ' YES ', true],
    ['checkbox', '是', true],
    ['checkbox', 'X', true],
    ['checkbox', '否', false],
    ['select', 'RED', 'red'],
    ['select', ' gReen\u00a0', 'green'],
    ['select', 'blue', undefined],
    ['multi_select', 'RED;Green; red', ['red', 'green']],
  ] as const)('reads a cell as %s: %s → %j', (kind, cell, expected) =>
    expect(readCustomField(field(kind, ['red', 'green']), cell)).toEqual(expected),
  );
});

describe('a merge patch of shared fields', () => {
  it('absent fields stay, null clears, a list replaces, custom fields are merged by key', () => {
    const errors: FieldError[] = [];
    const fields: CustomField[] = ['a', 'b', 'c'].map((key) => ({ key, label: key, kind: 'text', for: 'contact' }));
    const before = {
      ...emptyValues,
      tags: ['x'],
      notes: 'n',
      customFields: { a: '1', b: '2' },
      emails: [{ address: 'a@b.example', primary: true }],
    };
    const after = mergeValues(
      before,
      { notes: null, customFields: { a: null, c: '3' }, emails: [{ address: 'c@d.example' }] },
      { ...settings, customFields: fields },
      'contact',
      errors,
    );
    expect(errors).toEqual([]);
    expect(after).toMatchObject({
      tags: ['x'],
      notes: null,
      customFields: { b: '2', c: '3' },
      emails: [{ address: 'c@d.example', primary: true }],
    });
  });
});
