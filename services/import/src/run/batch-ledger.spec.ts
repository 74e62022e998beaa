import { describe, expect, it } from '@jest/globals';
import type { MappedRow } from '../map/map-row.js';
import { outcomesOf } from './batch-ledger.js';

const row = (number: number, more: Partial<MappedRow> = {}): MappedRow => ({
  source: { number, line: number + 1, cells: [] },
  contact: {},
  warnings: [],
  ...more,
});

describe('outcomesOf', () => {
  it('puts answers beside our own refusals, and our warnings before theirs', () => {
    const batch = { number: 3, rows: [row(1, { warnings: ['ours'] }), row(2, { rejected: 'is too long' }), row(3)] };
    expect(
      outcomesOf(batch, [
        { status: 'created', warnings: ['theirs'] },
        { status: 'rejected', reasons: ['is nobody'] },
      ]),
    ).toEqual([
      { status: 'created', warnings: ['ours', 'theirs'] },
      { status: 'rejected', reasons: ['is too long'] },
      { status: 'rejected', reasons: ['is nobody'], warnings: [] },
    ]);
  });

  it.each([0, 2])('refuses %s answers to one row, rather than count wrong', (answers) => {
    const outcomes = Array.from({ length: answers }, () => ({ status: 'created' as const }));
    expect(() => outcomesOf({ number: 3, rows: [row(1)] }, outcomes)).toThrow(`Batch 3 was answered with ${answers} outcomes`);
  });
});
