import type { RowOutcome } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { type Batch, type Position, START } from './batches.js';

/** Where an import resumes: after the last batch that is known to be committed. */
export async function positionOf(tx: EntityManager, importId: string): Promise<Position> {
  const [last]: { number: number; row: number }[] = await tx.query(
    'select number, last_row as row from import_batch where import_id = $1 order by number desc limit 1',
    [importId],
  );
  return last ? { number: last.number + 1, row: last.row } : START;
}

/** The outcome of each row of a batch: what the customer service shown of those it was sent, and our own refusals. */
export function outcomesOf(batch: Batch, answered: readonly RowOutcome[]): RowOutcome[] {
  const answers = answered.values();
  const outcomes = batch.rows.map((row): RowOutcome => {
    if (row.rejected !== undefined) return { status: 'rejected', reasons: [row.rejected] };
    const outcome = answers.next().value;
    if (!outcome) throw new Error(`Batch ${batch.number} was answered with ${answered.length} outcomes, too few`);
    return { ...outcome, warnings: [...row.warnings, ...(outcome.warnings ?? [])] };
  });
  if (!answers.next().done) throw new Error(`Batch ${batch.number} was answered with ${answered.length} outcomes, too many`);
  return outcomes;
}

/** Writes down that a batch is committed and what became of its rows. Doing it again changes nothing. */
export async function noteBatch(tx: EntityManager, importId: string, batch: Batch, outcomes: readonly RowOutcome[]): Promise<void> {
  const count = (status: RowOutcome['status']) => outcomes.filter((outcome) => outcome.status === status).length;
  const kept = batch.rows.flatMap(({ source }, i) => {
    const { status, reasons = [], warnings = [] } = outcomes[i]!;
    const rejected = status === 'rejected';
    const shown = rejected ? [...reasons, ...warnings] : warnings;
    return shown.length ? [{ number: source.number, rejected, cells: source.cells, reasons: shown }] : [];
  });
  const first: unknown[] = await tx.query(
    `insert into import_batch (import_id, number, last_row, created, updated, skipped, rejected, warnings)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning 1`,
    [
      importId,
      batch.number,
      batch.rows.at(-1)?.source.number,
      count('created'),
      count('updated'),
      count('skipped'),
      count('rejected'),
      kept.filter((row) => !row.rejected).length,
    ],
  );
  if (first.length === 0 || kept.length === 0) return;
  await tx.query(
    `insert into import_row (import_id, rejected, number, cells, reasons)
     select $1, r.rejected, r.number, r.cells, r.reasons from jsonb_to_recordset($2) as r(rejected boolean, number integer, cells jsonb, reasons jsonb)`,
    [importId, JSON.stringify(kept)],
  );
}
