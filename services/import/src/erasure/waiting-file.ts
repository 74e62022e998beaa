import { AppError } from '@kontor/bus';
import type { FileStore } from '../files/file-store.js';
import type { ImportEntity } from '../import.entity.js';
import { readCsv } from '../read/read-csv.js';
import type { Traces } from './traces.js';

/** The rows of a file that name somebody, one at a time; the header, should it be one of them, has the number 0. None when the file is gone. */
export async function* rowsInFile(files: FileStore, { file, columns, delimiter }: ImportEntity, traces: Traces) {
  const fields = columns.map(({ field }) => field);
  try {
    const { header, rows } = await readCsv(files.read(file), { delimiter });
    if (traces.inRow(header, fields)) yield { number: 0, cells: header };
    for await (const some of rows) for (const { number, cells } of some) if (traces.inRow(cells, fields)) yield { number, cells };
  } catch (error) {
    // Deleted since it was listed: by its import, which is over now, or because of its age.
    if (!(error instanceof AppError && error.code === 'not-found')) throw error;
  }
}
