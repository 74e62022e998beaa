import { describe, expect, it } from '@jest/globals';
import { chunks } from '../../test/files.js';
import { surveyFile } from './survey-file.js';

const survey = (content: string) => surveyFile(chunks(content));

describe('surveyFile', () => {
  it('gives columns with samples and the proposed field, and the number of rows', async () => {
    expect(await survey('Vorname;foo\nAnna;\nAnna;x\nBert;x\nCarl;y\nDora;z\n')).toEqual({
      delimiter: ';',
      otherDelimiters: [],
      columns: [
        { index: 0, header: 'Vorname', samples: ['Anna', 'Bert', 'Carl'], field: 'firstName' },
        { index: 1, header: 'foo', samples: ['x', 'y', 'z'], field: null },
      ],
      rows: 5,
      ids: [],
    });
  });

  it('finds out the order in dates from the whole column', async () => {
    const orders = async (...values: string[]) =>
      (await survey(`Birthday,E-mail\n${values.map((value) => `${value},a@x.example\n`).join('')}`)).columns[0]!.dateOrder;
    expect(await orders('01/02/1980', '03/04/1980')).toBeUndefined();
    expect(await orders('01/02/1980', '13/04/1980')).toBe('dmy');
    expect(await orders('01/02/1980', '04/13/1980')).toBe('mdy');
    expect(await orders('13/04/1980', '04/13/1980')).toBe('dmy');
  });

  it('finds out the sign before decimals from the whole column', async () => {
    const signs = async (...values: string[]) =>
      (await survey(`Size;E-mail\n${values.map((value) => `${value};a@x.example\n`).join('')}`)).columns[0]!.decimalSign;
    expect(await signs('12,000', '1,234')).toBeUndefined();
    expect(await signs('12,000', '1,5')).toBe(',');
    expect(await signs('12,000', '1,234.5')).toBe('.');
    expect(await signs('1,5', '12,000', '1.5')).toBe('both');
  });

  it('refuses a header without rows', async () => {
    await expect(survey('First Name,E-mail\n\n')).rejects.toMatchObject({ reason: 'no-rows' });
  });

  it('refuses a file that cannot be read to its end', async () => {
    await expect(survey(`a,b\n${'1,2\n'.repeat(50_000)}3,4\0\n`)).rejects.toMatchObject({ reason: 'nul', line: 50_002 });
  });

  it('counts rows that cannot be split into cells, but takes no samples from them', async () => {
    expect(await survey('First Name,E-mail\n"A" x,"y\n')).toMatchObject({ rows: 1, columns: [{ samples: [] }, { samples: [] }] });
  });

  it.each([
    ['blank lines', '\n', 'no-rows'],
    ['rows of delimiters', ',,,\r\n', 'no-rows'],
    ['rows of what nobody sees', '\u200b,\u00a0\n', 'no-rows'],
    ['short rows', 'x\n', undefined],
    ['long rows', '1,2,3,4\n', undefined],
    ['quotes that are opened in every row', '"x\n', undefined],
  ])(
    'reads 2 MB of %s, and others get their turn meanwhile',
    async (_, row, reason) => {
      const repeats = Math.ceil((2 * 1024 * 1024) / Buffer.byteLength(row));
      let turns = 0;
      let reading = true;
      const count = () => {
        turns++;
        if (reading) setImmediate(count);
      };
      setImmediate(count);
      const found = await survey(`First Name,Last Name,E-mail\n${row.repeat(repeats)}`).catch((error: unknown) => error);
      reading = false;
      expect(found).toMatchObject(reason ? { reason } : { rows: repeats });
      expect(turns).toBeGreaterThan(30);
    },
    20_000,
  );
});
