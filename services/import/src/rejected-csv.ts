const FORMULA = '=+-@\t\r';

/** Keeps a spreadsheet from running a cell as a formula: a leading apostrophe makes it text. */
export const defuse = (cell: string) => (cell !== '' && (FORMULA.includes(cell[0]!) || isDefused(cell)) ? `'${cell}` : cell);

/** Whether the cell is one that `defuse` has made: what Kontor wrote, Kontor reads back without the apostrophe. */
export const isDefused = (cell: string): boolean => cell.charCodeAt(0) === 39 && cell.length > 1 && (FORMULA.includes(cell[1]!) || isDefused(cell.slice(1)));
