import { describe, expect, it } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import { chunks, collect } from '../../test/files.js';
import { readCsv } from '../read/read-csv.js';
import { rejectedHeader, rejectedLine } from './rejected-csv.js';

describe('the file of rejected rows', () => {
  it('has the header, the cells and the reason', () => {
    expect(rejectedHeader(['a', 'b'], ';')).toBe('\ufeffa;b;reason\r\n');
    expect(rejectedLine(['a', 'b'], ['1', 'x;"y"'], ['is wrong', 'twice'], ';')).toBe('1;"x;""y""";"is wrong; twice"\r\n');
    expect(rejectedLine(['a', 'b'], ['1'], ['is short'], ';')).toBe('1;;is short\r\n');
  });

  it('keeps cells without a column after the reason', () => {
    expect(rejectedLine(['a'], ['1', '2', '3'], ['is long'], ',')).toBe('1,is long,2,3\r\n');
  });

  it.each(['=1+1', '+49 30', '-1', '@sum', '\tx', '\rx', "'=1"])('defuses %j', (cell) => {
    expect(rejectedLine(['a'], [cell], [''], ',').replace(/^"/, '')).toMatch(/^'/);
  });

  it('is read back as the same rows', async () => {
    const cell = fc
      .string({ unit: fc.constantFrom('a', 'ü', '=', '+', '-', '@', "'", '"', ',', ';', '\n', ' ') })
      .map((text) => text.trim());
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rows, async (table) => {
        const file =
          rejectedHeader(['one', 'two'], ';') + table.map((cells) => rejectedLine(['one', 'two'], cells, ['is wrong'], ';')).join('');
        const found = await readCsv(chunks(file));
        expect(found.header).toEqual(['one', 'two', 'reason']);
        expect((await collect(found.rows)).map((row) => row.cells)).toEqual(table.map((cells) => [...cells, 'is wrong']));
      }),
    );
  });
});
