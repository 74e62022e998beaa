import { describe, expect, it } from '@jest/globals';
import { isDistinctiveNumber, phoneKeys, samePhoneKey, searchPhoneKeys, toE164 } from './phone-number.js';

const kept = (number: string, country = 'DE') => ({ number, e164: toE164(number, country) });

describe('phones are stored as typed and in E.164', () => {
  it.each([
    ['030 / 123-4567', 'DE', '+49301234567'],
    ['+49 (0)30 / 123-4567', 'DE', '+49301234567'],
    ['0049301234567', 'DE', '+49301234567'],
    ['(212) 555-1234', 'US', '+12125551234'],
    ['01/5132345', 'AT', '+4315132345'],
    ['tel:+49-30-1234567', 'DE', '+49301234567'],
    ['tel:030-1234567;phone-context=+49', 'DE', '+49301234567'],
    ['TEL: 030 1234567', 'DE', '+49301234567'],
    ['Tel.: 030 1234567', 'DE', '+49301234567'],
    ['Telefon (030) 1234567', 'DE', '+49301234567'],
    ['030 1234567 (privat)', 'DE', '+49301234567'],
    ['030 1234567 [nur abends]', 'DE', '+49301234567'],
    ['030 1234567 Sekretariat', 'DE', '+49301234567'],
    ['Frau Weber, +49 30 1234567', 'DE', '+49301234567'],
    ['电话：030 1234567', 'DE', '+49301234567'],
    ['+٤٩ ٣٠ ١٢٣٤٥٦٧', 'DE', '+49301234567'],
    ['۰۳۰ ۱۲۳۴۵۶۷', 'DE', '+49301234567'],
    ['०३० १२३४५६७', 'DE', '+49301234567'],
    ['０３０ １２３４５６７', 'DE', '+49301234567'],
    ['\u202a+49 30 1234567\u202c', 'DE', '+49301234567'],
    ['030\u00ad1234\u200b567', 'DE', '+49301234567'],
    ['0800 FLOWERS', 'DE', '+498003569377'],
    ['0800 3569377', 'DE', '+498003569377'],
    ['0800-taxicab', 'DE', '+498008294222'],
    ['0800 12 TAXI', 'DE', '+49800128294'],
    ['1-800-GOFEDEX', 'US', '+18004633339'],
    ['030 1234567 ext. 12', 'DE', '+49301234567'],
    ['02000', 'NO', '+4702000'],
    ['+49 4711', 'DE', '+494711'],
  ])('%s in %s is %s', (number, country, expected) => expect(toE164(number, country)).toBe(expected));

  it.each([
    ['12', 'XX'],
    ['4711', 'DE'],
    ['251100', 'DE'],
    ['112', 'DE'],
    ['Ext. 4711', 'DE'],
    ['4711', 'NO'],
    ['0000000', 'DE'],
    ['4.91711E+11', 'DE'],
    ['4,91711e11', 'DE'],
    ['call after 5', 'DE'],
    ['030 1234567 or 0171 7654321', 'DE'],
    ['FLOWERS', 'DE'],
  ])('%s in %s is not a number', (number, country) => expect(toE164(number, country)).toBeUndefined());
});

describe('keys of phones', () => {
  it.each(['4.91711E+11', '4,91711e11', 'call after 5', '0', '000', '5', 'n/a', 'none 7', 'see 12 below'])(
    '"%s" is no number and has no key',
    (number) => {
      expect(phoneKeys(kept(number))).toEqual([]);
      expect(searchPhoneKeys(number, 'DE')).toEqual([]);
      expect(isDistinctiveNumber(kept(number))).toBe(false);
    },
  );

  it.each([
    ['4711', '4711'],
    ['Ext. 47-11', '4711'],
    ['Durchwahl 12', '12'],
    ['٤٧١١', '4711'],
  ])('a number without E.164 form is looked up by its digits: %s', (number, key) => {
    expect(phoneKeys(kept(number))).toEqual([key]);
    expect(isDistinctiveNumber(kept(number))).toBe(false);
  });

  it.each(['ext. 12', 'x12', 'ext12', '#12', ';ext=12', 'Durchwahl 12', '(DW 12)', 'App. 12', '分机12', 'доб. 12'])(
    'an extension is a part of it: %s',
    (extension) => expect(phoneKeys(kept(`030 1234567 ${extension}`))).toEqual(['+49301234567;12', '+49301234567']),
  );

  it.each([
    ['0800 FLOWERS', '0800 TAXICAB'],
    ['030 1234567 ext. 12', '030 1234567 ext. 13'],
    ['030 1234567 ext. 12', '030 1234567'],
    ['call after 5', 'call after 6'],
    ['4.91711E+11', '4.91712E+11'],
    ['0', '00'],
    ['030 1234567 / 0171 1234567', '030 1234567 / 0171 7654321'],
  ])('"%s" and "%s" are not the same', (one, other) =>
    expect(samePhoneKey({ ...kept(one), kind: 'phone' })).not.toBe(samePhoneKey({ ...kept(other), kind: 'phone' })),
  );

  it.each([
    ['0800 FLOWERS', '0800-3569377'],
    ['030 1234567 ext. 12', '+49301234567;ext=12'],
    ['\u2066030 1234567\u2069', 'Tel. 030/1234567'],
  ])('"%s" and "%s" are the same', (one, other) =>
    expect(samePhoneKey({ ...kept(one), kind: 'phone' })).toBe(samePhoneKey({ ...kept(other), kind: 'phone' })),
  );

  it('one number as phone and as mobile are two values', () =>
    expect(samePhoneKey({ ...kept('030 1234567'), kind: 'phone' })).not.toBe(samePhoneKey({ ...kept('030 1234567'), kind: 'mobile' })));
});
