import { invalid } from '@kontor/bus';
import type { FoundHit } from '../indexes/both-indexes.js';

/** How far a reader has come: `seen` hits in all, of this class the first so many, and of the better classes all. */
export interface Cursor {
  class: number;
  offset: number;
  seen: number;
}

export function readCursor(cursor: string | undefined): Cursor {
  if (cursor === undefined) return { class: 0, offset: 0, seen: 0 };
  const numbers = /^(\d{1,2})\.(\d{1,9})\.(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (!numbers) throw invalid([{ path: 'cursor', message: 'is not a cursor that a search has given', code: 'cursor' }]);
  const [level = 0, offset = 0, seen = 0] = numbers.slice(1).map(Number);
  return { class: level, offset, seen };
}

/**
 * The page of so many hits, given what each class from the cursor's on has to offer (at least a page, or all it has), and where the next one begins;
 * null when all of the `total` have been seen.
 */
export function cutPage(
  cursor: Cursor,
  offered: readonly (readonly FoundHit[])[],
  limit: number,
  total: number,
): { ids: string[]; next: string | null } {
  const ids: string[] = [];
  let at = cursor;
  for (const [i, some] of offered.entries()) {
    const taken = some.slice(0, limit - ids.length);
    if (taken.length === 0) continue;
    ids.push(...taken.map(({ id }) => id));
    at = { ...at, class: cursor.class + i, offset: (i === 0 ? cursor.offset : 0) + taken.length };
  }
  const seen = cursor.seen + ids.length;
  const ended = seen >= total || ids.length < limit;
  // What changes its class while one class after the other is asked is offered by both.
  return { ids: [...new Set(ids)], next: ended ? null : Buffer.from(`${at.class}.${at.offset}.${seen}`).toString('base64url') };
}
