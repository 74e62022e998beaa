import { restoreDefused } from '@kontor/contracts';
import { CsvError, type Parser, parse } from 'csv-parse';
import { type Delimiter, detectDelimiter } from './detect-delimiter.js';
import { readText } from './read-text.js';
import { type Place, UnreadableFile } from './unreadable-file.js';

export interface CsvRow {
  /** From 1; the header and blank lines do not count. */
  number: number;
  /** The line of the file that the row begins in, from 1. */
  line: number;
  /** Trimmed. Fewer than the header has columns when the row is shorter; more when it has values that belong to no column. */
  cells: string[];
}

export interface CsvFile {
  header: string[];
  delimiter: Delimiter;
  /** In the order of the file, some at a time. */
  rows: AsyncGenerator<CsvRow[]>;
}

export const MAX_COLUMNS = 512;
export const MAX_CELL = 32 * 1024;
/** The column `exact` of an export has the lists of a contact as JSON, all of them in one cell. */
const MAX_JSON_CELL = 512 * 1024;
/** A record that has not ended after this many pieces of 64 KB is over 1 MB; what follows of it is not read. */
const MAX_PIECES_OF_A_RECORD = 17;

const WRITE_QUOTES = 'A cell with quotes, delimiters or line breaks stands in quotes, and each quote in it is written twice ("").';

type CsvRecord = Omit<CsvRow, 'number'>;

/**
 * Reads CSV (UTF-8, any usual delimiter, quotes as in RFC 4180) in one pass; memory does not depend on the size of the file.
 * What comes out is a function of the bytes alone, not of how they arrive.
 * Throws `UnreadableFile`, here for the header and while `rows` is read for the rest.
 */
export async function readCsv(bytes: AsyncIterable<Uint8Array>): Promise<CsvFile> {
  const text = readText(bytes);
  const first = await text.next();
  if (first.done) throw empty();
  const sample = first.value.toString('utf8');
  const delimiter = detectDelimiter(sample);
  const newline = sample.includes('\n') || !sample.includes('\r') ? '\n' : '\r';
  const records = readRecords(first, text, delimiter, newline);
  const start = await records.next();
  if (start.done) throw empty();
  const [header, ...others] = start.value;
  return { header: header!.cells, delimiter, rows: numbered(others, records, header!.cells.length) };
}

const empty = () =>
  new UnreadableFile('empty', 'The file is empty.', 'Its first line should be the header, like "First Name,Last Name,E-mail".');

async function* numbered(first: CsvRecord[], records: AsyncGenerator<CsvRecord[]>, columns: number): AsyncGenerator<CsvRow[]> {
  let number = 0;
  const toRow = ({ line, cells }: CsvRecord): CsvRow => {
    // Spreadsheets write delimiters for columns that only look used.
    while (cells.length > columns && cells.at(-1) === '') cells.pop();
    return { number: ++number, line, cells };
  };
  try {
    if (first.length) yield first.map(toRow);
    for await (const some of records) yield some.map(toRow);
  } finally {
    await records.return(undefined);
  }
}

/** All records that are not blank, some at a time and never none. */
async function* readRecords(
  first: IteratorResult<Buffer>,
  text: AsyncGenerator<Buffer>,
  delimiter: Delimiter,
  newline: string,
): AsyncGenerator<CsvRecord[]> {
  let line = 1;
  let found: CsvRecord[] = [];
  let piecesWithoutEnd = 0;
  const parser = parse({
    delimiter,
    // A carriage return before the line feed goes with the trimming.
    record_delimiter: newline,
    trim: true,
    relax_column_count: true,
    // Taken here and not from the stream: each record at once, in step with the line it stands in.
    on_record: (cells: string[]) => {
      const record = { line, cells };
      line += checkRecord(record, newline);
      piecesWithoutEnd = -1;
      if (cells.length > 1 || cells[0] !== '') found.push(record);
      return null;
    },
  });
  // The write that failed has the error too, and throws it.
  parser.on('error', () => undefined).resume();
  const feed = async (piece?: Buffer) => {
    await write(parser, piece).catch((error: unknown) => {
      throw error instanceof CsvError ? explain(error, line, delimiter) : error;
    });
    if (++piecesWithoutEnd >= MAX_PIECES_OF_A_RECORD) throw tooLong(line);
  };
  try {
    for (let piece = first; !piece.done; piece = await text.next()) {
      await feed(piece.value);
      if (found.length) yield found;
      found = [];
    }
    await feed();
    if (found.length) yield found;
  } finally {
    parser.destroy();
    await text.return(undefined);
  }
}

/** Gives a piece to the parser, or says that there are no more; done when all records in it have been seen. */
const write = (parser: Parser, piece: Buffer | undefined) =>
  new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (piece) parser.write(piece, done);
    else parser.end(done);
  });

const tooLong = (line: number) =>
  new UnreadableFile(
    'record-too-long',
    'The row is longer than 1 MB.',
    `Perhaps a quote (") was opened in it and never closed. ${WRITE_QUOTES}`,
    { line },
  );

/** Trims the cells, checks the limits, and gives the number of lines that the record takes. */
function checkRecord({ line, cells }: CsvRecord, newline: string): number {
  if (cells.length > MAX_COLUMNS)
    throw new UnreadableFile('too-many-columns', `There are ${cells.length} columns.`, `A file may have ${MAX_COLUMNS}.`, { line });
  let lines = 1;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!;
    for (let at = cell.indexOf(newline); at !== -1; at = cell.indexOf(newline, at + 1)) lines++;
    const restored = restoreDefused(cell.trim());
    if (restored.length > (restored.startsWith('{"') ? MAX_JSON_CELL : MAX_CELL))
      throw new UnreadableFile('cell-too-long', `The cell has ${cell.length} characters.`, `A cell may have ${MAX_CELL}.`, {
        line,
        column: i + 1,
      });
    cells[i] = restored;
  }
  return lines;
}

function explain(error: CsvError, line: number, delimiter: string): UnreadableFile {
  const place: Place = { line, column: typeof error.column === 'number' ? error.column + 1 : undefined };
  if (error.code === 'CSV_QUOTE_NOT_CLOSED')
    return new UnreadableFile('unclosed-quote', 'A quote (") is opened in this row and never closed.', WRITE_QUOTES, place);
  if (error.code === 'CSV_INVALID_CLOSING_QUOTE' || error.code === 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE')
    return new UnreadableFile(
      'stray-quote',
      `In this row there is text after a closing quote ("), where a delimiter (${delimiter === '\t' ? 'tab' : delimiter}) or the end of the line should be.`,
      `Perhaps an earlier quote was never closed. ${WRITE_QUOTES}`,
      place,
    );
  return new UnreadableFile('stray-quote', 'There is a quote (") within a cell that does not begin with one.', WRITE_QUOTES, place);
}
