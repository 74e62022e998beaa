import { describe, expect, it } from '@jest/globals';
import type { ImportField } from '@kontor/contracts';
import { type Columns, rowMapper } from './map-row.js';

const map = (columns: Record<string, string>, more: Partial<Columns> = {}) => {
  const row = rowMapper({ fields: Object.keys(columns) as ImportField[], ...more })({ number: 1, line: 2, cells: Object.values(columns) });
  return { contact: row.contact, warnings: row.warnings, rejected: row.rejected };
};
const mapCells = (fields: (ImportField | null)[], cells: string[]) => rowMapper({ fields })({ number: 1, line: 2, cells });

describe('rowMapper', () => {
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
      warnings: ['birthday: "19371233" is no possible date like 1980-12-31; left out'],
    });
  });

  it('reads dates in the order that the file has', () => {
    expect(map({ birthday: '03/04/1980' }, { dateOrder: 'dmy' }).contact).toEqual({ birthday: '1980-04-03' });
  });

  it('rejects a row with more cells than the header', () => {
    expect(mapCells(['firstName', 'lastName'], ['a', 'b', 'c']).rejected).toMatch(/^The row has 3 cells, the header has 2/);
  });
});
