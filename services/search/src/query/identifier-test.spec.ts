import { expect, test } from '@jest/globals';
import type { Entry } from '../words/entry-fields.js';
import { identifiersOf } from '../words/identifiers.js';
import { identifierTest, wantedBy } from './identifier-test.js';
import { parseQuery } from './parse-query.js';

const entry = (emails: string[], phones: [string, string?][], employeeCode: string | null = null) =>
  ({
    kind: 'contact',
    employeeCode,
    emails: emails.map((address) => ({ address, primary: false })),
    phones: phones.map(([number, e164]) => ({ number, e164, kind: 'phone', primary: false })),
  }) as unknown as Entry;

test.each([
  [['030 123-4567', '+49301234567'], '|0301234567|49301234567|'],
  [['+49 (0)30 / 123-4567', '+49301234567'], '|49301234567|0301234567|'],
  [['0049301234567', '+49301234567'], '|49301234567|0301234567|'],
  [['+1 (212) 555-0100', '+12125550100'], '|12125550100|2125550100|'],
  [['+39 06 1234567', '+39061234567'], '|39061234567|061234567|'],
  [['110', undefined], '|110|'],
] as const)('the phone number %j can be found as %s', ([number, e164], value) => {
  expect(identifiersOf(entry([], [[number, e164]]))).toEqual([{ kind: 'phone', value }]);
});

test('e-mails and codes are folded like words, and one is kept once', () => {
  expect(identifiersOf(entry(['Anna.Müller@X.example', 'anna.müller@x.example'], [], 'E-47 11'))).toEqual([
    { kind: 'email', value: '|anna.muller@x.example|anna.mueller@x.example|' },
    { kind: 'code', value: '|e4711|' },
  ]);
});

test.each([
  ['0301234567', 'phone', '|0301234567|49301234567|', 0],
  ['4567', 'phone', '|0301234567|49301234567|', 1],
  ['0301', 'phone', '|0301234567|49301234567|', 2],
  ['+49(0)30/123', 'phone', '|0301234567|49301234567|', 2],
  ['674930', 'phone', '|0301234567|49301234567|', undefined],
  ['4711', 'code', '|4711|', 0],
  ['471', 'code', '|4711|', undefined],
  ['code:471', 'code', '|4711|', 1],
  ['code:E-47*', 'code', '|e4711|', 0],
  ['anna@', 'email', '|anna@x.example|', 1],
  ['anna@x.example', 'email', '|anna@x.example|', 0],
  ['@x', 'email', '|anna@x.example|', 2],
  ['*@x.example', 'email', '|anna@x.example|', 0],
  ['*@x', 'email', '|anna@x.example|', undefined],
  ['code:*-', 'code', '|e4711|', 0],
  ['email:|', 'email', '|anna@x.example|', undefined],
  ['anna\0@', 'email', '|anna@x.example|', 1],
  ['email:müll', 'email', '|anna.mueller@x.example|', 2],
] as const)('%s and the %s %s: %p', (query, kind, value, level) => {
  const [clause] = parseQuery(query, (name) => (name === 'code' || name === 'email' ? name : undefined));
  if (!clause || !('pattern' in clause || clause.kind === 'digits')) throw new Error('no clause of identifiers');
  expect(identifierTest(wantedBy(clause))({ kind, value })?.level).toBe(level);
});
