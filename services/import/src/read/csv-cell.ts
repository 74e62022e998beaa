import { restoreDefused } from '@kontor/contracts';

// Spaces, control and format characters, and others that print nothing.
const INVISIBLE = /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u;
const NOTHING = /^[\s,;|]*$/;

/** The cell as it is meant: trimmed, not defused, and empty where it only has characters that nobody sees. */
export function cleanCell(raw: string): string {
  let cell = raw.trim();
  // The mark that old systems end a file with.
  if (cell.charCodeAt(cell.length - 1) === 26) cell = cell.slice(0, -1).trim();
  if (cell === '') return cell;
  const code = cell.charCodeAt(0);
  // Nearly every cell begins with a visible character, and those that may be defused with an apostrophe.
  if (code > 39 && code < 127) return cell;
  return INVISIBLE.test(cell) ? '' : restoreDefused(cell);
}

/** Whether there is nothing in a record, whatever the delimiter: no letter, no digit, no sign that means something. */
export const isBlank = (cells: readonly string[]): boolean =>
  cells.every((cell) => cell === '' || (!isPlain(cell.charCodeAt(0)) && (NOTHING.test(cell) || INVISIBLE.test(cell))));

/** Whether it is an ASCII letter or digit, as nearly every cell begins with one. */
const isPlain = (code: number) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
