import { describe, expect, it } from '@jest/globals';
import { chunks } from '../test/files.js';
import { surveyFile } from './survey-file.js';

const survey = (content: string) => surveyFile(chunks(content));

describe('surveyFile', () => {
  it('gives columns with samples and the proposed field, and the number of rows', async () => {
    expect(await survey('Vorname;foo\nAnna;\nAnna;x\nBert;x\nCarl;y\nDora;z\n')).toEqual({
      delimiter: ';',
      columns: [
        { index: 0, header: 'Vorname', samples: ['Anna', 'Bert', 'Carl'], field: 'firstName' },
        { index: 1, header: 'foo', samples: ['x', 'y', 'z'], field: null },
      ],
      rows: 5,
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

  it('refuses a header without rows', async () => {
    await expect(survey('First Name,E-mail\n\n')).rejects.toMatchObject({ reason: 'no-rows' });
  });

  it('refuses a file that cannot be read to its end', async () => {
    await expect(survey(`a,b\n${'1,2\n'.repeat(50_000)}"3,4\n`)).rejects.toMatchObject({ reason: 'unclosed-quote', line: 50_002 });
  });
});
