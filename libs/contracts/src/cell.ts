// The format of cells in CSV files. It is part of the contracts because users carry files from the exporting to the importing service, and both must
// agree.

const RUNS = /^[=+\-@\t\r]/;
const DEFUSED = /^'+[=+\-@\t\r]/;

/**
 * Prevents a spreadsheet from running a cell as a formula, with a leading apostrophe. A cell that looks defused already gets one more, so that
 * `restoreDefused` restores every cell exactly.
 */
export const defuse = (cell: string): string => (RUNS.test(cell) || DEFUSED.test(cell) ? `'${cell}` : cell);

/** Reverts `defuse`: removes one apostrophe from a defused cell; all other cells stay unchanged. */
export const restoreDefused = (cell: string): string => (DEFUSED.test(cell) ? cell.slice(1) : cell);

const isPlain = (one: string) => one !== '' && one === one.trim() && !/[;,]|:::|^\[/.test(one);

/** Formats a list as one readable cell: "a; b". If that would not be parsed as the same list, it is written as JSON. */
export const joinList = (list: readonly string[]): string => (list.every(isPlain) ? list.join('; ') : JSON.stringify(list));

/** Parses what `joinList` wrote, and what others write: items separated by semicolons, commas or ":::" (as in Google exports). */
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
