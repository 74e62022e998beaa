// How a cell of a file is written. It stands here because a file carries it from one service to another, in somebody's hands:
// who exports and who imports must mean the same.

const RUNS = /^[=+\-@\t\r]/;
const DEFUSED = /^'+[=+\-@\t\r]/;

/**
 * Keeps a spreadsheet from running a cell as a formula: an apostrophe in front makes it text. A cell that looks as if it had been
 * defused already gets one more, so that `restoreDefused` gives every cell back as it was.
 */
export const defuse = (cell: string): string => (RUNS.test(cell) || DEFUSED.test(cell) ? `'${cell}` : cell);

/** Takes back what `defuse` did: one apostrophe in front of what it would have defused; all other cells stay as they are. */
export const restoreDefused = (cell: string): string => (DEFUSED.test(cell) ? cell.slice(1) : cell);

const isPlain = (one: string) => one !== '' && one === one.trim() && !/[;,]|:::|^\[/.test(one);

/** A list of texts in one cell, for people: "a; b". Where that would not be read back as the same list, it is written as JSON. */
export const joinList = (list: readonly string[]): string => (list.every(isPlain) ? list.join('; ') : JSON.stringify(list));

/** Reads what `joinList` wrote, and what others write: items between semicolons, commas or ":::" (as Google has it). */
export function splitList(cell: string): string[] {
  return (
    jsonList(cell) ??
    cell
      .split(/[;,]|:::/)
      .map((one) => one.trim())
      .filter((one) => one !== '')
  );
}

function jsonList(cell: string): string[] | undefined {
  if (!cell.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(cell);
    return Array.isArray(list) && list.every((one) => typeof one === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}
