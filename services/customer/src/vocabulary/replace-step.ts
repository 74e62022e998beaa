import { AppError, NIL_UUID } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import { noChanges, recordAndPublish, recordHistory, type Step, updated } from '../changes/changes.js';
import { limits } from '../job/limits.js';
import { columnOf, isKnown, type Replaceable, type Replacement, replaceIn, settingsAfter } from '../settings/replacement.js';
import { lockSettings, saveSettings } from '../settings/settings.service.js';
import { type UsageCounts, type UsageQuery, usageQueriesOf } from '../settings/usage.js';
import type { Noun } from '../sql/rows.js';
import { updateRows } from '../sql/rows.js';

/** The progress of a replacement: what it has changed, and where it continues. */
export type Progress = UsageCounts & { place: number; last: string };

export const initialProgress = (): Progress => ({ contacts: 0, customers: 0, place: 0, last: NIL_UUID });

/**
 * Replaces the value in the next batch of entries. When none is left, looks once more for entries that got the value meanwhile, and then removes it
 * from the settings.
 */
export async function replaceStep(tx: EntityManager, replacement: Replacement, progress: Progress): Promise<'more' | 'done'> {
  const { queries, parameters } = usageQueriesOf(replacement);
  const settings = await lockSettings(tx);
  if (!isKnown(settings, replacement))
    throw new AppError('conflict', 'The new value was removed from the settings meanwhile; entries that do not have it yet stay unchanged');
  const place = queries[progress.place];
  if (place) {
    const ids = await readIds(tx, place, parameters, progress.last, limits.step);
    progress[`${place.noun}s`] += await replaceRows(tx, place.noun, ids, replacement);
    if (ids.length < limits.step) Object.assign(progress, { place: progress.place + 1, last: NIL_UUID });
    else progress.last = ids.at(-1) ?? NIL_UUID;
    return 'more';
  }
  for (const one of queries)
    if ((await readIds(tx, one, parameters, NIL_UUID, 1)).length > 0) {
      Object.assign(progress, { place: 0, last: NIL_UUID });
      return 'more';
    }
  await saveSettings(tx, settings, settingsAfter(settings, replacement));
  return 'done';
}

async function readIds(
  tx: EntityManager,
  { id, from, where }: UsageQuery,
  parameters: unknown[],
  after: string,
  most: number,
): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `select ${id} as id from ${from} where ${where} and ${id} > $${parameters.length + 1} order by ${id} limit ${most}`,
    [...parameters, after],
  );
  return rows.map((row) => row.id);
}

type Row = Replaceable & { id: string; version: number; binned: boolean };

/** Returns the number of changed entries. */
async function replaceRows(tx: EntityManager, noun: Noun, ids: readonly string[], replacement: Replacement): Promise<number> {
  if (ids.length === 0) return 0;
  const columns = columnOf(replacement);
  const rows: Row[] = await tx.query(
    `select id, version, type, tags, custom_fields as "customFields", deleted_at is not null as binned from ${noun}
     where id = any($1) order by id for no key update`,
    [ids],
  );
  const steps: { step: Step; after: Row }[] = rows.flatMap((before) => {
    const after = { ...before, ...replaceIn(before, replacement) };
    const step = updated(columns, before, after);
    return step ? [{ step, after }] : [];
  });
  await updateRows(
    tx,
    noun,
    columns,
    steps.map(({ after }) => after),
  );
  const live = steps.filter(({ after }) => !after.binned);
  if (replacement.what === 'tags')
    await replaceTags(
      tx,
      noun,
      live.map(({ after }) => after.id),
      replacement,
    );
  await recordAndPublish(tx, { ...noChanges(), [`${noun}s`]: live.map(({ step }) => step) });
  // Changes of entries in the bin are not published until those are restored.
  await recordHistory(
    tx,
    steps.flatMap(({ step, after }) => (after.binned ? step : [])),
  );
  return steps.length;
}

/** Updates the table in which tags are looked up. */
async function replaceTags(
  tx: EntityManager,
  noun: Noun,
  ids: readonly string[],
  { from, to }: { from: string[]; to: string },
): Promise<void> {
  await tx.query(`delete from ${noun}_tag where ${noun}_id = any($1) and tag = any($2)`, [ids, from]);
  await tx.query(`insert into ${noun}_tag (tag, ${noun}_id) select $2, unnest($1::uuid[]) on conflict do nothing`, [ids, to]);
}
