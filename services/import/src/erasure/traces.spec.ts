import { describe, expect, it } from '@jest/globals';
import type { AboutEntry } from '@kontor/contracts';
import { tracesOf } from './traces.js';

const about = (keys: Partial<AboutEntry['keys']>, entry: object = {}, formerly: string[] = []) =>
  ({
    kind: 'contact',
    keys: { emails: [], phones: [], externalIds: [], ...keys },
    entry: { emails: [], phones: [], externalIds: [], ...entry },
    rows: [],
    formerly,
  }) as unknown as AboutEntry;

describe('a row names somebody', () => {
  it.each([
    ['anna@x.de', true],
    ['ANNA@X.de', true],
    ['Anna Müller <anna@x.de>', true],
    ['b@y.de; anna@x.de.', true],
    ['joanna@x.de', false],
    ['o.anna@x.de', false],
    ['anna@x.de.example', false],
    ['anna@x.dev', false],
    ['anna', false],
  ])('by an e-mail that stands alone: %s', (cell, expected) => {
    expect(tracesOf(about({ emails: ['Anna@x.de'] })).inRow(['', cell], [null, 'notes'])).toBe(expected);
  });

  it.each([
    ['+49 30 1234567', true],
    ['0049 (0)30 / 123 45 67', true],
    ['030-1234567', true],
    ['Tel. 030.1234567 (abends)', true],
    ['30 1234568', false],
    ['0170 1112223 / 030 1234567', true],
    ['1234567', false],
    ['34567', false],
    ['99999301234567', false],
  ])('by a phone in any writing: %s', (cell, expected) => {
    expect(tracesOf(about({ phones: ['+49301234567'] })).inRow([cell], [null])).toBe(expected);
  });

  it('by a code that is the whole cell, where codes can be', () => {
    const { inRow } = tracesOf(about({ externalIds: [{ source: 'import', id: 'CRM-1' }], employeeCode: '10115' }));
    expect(inRow(['crm-1'], ['externalId'])).toBe(true);
    expect(inRow(['crm-1'], [null])).toBe(true);
    expect(inRow(['crm-10'], ['externalId'])).toBe(false);
    expect(inRow([' 10115 '], ['employeeCode'])).toBe(true);
    expect(inRow(['10115'], ['postalCode'])).toBe(false);
    expect(inRow(['10115'], ['externalId'])).toBe(false);
    expect(inRow(['x', '10115'], ['lastName'])).toBe(true);
  });

  it('by what stands in the entry, where the keys do not say it', () => {
    const { inRow } = tracesOf(about({}, { emails: [{ address: 'a@x.de' }], phones: [{ number: '0170 1112223' }], employeeCode: 'E7' }));
    for (const cell of ['a@x.de', '01701112223', 'e7']) expect(inRow([cell], [null])).toBe(true);
  });

  it('never when it has no keys at all', () => {
    const { inRow } = tracesOf(about({ emails: [''], phones: ['', '1'] }));
    expect(inRow(['', 'a@x.de', '1', '0301234567'], [null, null, null, null])).toBe(false);
  });
});

it('a sample is a value of somebody as it was cut', () => {
  const long = 'ä'.repeat(150);
  const { isValue } = tracesOf(about({}, { lastName: 'Müller', customFields: { a: ['Tief'] }, notes: long }, ['Geborene']));
  for (const sample of ['müller', 'TIEF', 'geborene', `${'ä'.repeat(100)}…`]) expect(isValue(sample)).toBe(true);
  for (const sample of ['Müllerin', `${'ä'.repeat(99)}…`, '']) expect(isValue(sample)).toBe(false);
});
