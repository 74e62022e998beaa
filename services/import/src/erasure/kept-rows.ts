import type { TakenRow } from '@kontor/contracts';
import type { Database } from '@kontor/database';
import type { EntityManager } from 'typeorm';
import { brokenBecause } from '../read/read-csv.js';
import { ROW_TOO_LARGE } from '../run/batches.js';
import type { Traces } from './traces.js';

/** A row that was kept because it was refused, or stayed with a warning. */
export interface KeptRow {
  importId: string;
  rejected: boolean;
  number: number;
  cells: string[];
  reasons: string[];
}

/** Numbers of rows, by import. */
export type RowNumbers = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * Which rows of their files were sent at these places of these batches. Rows that were refused here were not sent: they have more cells than there
 * are columns or odd quotes, or are too large.
 */
export async function rowNumbersOf(tx: EntityManager, taken: readonly TakenRow[]): Promise<RowNumbers> {
  const rows: { importId: string; numbers: number[] }[] = await tx.query(
    `select sent.import_id as "importId", array_agg(sent.nth) as numbers
       from (
         select asked.import_id, asked.index, nth,
                row_number() over (partition by asked.import_id, asked.batch, asked.index order by nth) - 1 as place
           from jsonb_to_recordset($1) as asked (import_id uuid, batch integer, index integer)
           join import on import.id = asked.import_id
           join import_batch as batch on batch.import_id = asked.import_id and batch.number = asked.batch
           left join import_batch as before on before.import_id = asked.import_id and before.number = asked.batch - 1
          cross join generate_series(coalesce(before.last_row, 0) + 1, batch.last_row) as nth
          where not exists (
            select from import_row as refused
             where refused.import_id = asked.import_id and refused.rejected and refused.number = nth
               and (jsonb_array_length(refused.cells) > jsonb_array_length(import.columns) or refused.reasons ->> 0 = any($2)))
       ) as sent
      where sent.place = sent.index
      group by sent.import_id`,
    [
      JSON.stringify(taken.map(({ importId, batch, index }) => ({ import_id: importId, batch, index }))),
      [ROW_TOO_LARGE, ...Object.values(brokenBecause)],
    ],
  );
  return new Map(rows.map(({ importId, numbers }) => [importId, new Set(numbers)]));
}

const PAGE_ROWS = 1_000;
const PAGE_BYTES = 4 * 1024 * 1024;

/** All rows kept of the tenant's imports that name somebody, or have one of these numbers; a page at a time, of one import each. */
export async function* rowsAbout(db: Database, traces: Traces, numbers: RowNumbers): AsyncGenerator<KeptRow[]> {
  for (const importId of await importsWithRows(db))
    for (const rejected of [true, false]) {
      const fields = await db.transaction((tx) => fieldsOf(tx, importId));
      const isNamed = ({ number, cells, reasons }: KeptRow) =>
        numbers.get(importId)?.has(number) || traces.inRow(cells, fields) || reasons.some(traces.inText);
      for (let after = 0; ; ) {
        const page = await db.transaction((tx) => pageOf(tx, importId, rejected, after));
        if (page.length === 0) break;
        after = page.at(-1)!.number;
        const named = page.filter(isNamed);
        if (named.length > 0) yield named;
      }
    }
}

const importsWithRows = async (db: Database): Promise<string[]> => {
  const found: { id: string }[] = await db.transaction((tx) =>
    tx.query('select import_id as id from import_batch group by import_id having sum(rejected + warnings) > 0 order by import_id'),
  );
  return found.map(({ id }) => id);
};

async function fieldsOf(tx: EntityManager, importId: string): Promise<(string | null)[]> {
  const [found]: { columns: { field: string | null }[] }[] = await tx.query('select columns from import where id = $1', [importId]);
  return (found?.columns ?? []).map(({ field }) => field);
}

/** Some rows after that number, fewer where they are large. */
const pageOf = (tx: EntityManager, importId: string, rejected: boolean, after: number): Promise<KeptRow[]> =>
  tx.query(
    `select import_id as "importId", rejected, number, cells, reasons from (
       select *, sum(octet_length(cells::text)) over (order by number) as bytes, row_number() over (order by number) as place
         from (select * from import_row where import_id = $1 and rejected = $2 and number > $3 order by number limit ${PAGE_ROWS}) as asked
     ) as page where bytes < ${PAGE_BYTES} or place = 1 order by number`,
    [importId, rejected, after],
  );
