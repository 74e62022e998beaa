import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import type { Noun } from '../sql/rows.js';

/** The ids that this entry was merged into, transitively; empty if it was not merged. */
export async function mergedInto(tx: EntityManager, noun: Noun, id: string): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `with recursive way as (
       select merged_into as id from ${noun} where id = $1 and merged_into is not null
       union select t.merged_into from ${noun} t join way w on t.id = w.id where t.merged_into is not null
     ) select id from way`,
    [id],
  );
  return rows.map((row) => row.id);
}

/** For several entries: the final target of each one that was merged. */
export async function allMergedInto(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows: { old: string; now: string }[] = await tx.query(
    `with recursive way as (
       select id as old, merged_into as now from ${noun} where id = any($1) and merged_into is not null
       union select w.old, t.merged_into from ${noun} t join way w on t.id = w.now where t.merged_into is not null
     ) select w.old, w.now from way w join ${noun} t on t.id = w.now where t.merged_into is null`,
    [ids],
  );
  return new Map(rows.map(({ old, now }) => [old, now]));
}

/** Refuses to delete a merged entry by its old id: that would delete all entries that were merged together. */
export function refuseMerged(noun: Noun, asked: string, found: string): void {
  if (asked === found) return;
  throw new AppError(
    'conflict',
    `This ${noun} was merged into ${found}; delete that one, or undo the merge first (GET /v1/merges?${noun}Id=${found})`,
    { into: found },
  );
}
