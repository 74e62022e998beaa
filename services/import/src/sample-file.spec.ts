import { expect, it } from '@jest/globals';
import { chunks, collect } from '../test/files.js';
import { csvLine } from './files/rejected-csv.js';
import { rowMapper } from './map/map-row.js';
import { surveyFile } from './map/survey-file.js';
import { readCsv } from './read/read-csv.js';
import { sampleRows } from './sample-file.js';

it('the sample file is understood whole, and its rows are read without a warning', async () => {
  const csv = sampleRows.map((row) => csvLine(row, ',')).join('');
  const { columns, rows } = await surveyFile(chunks(csv));
  expect(rows).toBe(2);
  const fields = columns.map((column) => column.field);
  expect(fields).not.toContain(null);
  const map = rowMapper({ fields });
  for (const row of await collect((await readCsv(chunks(csv))).rows)) expect(map(row)).toMatchObject({ warnings: [] });
});
