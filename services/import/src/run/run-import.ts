import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type Bus, backoffMs, currentContext, isTransient } from '@kontor/bus';
import { IMPORT_SOURCE, importContacts } from '@kontor/contracts';
import type { Database } from '@kontor/database';
import type { FileStore } from '../files/file-store.js';
import { dateOrderOf, ImportEntity, sourceOf } from '../import.entity.js';
import { readConventions } from '../map/conventions.js';
import { rowMapper } from '../map/map-row.js';
import { phoneLabelColumns } from '../map/phone-labels.js';
import { readCsv } from '../read/read-csv.js';
import { ahead } from './ahead.js';
import { noteBatch, outcomesOf, positionOf } from './batch-ledger.js';
import { type Batch, batches } from './batches.js';

export interface Parts {
  db: Database;
  bus: Bus;
  files: FileStore;
}

/** After this an answer counts as lost, and the batch is sent again: whether it took effect or not, that gives its outcome. */
const ANSWER_WITHIN_MS = 6_000;
/** Something went wrong where nobody said what; it may have been the moment, so it gets a few chances. */
const INTERNAL_TRIES = 5;
const MOST_PAUSE_MS = 15_000;

/**
 * Sends an import's batches to the customer service, strictly in order, from the last one that is known to be committed; the next is read
 * while one is on its way. A batch that was committed without our knowing is sent again, and the customer service answers what it did then.
 * True when all rows are done; false when `goOn` said to stop. Fails with what made the import impossible.
 */
export async function runImport({ db, bus, files }: Parts, entity: ImportEntity, goOn: AbortSignal): Promise<boolean> {
  const { rows } = await readCsv(files.read(entity.file), { delimiter: entity.delimiter });
  if (!entity.conventions) await retryTransient(db, entity, goOn, () => learnConventions(db, bus, entity));
  const { columns, conventions } = entity;
  const map = rowMapper({
    fields: columns.map((column) => column.field),
    dateOrder: dateOrderOf(entity),
    phoneLabels: phoneLabelColumns(columns.map((column) => column.header)),
    decimalSigns: columns.map((column) => column.decimalSign),
    conventions,
  });
  const from = await db.transaction((tx) => positionOf(tx, entity.id));
  for await (const batch of ahead(batches(rows, map, from))) {
    if (goOn.aborted) return false;
    await retryTransient(db, entity, goOn, async () => {
      const outcomes = outcomesOf(batch, await send(bus, entity, batch));
      await db.transaction((tx) => noteBatch(tx, entity.id, batch, outcomes));
    });
  }
  return true;
}

/** Kept with the import, so that going on after an interruption reads the file the same way. */
async function learnConventions(db: Database, bus: Bus, entity: ImportEntity): Promise<void> {
  const conventions = await readConventions(bus);
  await db.transaction((tx) => tx.update(ImportEntity, { id: entity.id }, { conventions }));
  entity.conventions = conventions;
}

async function send(bus: Bus, entity: ImportEntity, { number, rows }: Batch) {
  const contacts = rows.filter((row) => row.rejected === undefined).map((row) => row.contact);
  if (contacts.length === 0) return [];
  const { id, onKnown } = entity;
  const context = { ...currentContext(), deadline: Date.now() + ANSWER_WITHIN_MS };
  const { outcomes } = await bus.request(
    importContacts,
    { importId: id, number, onKnown, source: sourceOf(entity) ?? IMPORT_SOURCE, rows: contacts },
    context,
  );
  return outcomes;
}

/** Retries with backoff while only something that the work needs is unavailable; notes in the import what it waits for. */
async function retryTransient(db: Database, entity: ImportEntity, goOn: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return await noteWaitingFor(db, entity, null);
    } catch (error) {
      const mayPass = isTransient(error) || (error instanceof AppError && error.code === 'internal' && tries < INTERNAL_TRIES);
      if (!mayPass) throw error;
      // Noting it needs the database, which may be the very thing that is unavailable; then it is noted after the next try.
      await noteWaitingFor(db, entity, (error as AppError).message).catch(() => undefined);
      // An aborted pause ends at once, and so does the work.
      await sleep(backoffMs(tries, MOST_PAUSE_MS), undefined, { signal: goOn }).catch(() => undefined);
      if (goOn.aborted) throw error;
    }
  }
}

/** Records in the import what it waits for; null when it continues. */
export async function noteWaitingFor(db: Database, entity: ImportEntity, waitingFor: string | null): Promise<void> {
  if (entity.waitingFor === waitingFor) return;
  await db.transaction((tx) => tx.update(ImportEntity, { id: entity.id }, { waitingFor }));
  entity.waitingFor = waitingFor;
}
