import type { Fields as Steps } from '../changes/changes.js';
import type { Noun } from '../sql/rows.js';
import { type Fields, fieldsOf, keyIn, type MergeRow, rulesOf, same } from './fields.js';
import { isPrimary } from './merge-rows.js';

const CHANGED = 'was changed after the merge; it stays as it is now';

/**
 * The fields of the surviving entry without a merge. Each field is restored to its value before the merge (`step` has the values before and after),
 * except those changed since, which stay and are reported. Of lists, the values that merged with the merge are removed one by one, unless `others`,
 * which are still merged into it, have them too.
 */
export function revertMergedFields<R extends MergeRow>(
  noun: Noun,
  now: R,
  step: Steps,
  others: readonly Fields[],
): { row: R; conflicts: { field: string; message: string }[] } {
  const row: Fields = { ...fieldsOf(now) };
  const conflicts: string[] = [];
  for (const [field, rule] of Object.entries(rulesOf[noun])) {
    const [from, to] = step[field] ?? [];
    if (!step[field]) continue;
    const present = row[field];
    if (rule === 'union') {
      const othersKeys = new Set(others.flatMap((one) => (one[field] as unknown[]).map((value) => keyIn(field, value))));
      const reverted = revertList(field, present as unknown[], from as unknown[], to as unknown[], othersKeys);
      row[field] = reverted.list;
      if (reverted.changed) conflicts.push(field);
    } else if (rule === 'byKey') {
      const reverted = revertKeys(present as Fields, from as Fields, to as Fields);
      row[field] = reverted.all;
      conflicts.push(...reverted.changed.map((key) => `${field}.${key}`));
    } else if (same(present, to)) row[field] = from ?? null;
    else if (!same(present, from)) conflicts.push(field);
  }
  return { row: row as unknown as R, conflicts: conflicts.map((field) => ({ field, message: CHANGED })) };
}

function revertList(field: string, now: unknown[], from: unknown[], to: unknown[], othersKeys: ReadonlySet<string>) {
  const key = (value: unknown) => keyIn(field, value);
  const keysOf = (list: unknown[]) => new Set(list.map(key));
  const [before, after] = [keysOf(from), keysOf(to)];
  const merged = new Map(to.filter((value) => !before.has(key(value)) && !othersKeys.has(key(value))).map((value) => [key(value), value]));
  const onlyMergedAdded = to.every((value) => before.has(key(value)) || merged.has(key(value)));
  if (onlyMergedAdded && same(now, to)) return { list: from, changed: false };
  const kept = now.filter((value) => !same(merged.get(key(value)), value));
  const there = keysOf(kept);
  const list = [...kept, ...from.filter((value) => !after.has(key(value)) && !there.has(key(value)))];
  const changed = kept.some((value) => merged.has(key(value)));
  return { list: from.some(isPrimary) || list.some(isPrimary) || now.some(isPrimary) ? withOnePrimary(list) : list, changed };

  /** The primary value chosen since the merge, else the one before it, else the first. */
  function withOnePrimary(values: unknown[]): unknown[] {
    const primaryIn = (those: unknown[]) => those.filter(isPrimary).map(key)[0];
    const wanted = primaryIn(now) === primaryIn(to) ? [primaryIn(from), primaryIn(now)] : [primaryIn(now), primaryIn(from)];
    const chosen = wanted.map((one) => values.findIndex((value) => key(value) === one)).find((place) => place >= 0) ?? 0;
    return values.map((value, i) => (isPrimary(value) === (i === chosen) ? value : { ...(value as object), primary: i === chosen }));
  }
}

function revertKeys(now: Fields, from: Fields, to: Fields): { all: Fields; changed: string[] } {
  const all = { ...now };
  const changed: string[] = [];
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (same(from[key], to[key])) continue;
    if (!same(now[key], to[key])) {
      if (!same(now[key], from[key])) changed.push(key);
    } else if (from[key] === undefined) delete all[key];
    else all[key] = from[key];
  }
  return { all, changed };
}
