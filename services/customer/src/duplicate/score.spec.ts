import { describe, expect, it } from '@jest/globals';
import { blockingKeys } from './blocking-keys.js';
import { type Compared, personOf } from './person.js';
import { judge } from './score.js';

const emptyPerson: Compared = {
  id: '1',
  firstName: null,
  middleName: null,
  lastName: null,
  birthday: null,
  employeeCode: null,
  companyName: null,
  customerId: null,
  emails: [],
  phones: [],
  addresses: [],
};
const person = (given: Partial<Compared>) => personOf({ ...emptyPerson, ...given });
const place = (line1: string, city = 'Bonn', postalCode = '53111') => ({ addresses: [{ line1, city, postalCode, primary: true }] });
const email = (address: string) => ({ emails: [{ address, primary: true }] });
const phone = (e164: string) => ({ phones: [{ number: e164, e164, kind: 'phone' as const, primary: true }] });
const anna = { firstName: 'Anna', lastName: 'Schulz' };

const scoreOf = (a: Partial<Compared>, b: Partial<Compared>) => judge(person(a), person(b)).score;
const keysInCommon = (a: Partial<Compared>, b: Partial<Compared>) => {
  const keys = new Set(blockingKeys(person(a)).map(({ key }) => key));
  return blockingKeys(person(b)).filter(({ key }) => keys.has(key)).length;
};

describe('9.2 the score', () => {
  it.each<[string, Partial<Compared>, Partial<Compared>]>([
    ['the same phone', { firstName: 'Anna', ...phone('+4930123') }, { companyName: 'Beispiel', ...phone('+4930123') }],
    [
      'the same phone and a near first name',
      { ...anna, ...phone('+4930123') },
      { firstName: 'Ana', lastName: 'Kern', ...phone('+4930123') },
    ],
    ['the same phone and only a last name', { ...anna, ...phone('+4930123') }, { lastName: 'Schulz', ...phone('+4930123') }],
    [
      'the same mail, whatever the names',
      { ...anna, ...email('a@b.example') },
      { firstName: 'Peter', lastName: 'Kern', ...email('A@b.example') },
    ],
    ['near names and customer', { ...anna, customerId: 'c' }, { firstName: 'Ana', lastName: 'Schultz', customerId: 'c' }],
    [
      'like-sounding names and address',
      { firstName: 'Stefan', lastName: 'Meyer', ...place('Weg 1') },
      { firstName: 'Stephan', lastName: 'Maier', ...place('Weg 1') },
    ],
    ['names and birthday with one digit wrong', { ...anna, birthday: '1980-05-01' }, { ...anna, birthday: '1980-05-07' }],
    ['the same code', { ...anna, employeeCode: 'E1' }, { lastName: 'Schulz', employeeCode: 'E1' }],
  ])('%s: likely, and they share a key', (_, a, b) => {
    expect(scoreOf(a, b)).toBeGreaterThanOrEqual(0.5);
    expect(scoreOf(b, a)).toBe(scoreOf(a, b));
    expect(keysInCommon(a, b)).toBeGreaterThan(0);
  });

  it.each<[string, Partial<Compared>, Partial<Compared>]>([
    ['nothing', {}, {}],
    ['the same name alone', anna, anna],
    ['the same name, other mails', { ...anna, ...email('a@b.example') }, { ...anna, ...email('c@b.example') }],
    ['two of a family', { ...anna, ...place('Weg 1') }, { firstName: 'Peter', lastName: 'Schulz', ...place('Weg 1') }],
    ['neighbours', { ...anna, ...place('Weg 1') }, { firstName: 'Peter', lastName: 'Kern', ...place('Weg 1') }],
    ['born on one day', { ...anna, birthday: '1980-05-01' }, { firstName: 'Peter', lastName: 'Kern', birthday: '1980-05-01' }],
    [
      'two behind a switchboard',
      { ...anna, customerId: 'c', ...phone('+4930123') },
      { firstName: 'Peter', lastName: 'Kern', customerId: 'c', ...phone('+4930123') },
    ],
    [
      'colleagues',
      { ...anna, customerId: 'c', ...place('Weg 1') },
      { firstName: 'Peter', lastName: 'Kern', customerId: 'c', ...place('Weg 1') },
    ],
    ['spouses with one landline', { ...anna, ...phone('+4930123') }, { firstName: 'Peter', lastName: 'Schulz', ...phone('+4930123') }],
    [
      'spouses with one landline and address',
      { ...anna, ...phone('+4930123'), ...place('Weg 1') },
      { firstName: 'Peter', lastName: 'Schulz', ...phone('+4930123'), ...place('Weg 1') },
    ],
    [
      'spouses with other birthdays',
      { ...anna, birthday: '1980-05-01', ...phone('+4930123'), ...place('Weg 1') },
      { firstName: 'Peter', lastName: 'Schulz', birthday: '1977-11-23', ...phone('+4930123'), ...place('Weg 1') },
    ],
    [
      'spouses who work for one customer',
      { ...anna, customerId: 'c', ...phone('+4930123') },
      { firstName: 'Peter', lastName: 'Schulz', customerId: 'c', ...phone('+4930123') },
    ],
    ['flatmates with one landline', { ...anna, ...phone('+4930123') }, { firstName: 'Peter', lastName: 'Kern', ...phone('+4930123') }],
  ])('%s: not likely', (_, a, b) => expect(scoreOf(a, b)).toBeLessThan(0.5));

  it('increases with agreement and decreases with disagreement', () => {
    const near = { ...anna, birthday: '1980-05-01' };
    const all = { ...near, ...place('Weg 1') };
    expect(scoreOf(all, all)).toBeGreaterThan(scoreOf(near, near));
    expect(scoreOf(all, { ...all, birthday: '1991-11-23' })).toBeLessThan(scoreOf(all, all));
    expect(scoreOf(all, { ...all, ...place('Gasse 9', 'Kiel', '24103') })).toBeLessThan(scoreOf(near, near));
  });

  it('a birthday with different first names, as of twins, weighs less', () => {
    const born = { ...anna, birthday: '1980-05-01' };
    const twin = { ...born, firstName: 'Bernd' };
    expect(scoreOf({ ...born, ...place('Weg 1') }, { ...twin, ...place('Weg 1') })).toBeLessThan(0.8);
    expect(scoreOf(born, twin)).toBeLessThan(0.3);
    expect(scoreOf({ ...born, ...place('Weg 1') }, { ...born, ...place('Weg 1') })).toBeGreaterThan(0.9);
  });

  it('the two addresses that agree count', () => {
    const one = { ...anna, addresses: [...place('Gasse 9', 'Kiel', '24103').addresses, ...place('Weg 1').addresses] };
    expect(scoreOf(one, { ...anna, ...place('Weg 1') })).toBe(scoreOf({ ...anna, ...place('Weg 1') }, { ...anna, ...place('Weg 1') }));
  });

  it('has reasons, counter-evidence last, without values of the contacts', () => {
    const a = { ...anna, birthday: '1980-05-01', ...phone('+4930123'), ...place('Weg 1') };
    const { reasons } = judge(person(a), person({ ...a, firstName: 'Schulz', lastName: 'Anna', birthday: '1975-02-02' }));
    expect(reasons).toEqual(['same phone', 'same name, first and last name swapped', 'same address', 'but different birthdays']);
  });
});

describe('blocking keys', () => {
  const full = {
    ...anna,
    birthday: '1980-05-01',
    companyName: 'Beispiel',
    ...email('a@b.example'),
    ...phone('+4930123'),
    ...place('Weg 1'),
  };
  it.each<[string, Partial<Compared>]>([
    ['first name', { firstName: 'Xaver' }],
    ['last name', { lastName: 'Xanten' }],
    ['birthday', { birthday: '1955-01-01' }],
    ['address', place('Gasse 9', 'Kiel', '24103')],
    ['company', { companyName: 'Other' }],
    ['names swapped', { firstName: 'Schulz', lastName: 'Anna' }],
  ])('duplicates share one even if the %s differs', (_, wrong) =>
    expect(keysInCommon(full, { ...full, ...email('x@y.example'), ...phone('+4940456'), ...wrong })).toBeGreaterThan(0),
  );
  it('are unique, fit a bigint, and contain no personal data', () => {
    const keys = blockingKeys(person(full)).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(BigInt.asIntN(64, BigInt(key)).toString()).toBe(key);
  });
});
