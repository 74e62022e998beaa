export type UnreadableReason =
  | 'empty'
  | 'no-rows'
  | 'not-text'
  | 'encoding'
  | 'nul'
  | 'record-too-long'
  | 'cell-too-long'
  | 'too-many-columns';

export interface Place {
  /** The line of the file, from 1. For a record over several lines, the one it begins in. */
  line?: number;
  /** The column of the table, from 1. */
  column?: number;
}

/** The file cannot be read as a table: what is wrong and where, and what would be right. Nothing of such a file is imported. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(
    readonly reason: UnreadableReason,
    what: string,
    /** What would be right, as a sentence. */
    readonly hint: string,
    place: Place = {},
  ) {
    const { line, column } = place;
    const where = line === undefined ? '' : `Line ${line}${column === undefined ? '' : `, column ${column}`}: `;
    super(`${where}${what} ${hint}`);
    this.line = line;
    this.column = column;
  }
}
