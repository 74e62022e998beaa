import { invalid } from '@kontor/bus';

/** How far a reader has come: so many hits of this class have been read, and all of the better ones. */
export interface Cursor {
  class: number;
  offset: number;
}

export function readCursor(cursor: string | undefined): Cursor {
  if (cursor === undefined) return { class: 0, offset: 0 };
  const [, level, offset] = /^(\d{1,2})\.(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (level === undefined || offset === undefined)
    throw invalid([{ path: 'cursor', message: 'is none that a search has given', code: 'cursor' }]);
  return { class: Number(level), offset: Number(offset) };
}

/** What to ask of a class for the page that begins at the cursor; classes already read are asked for their count only. */
export function planPage(cursor: Cursor, index: number, limit: number): { offset: number; limit: number } {
  if (index < cursor.class) return { offset: 0, limit: 0 };
  return { offset: index === cursor.class ? cursor.offset : 0, limit };
}

/** Where the next page begins, given how many hits each class has; null after the last. */
export function writeCursor(cursor: Cursor, totals: readonly number[], limit: number): string | null {
  let { class: index, offset } = cursor;
  let left = limit;
  for (; index < totals.length; index++, offset = 0) {
    const rest = Math.max(0, totals[index]! - offset);
    if (left < rest) return Buffer.from(`${index}.${offset + left}`).toString('base64url');
    left -= rest;
  }
  return null;
}
