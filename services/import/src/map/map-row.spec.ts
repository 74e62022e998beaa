import { describe, expect, it } from '@jest/globals';
import type { ImportField } from '@kontor/contracts';
import { type Columns, rowMapper } from './map-row.js';

const map = (columns: Record<string, string>, more: Partial<Columns> = {}) => {
  const row = rowMapper({ fields: Object.keys(columns) as ImportField[], ...more })({ number: 1, line: 2, cells: Object.values(columns) });
  return { contact: row.contact, warnings: row.warnings, rejected: row.rejected };
};
const mapCells = (fields: (ImportField | null)[], cells: string[]) => rowMapper({ fields })({ number: 1, line: 2, cells });

describe('rowMapper', () => {
  it('a column beside a number decides what it is, as Google has it', () => {
    const fields: (ImportField | null)[] = ['lastName', null, 'phone', null, 'phone2', null, 'phone3'];
    const phoneLabels = new Map([
      [2, 1],
      [4, 3],
      [6, 5],
    ]);
    const map = (cells: string[]) => rowMapper({ fields, phoneLabels })({ number: 1, line: 2, cells }).contact.phones;
    expect(map(['Stone', '* Mobile', '0171 1234567 ::: 0172 1234567', 'Work Fax', '030 1234568', 'Home', '030 1234567'])).toEqual([
      { number: '0171 1234567', kind: 'mobile', slot: 0 },
      { number: '0172 1234567', kind: 'mobile', slot: 1 },
      { number: '030 1234568', kind: 'fax', label: 'Work', slot: 0 },
      { number: '030 1234567', kind: 'phone', label: 'Home', slot: 0 },
    ]);
    expect(map(['Stone', '', '030 1234567'])).toEqual([{ number: '030 1234567', kind: 'phone', slot: 0 }]);
  });

  it('puts every field in its place', () => {
    expect(
      map({
        firstName: 'Anna',
        middleName: 'M.',
        lastName: 'Meyer',
        employeeCode: 'E1',
        externalId: 'x1',
        companyName: 'Firma',
        jobTitle: 'CEO',
        email: 'a@x.example',
        email2: 'b@x.example',
        phone: '1',
        phone2: '2',
        phone3: '3',
        mobile: '4',
        fax: '5',
        fax2: '6',
        line1: 'Weg 1',
        line2: 'Hof',
        city: 'Köln',
        state: 'NRW',
        postalCode: '50667',
        country: 'Germany',
        alias: 'Dom',
        birthday: '19801231',
        language: 'de',
        type: 'warm',
        tags: 'a; b,c;;a',
        notes: 'n',
        website: 'https://x.example',
        'customFields.size': '42',
      }),
    ).toEqual({
      contact: {
        firstName: 'Anna',
        middleName: 'M.',
        lastName: 'Meyer',
        employeeCode: 'E1',
        externalId: 'x1',
        companyName: 'Firma',
        jobTitle: 'CEO',
        emails: ['a@x.example', 'b@x.example'],
        phones: [
          { number: '1', kind: 'phone', slot: 0 },
          { number: '2', kind: 'phone', slot: 1 },
          { number: '3', kind: 'phone', slot: 2 },
          { number: '4', kind: 'mobile', slot: 0 },
          { number: '5', kind: 'fax', slot: 0 },
          { number: '6', kind: 'fax', slot: 1 },
        ],
        address: { line1: 'Weg 1', line2: 'Hof', city: 'Köln', state: 'NRW', postalCode: '50667', country: 'Germany', alias: 'Dom' },
        birthday: '1980-12-31',
        language: 'de',
        type: 'warm',
        tags: ['a', 'b', 'c'],
        notes: 'n',
        website: 'https://x.example',
        customFields: { size: '42' },
      },
      warnings: [],
    });
  });

  it('says nothing of what the row has not', () => {
    expect(map({ firstName: 'Anna', email: '', phone: '', line1: '', tags: ' ; ', birthday: '' })).toEqual({
      contact: { firstName: 'Anna' },
      warnings: [],
    });
    expect(mapCells(['firstName', 'lastName', 'city'], ['Anna'])).toMatchObject({ contact: { firstName: 'Anna' } });
  });

  it('joins columns of one field with a space, in the order of the file', () => {
    expect(mapCells(['line1', null, 'line1'], ['6', 'x', 'tullaroop street']).contact).toEqual({
      address: { line1: '6 tullaroop street' },
    });
    expect(mapCells(['line1', null, 'line1'], ['', 'x', 'tullaroop street']).contact).toEqual({ address: { line1: 'tullaroop street' } });
  });

  it('splits a whole name only where the row has no other', () => {
    expect(map({ name: 'Anna Meyer' }).contact).toEqual({ firstName: 'Anna', lastName: 'Meyer' });
    expect(map({ name: 'Anna Meyer', firstName: '', lastName: 'Koch' }).contact).toEqual({ lastName: 'Koch' });
  });

  it('leaves out with a warning a date that is none', () => {
    expect(map({ lastName: 'x', birthday: '19371233' })).toEqual({
      contact: { lastName: 'x' },
      warnings: ['birthday: "19371233" is not a valid date like 1980-12-31; left out'],
    });
  });

  it('reads dates in the order that the file has', () => {
    expect(map({ birthday: '03/04/1980' }, { dateOrder: 'dmy' }).contact).toEqual({ birthday: '1980-04-03' });
  });

  it('keeps two addresses apart, and takes the home address where it is the only one', () => {
    const fields: ImportField[] = ['line1', 'city', 'homeLine1', 'homeCity', 'homeCountry'];
    expect(mapCells(fields, ['Weg 2', 'Berlin', 'Rue 1', 'Paris', 'France']).contact).toEqual({
      address: { line1: 'Weg 2', city: 'Berlin' },
      homeAddress: { line1: 'Rue 1', city: 'Paris', country: 'France' },
    });
    expect(mapCells(fields, ['', '', 'Rue 1', '', 'France']).contact).toEqual({ address: { line1: 'Rue 1', country: 'France' } });
    expect(mapCells(fields, ['', 'Berlin', '', '', '']).contact).toEqual({ address: { city: 'Berlin' } });
  });

  it('takes all values of a cell', () => {
    const { contact } = map({
      email: 'a@a.example ::: b@a.example',
      phone: '030 1234567, 030 7654321',
      phone2: '030 1111111',
      mobile: '030 1234567',
      website: 'a.example; b.example',
    });
    expect(contact).toEqual({
      emails: ['a@a.example', 'b@a.example'],
      phones: [
        { number: '030 1234567', kind: 'phone', slot: 0 },
        { number: '030 7654321', kind: 'phone', slot: 2 },
        { number: '030 1111111', kind: 'phone', slot: 1 },
        { number: '030 1234567', kind: 'mobile', slot: 0 },
      ],
      website: 'a.example',
      otherWebsites: ['b.example'],
    });
  });

  it('takes the name beside an address where the row has no other', () => {
    expect(map({ email: '"Meyer, Anna" <a@a.example>' }).contact).toEqual({
      emails: ['a@a.example'],
      firstName: 'Anna',
      lastName: 'Meyer',
    });
    expect(map({ lastName: 'Koch', email: 'Anna <a@a.example>' }).contact).toEqual({ emails: ['a@a.example'], lastName: 'Koch' });
  });

  it('leaves out with a warning what a spreadsheet has shortened', () => {
    const { contact, warnings } = map({ lastName: 'x', phone: '4.91512E+11', externalId: '1,23E+12', employeeCode: '5E+11' });
    expect(contact).toEqual({ lastName: 'x', phones: [] });
    expect(warnings.map((one) => one.replace(/ has been .*;/, ''))).toEqual([
      'employeeCode: "5E+11" left out',
      'externalId: "1,23E+12" left out',
      'phone: "4.91512E+11" left out',
    ]);
  });

  it('reads custom dates and numbers as their columns and the tenant have them', () => {
    const conventions = { country: 'GB', customFields: { since: 'date', size: 'number', more: 'number', note: 'text' } } as const;
    const fields: ImportField[] = ['customFields.since', 'customFields.size', 'customFields.more', 'customFields.note'];
    const read = (more: Partial<Columns>, ...cells: string[]) => {
      const { contact, warnings } = rowMapper({ fields, conventions, ...more })({ number: 1, line: 2, cells });
      return [contact.customFields, warnings.length];
    };
    expect(read({ dateOrder: 'dmy' }, '31.01.2026', '12,000', '1.5', '12,000')).toEqual([
      { since: '2026-01-31', size: '12000', more: '1.5', note: '12,000' },
      0,
    ]);
    expect(read({ decimalSigns: [undefined, ',', 'both'] }, '3 May', '12,000', '12,000')).toEqual([{ size: '12' }, 2]);
    expect(read({ conventions: { ...conventions, country: 'DE' } }, '', '12,000', '12.000')).toEqual([{ more: '12000' }, 1]);
    expect(read({}, '', '12345678901234567890', '')).toEqual([{}, 1]);
    expect(read({ fields: [...fields, 'exact'], conventions: { ...conventions, country: 'DE' } }, '2026-01-31', '1.234', '', '')).toEqual([
      { since: '2026-01-31', size: '1.234' },
      0,
    ]);
  });

  it('rejects a row with more cells than the header', () => {
    expect(mapCells(['firstName', 'lastName'], ['a', 'b', 'c']).rejected).toMatch(/^The row has 3 cells, the header has 2/);
  });
});
