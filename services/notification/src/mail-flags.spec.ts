import { expect, test } from '@jest/globals';
import type { MailFlagsChange, Topic } from '@kontor/contracts';
import { type Decisions, inheritedValues } from '@kontor/database';
import { defaultFlags, mailFlagTable } from './mail-flags.js';

const decided = (contactId: string, mergedInto: string | null, change: MailFlagsChange): Decisions<Topic, boolean> => ({
  contactId,
  mergedInto,
  values: { ...defaultFlags, ...change },
  decided: Object.keys(change) as Topic[],
});

test('9.3 of several decisions off counts, whatever their order', () => {
  const rows = [decided('b', 'a', { invoice: true, task: true }), decided('c', 'a', { invoice: false })];
  for (const each of [rows, rows.toReversed()])
    expect(inheritedValues(mailFlagTable, 'a', each)).toEqual({ ...defaultFlags, invoice: false });
});

test('9.3 a decision goes before those of whoever was merged into it earlier', () => {
  const rows = [decided('c', 'b', { invoice: false, project: false }), decided('b', 'a', { invoice: true })];
  expect(inheritedValues(mailFlagTable, 'a', rows)).toEqual({ ...defaultFlags, project: false });
});

test('9.3 two that are said to be merged into each other end nothing', () => {
  expect(inheritedValues(mailFlagTable, 'a', [decided('a', 'b', {}), decided('b', 'a', { task: false })])).toEqual({
    ...defaultFlags,
    task: false,
  });
});
