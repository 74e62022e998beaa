import { type ImportField, truncate } from '@kontor/contracts';
import { proposeMapping } from '../header/propose-mapping.js';
import { readCsv } from '../read/read-csv.js';
import { UnreadableFile } from '../read/unreadable-file.js';
import { type DateOrder, provenOrder } from './read-date.js';
import { type DecimalSign, provenDecimalSign } from './read-number.js';

export interface SurveyedColumn {
  index: number;
  header: string;
  /** The first few different values. */
  samples: string[];
  field: ImportField | null;
  /** What the column's values prove about the order in its dates. */
  dateOrder?: DateOrder;
  /** What they prove about the sign before decimals; both when they contradict each other. */
  decimalSign?: DecimalSign | 'both';
}

export interface FileSurvey {
  delimiter: string;
  otherDelimiters: string[];
  columns: SurveyedColumn[];
  rows: number;
  /** The first values of the column that seems to have the ids of contacts. */
  ids: string[];
}

const SAMPLES = 3;
const IDS = 100;
/** Longer values are cut and end with an ellipsis. */
export const SAMPLE_LENGTH = 100;

/** Reads a file through once: what is in it, and that all of it can be read. Throws `UnreadableFile` where it cannot. */
export async function surveyFile(bytes: AsyncIterable<Uint8Array>, said: { delimiter?: string } = {}): Promise<FileSurvey> {
  const { header, delimiter, otherDelimiters, rows } = await readCsv(bytes, said);
  const proposal = proposeMapping(header);
  const columns = header.map((name, index): SurveyedColumn => ({ index, header: name, samples: [], field: proposal[index] ?? null }));
  const idColumn = proposal.indexOf('id');
  const ids: string[] = [];
  let count = 0;
  for await (const some of rows) {
    count += some.length;
    for (const { cells, broken } of some) {
      const id = broken ? undefined : cells[idColumn];
      if (id && ids.length < IDS) ids.push(id);
      for (let i = 0; !broken && i < cells.length && i < columns.length; i++) if (cells[i]) look(columns[i]!, cells[i]!);
    }
  }
  if (count === 0)
    throw new UnreadableFile(
      'no-rows',
      'The file has a header and no rows.',
      'Below the header there should be one line for each contact.',
    );
  return { delimiter, otherDelimiters, columns, rows: count, ids };
}

function look(column: SurveyedColumn, cell: string): void {
  const order = provenOrder(cell);
  // One value with the day first settles it: no file has both, and a wrong date is worse than a missing one.
  if (order && column.dateOrder !== 'dmy') column.dateOrder = order;
  const sign = column.decimalSign === 'both' ? undefined : provenDecimalSign(cell);
  if (sign) column.decimalSign = column.decimalSign && column.decimalSign !== sign ? 'both' : sign;
  if (column.samples.length >= SAMPLES) return;
  const sample = cell.length > SAMPLE_LENGTH ? `${truncate(cell, SAMPLE_LENGTH)}…` : cell;
  if (!column.samples.includes(sample)) column.samples.push(sample);
}
