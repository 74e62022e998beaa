import type { MappedRow } from '../map/map-row.js';
import type { CsvRow } from '../read/read-csv.js';

export const BATCH_ROWS = 1_000;
export const BATCH_BYTES = 2 * 1024 * 1024;
export const ROW_TOO_LARGE = `The row is larger than ${BATCH_BYTES / 1024 / 1024} MB`;

export interface Batch {
  /** From 0. */
  number: number;
  rows: MappedRow[];
}

/** How far an import has come: the number of the next batch and the last row of the one before. */
export interface Position {
  number: number;
  row: number;
}
export const START: Position = { number: 0, row: 0 };

/**
 * Cuts rows into batches of 1,000, or fewer where the batch would be over 2 MB. Which row is in which batch depends on the file and the
 * mapping alone, so an import that resumes at a position sends exactly the batches that it would have sent without the interruption.
 * Rows before the position are only read, not mapped.
 */
export async function* batches(
  rows: AsyncIterable<CsvRow[]>,
  map: (row: CsvRow) => MappedRow,
  from: Position = START,
): AsyncGenerator<Batch> {
  let { number } = from;
  let batch: MappedRow[] = [];
  let bytes = 0;
  for await (const some of rows) {
    for (const source of some) {
      if (source.number <= from.row) continue;
      const row = map(source);
      const size = sizeOf(row);
      if (batch.length === BATCH_ROWS || (batch.length > 0 && bytes + size > BATCH_BYTES)) {
        yield { number: number++, rows: batch };
        batch = [];
        bytes = 0;
      }
      if (size > BATCH_BYTES) row.rejected ??= ROW_TOO_LARGE;
      batch.push(row);
      bytes += size;
    }
  }
  if (batch.length > 0) yield { number, rows: batch };
}

/** Bytes on the wire, or characters of the file where those are more: a refused row is kept as it was, and memory has to stay bounded for it too. */
function sizeOf({ contact, source }: MappedRow): number {
  let cells = 0;
  for (const cell of source.cells) cells += cell.length;
  return Math.max(Buffer.byteLength(JSON.stringify(contact)) + 1, cells);
}
