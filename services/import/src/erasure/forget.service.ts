import { AppError, NIL_UUID } from '@kontor/bus';
import type { AboutEntry, Collected, Forgotten } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { FileStore } from '../files/file-store.js';
import { ImportEntity, isOver } from '../import.entity.js';
import { cleanColumns } from './clean-columns.js';
import { type KeptRow, type RowNumbers, rowNumbersOf, rowsAbout } from './kept-rows.js';
import { type Traces, tracesOf } from './traces.js';
import { rowsInFile } from './waiting-file.js';

const IMPORTS_AT_ONCE = 50;
/** What is collected of one entry, at most; an answer has room for twice as much. */
const MOST_BYTES = 3 * 1024 * 1024;

/** What became of somebody's rows: files that wait, rows that were kept, and samples. Each step can be done again, and has then nothing to do. */
@Injectable()
export class ForgetService {
  constructor(
    private readonly db: Database,
    private readonly files: FileStore,
  ) {}

  /** Fails with `busy` while an import runs in whose file the entry stands. */
  async forget(about: AboutEntry): Promise<Forgotten> {
    const traces = tracesOf(about);
    const numbers = await this.db.transaction((tx) => rowNumbersOf(tx, about.rows));
    const stoodIn = new Set(about.rows.map(({ importId }) => importId));
    const names = await this.files.names();
    const counts = { files: 0, rows: 0, samples: 0 };
    for (const entity of await this.importsOf(names)) {
      if (!isOver(entity) && !(await this.isIn(entity, stoodIn, traces))) continue;
      counts.samples += await this.db.transaction((tx) => discardFile(tx, entity, traces));
      await this.files.delete(entity.file);
      counts.files++;
    }
    for await (const some of rowsAbout(this.db, traces, numbers)) {
      counts.samples += await this.db.transaction((tx) => deleteRows(tx, some, traces));
      counts.rows += some.length;
    }
    counts.samples += await this.forgetSamples(stoodIn, new Set(names), traces);
    return { counts };
  }

  private async isIn(entity: ImportEntity, stoodIn: ReadonlySet<string>, traces: Traces): Promise<boolean> {
    return stoodIn.has(entity.id) || !(await rowsInFile(this.files, entity, traces).next()).done;
  }

  private importsOf(names: readonly string[]): Promise<ImportEntity[]> {
    return this.db.transaction((tx) => tx.find(ImportEntity, { where: { file: In([...names]) }, order: { id: 'ASC' } }));
  }

  /** Of all imports of the tenant that cannot begin any more: those that are over, and those whose file has gone because of its age. */
  private async forgetSamples(stoodIn: ReadonlySet<string>, names: ReadonlySet<string>, traces: Traces): Promise<number> {
    let count = 0;
    for (let after = NIL_UUID; ; ) {
      const page = await this.db.transaction((tx) =>
        tx.find(ImportEntity, { where: { id: MoreThan(after) }, order: { id: 'ASC' }, take: IMPORTS_AT_ONCE }),
      );
      if (page.length === 0) return count;
      after = page.at(-1)!.id;
      const over = page.filter((entity) => isOver(entity) || !names.has(entity.file));
      count += await this.db.transaction((tx) => cleanColumns(tx, over, traces, (id) => stoodIn.has(id)));
    }
  }

  /** As many rows as an answer has room for, and whether those are all. */
  async collect(about: AboutEntry): Promise<Collected> {
    const traces = tracesOf(about);
    const numbers = await this.db.transaction((tx) => rowNumbersOf(tx, about.rows));
    const rows: (Omit<KeptRow, 'rejected' | 'reasons'> & Partial<KeptRow>)[] = [];
    let bytes = 0;
    let complete = true;
    for await (const row of this.everyRow(traces, numbers)) {
      bytes += Buffer.byteLength(JSON.stringify(row));
      complete = bytes < MOST_BYTES;
      if (!complete) break;
      rows.push(row);
    }
    const ids = [...new Set([...about.rows, ...rows].map(({ importId }) => importId))];
    const imports = await this.db.transaction((tx) => tx.find(ImportEntity, { where: { id: In(ids) }, order: { id: 'ASC' } }));
    return {
      data: {
        imports: imports.map(({ id, fileName, state, createdAt, columns }) => ({
          id,
          fileName,
          state,
          createdAt: createdAt.toISOString(),
          columns: columns.map(({ header }) => header),
          rows: rows.flatMap(({ importId, ...row }) => (importId === id ? [row] : [])),
        })),
        complete,
      },
    };
  }

  private async *everyRow(traces: Traces, numbers: RowNumbers) {
    for await (const some of rowsAbout(this.db, traces, numbers)) yield* some;
    for (const entity of await this.importsOf(await this.files.names()))
      if (!isOver(entity)) for await (const row of rowsInFile(this.files, entity, traces)) yield { importId: entity.id, ...row };
  }
}

/**
 * The file of this import goes: when it is over nobody needs it any more, and when nobody has started it yet it is cancelled.
 * Gives the number of samples that go with it. Fails with `busy` when it runs, or was started at this moment.
 */
async function discardFile(tx: EntityManager, { id }: ImportEntity, traces: Traces): Promise<number> {
  const entity = await tx.findOneOrFail(ImportEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (entity.state === 'uploaded')
    await tx.update(
      ImportEntity,
      { id },
      {
        state: 'cancelled',
        error: 'The file had a row of somebody who was erased for ever, and was deleted for that; upload it again without that row',
        finishedAt: () => 'now()',
      },
    );
  else if (!isOver(entity))
    throw new AppError('busy', 'An import runs whose file has a row of this entry; it is forgotten when the import is over', {
      retryAfter: 10,
    });
  return cleanColumns(tx, [entity], traces, () => true);
}

/** With the samples of the import: in the same step, because without the rows it would not be known that they may be of the entry. */
async function deleteRows(tx: EntityManager, rows: readonly KeptRow[], traces: Traces): Promise<number> {
  const { importId, rejected } = rows[0]!;
  await tx.query('delete from import_row where import_id = $1 and rejected = $2 and number = any($3::integer[])', [
    importId,
    rejected,
    rows.map(({ number }) => number),
  ]);
  return cleanColumns(tx, await tx.findBy(ImportEntity, { id: importId }), traces, () => true);
}
