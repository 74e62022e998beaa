import { setImmediate as nextTurn } from 'node:timers/promises';
import { truncate } from '@kontor/contracts';
import { cleanCell, isBlank } from './csv-cell.js';
import { type CsvFormat, detectFormat } from './csv-format.js';
import { readText } from './read-text.js';
import { type BrokenQuotes, type RawRecord, RecordScanner } from './record-scanner.js';
import { UnreadableFile } from './unreadable-file.js';

export interface CsvRow {
  /** From 1; the header and blank lines do not count. */
  number: number;
  /** The line of the file that the row begins in, from 1. */
  line: number;
  /** Trimmed. Fewer than the header has columns when the row is shorter; more when it has values that belong to no column. */
  cells: string[];
  /** Why it cannot be split into cells, as a sentence. Such a row is given as it stands there. */
  broken?: string;
}

export interface CsvFile extends Pick<CsvFormat, 'delimiter' | 'otherDelimiters'> {
  header: string[];
  /** In the order of the file, some at a time. */
  rows: AsyncGenerator<CsvRow[]>;
}

export const MAX_COLUMNS = 512;
export const MAX_CELL = 32 * 1024;
/** The column `exact` of an export has the lists of a contact as JSON, all of them in one cell. */
const MAX_JSON_CELL = 512 * 1024;
/** Records that are looked at before others get their turn. */
const AT_ONCE = 5_000;

const WRITE_QUOTES = 'A cell with quotes, delimiters or line breaks stands in quotes, and each quote in it is written twice ("").';
/** The reasons given for rows that cannot be split into cells. */
export const brokenBecause: Record<BrokenQuotes | 'header-again', string> = {
  'header-again': 'This is the header again, and nobody of that name.',
  'unclosed-quote': `A quote (") is opened in this row and never closed. ${WRITE_QUOTES}`,
  'text-after-quote': `In this row there is text behind a closing quote ("), where the next cell or line should begin. ${WRITE_QUOTES}`,
};

/**
 * Reads CSV (UTF-8, any usual delimiter, quotes as in RFC 4180) in one pass; memory does not depend on the size of the file, and others get
 * their turn after every 64 KB. What comes out is a function of the bytes and the said delimiter alone, not of how the bytes arrive.
 * Throws `UnreadableFile`, here for the header and while `rows` is read for the rest.
 */
export async function readCsv(bytes: AsyncIterable<Uint8Array>, said: { delimiter?: string } = {}): Promise<CsvFile> {
  const text = readText(bytes);
  const first = await text.next();
  if (first.done) throw empty();
  const second = await text.next();
  const sample = first.value.toString('utf8');
  const { prefix, delimiter, otherDelimiters, newline } = detectFormat(sample, second.done === true, said.delimiter);
  const scanner = new RecordScanner(delimiter, newline, prefix > 0 ? 2 : 1);
  const records = readRecords(scanner, pieces(sample.slice(prefix), second, text));
  const start = await records.next();
  if (start.done) throw empty();
  const [header, ...others] = start.value;
  // Whatever is odd about the quotes of a header, its names can be read.
  const names = header!.broken ? header!.cells.map((cell) => cell.replaceAll('"', '').trim()) : header!.cells;
  return { header: names, delimiter, otherDelimiters, rows: numbered(others, records, names) };
}

const empty = () =>
  new UnreadableFile('empty', 'The file is empty.', 'Its first line should be the header, like "First Name,Last Name,E-mail".');

async function* pieces(first: string, second: IteratorResult<Buffer>, text: AsyncGenerator<Buffer>): AsyncGenerator<string> {
  try {
    yield first;
    for (let piece = second; !piece.done; piece = await text.next()) yield piece.value.toString('utf8');
  } finally {
    await text.return(undefined);
  }
}

async function* numbered(first: RawRecord[], records: AsyncGenerator<RawRecord[]>, header: readonly string[]): AsyncGenerator<CsvRow[]> {
  let number = 0;
  const toRow = ({ line, cells, broken }: RawRecord): CsvRow => {
    // Spreadsheets write delimiters for columns that only look used.
    while (cells.length > header.length && cells.at(-1) === '') cells.pop();
    const why = broken ?? (cells.length === header.length && cells.every((cell, i) => cell === header[i]) ? 'header-again' : undefined);
    return why ? { number: ++number, line, cells, broken: brokenBecause[why] } : { number: ++number, line, cells };
  };
  try {
    if (first.length) yield first.map(toRow);
    for await (const some of records) yield some.map(toRow);
  } finally {
    await records.return(undefined);
  }
}

/** All records that have anything in them, some at a time and never none. */
async function* readRecords(scanner: RecordScanner, text: AsyncGenerator<string>): AsyncGenerator<RawRecord[]> {
  async function* found() {
    for (let seen = AT_ONCE; seen === AT_ONCE; await nextTurn()) {
      const records: RawRecord[] = [];
      for (seen = 0; seen < AT_ONCE; seen++) {
        const raw = scanner.next();
        if (!raw) break;
        clean(raw);
        if (!isBlank(raw.cells)) records.push(raw);
      }
      if (records.length) yield records;
    }
    if (scanner.isTooLong) throw tooLong(scanner.line);
  }
  for await (const piece of text) {
    scanner.push(piece);
    yield* found();
  }
  scanner.end();
  yield* found();
}

const tooLong = (line: number) =>
  new UnreadableFile('record-too-long', 'The row is longer than 1 MB.', 'Each row should stand in a line of its own.', { line });

/** Cleans the cells of a record, if they keep the limits. */
function clean({ line, cells, width, broken }: RawRecord): void {
  if (cells.length > MAX_COLUMNS) cells.length = MAX_COLUMNS;
  if (width > MAX_COLUMNS && !broken)
    throw new UnreadableFile('too-many-columns', `There are ${width} columns.`, `A file may have ${MAX_COLUMNS}.`, { line });
  for (let i = 0; i < cells.length; i++) {
    const cell = broken ? truncate(cells[i]!.trim(), MAX_CELL) : cleanCell(cells[i]!);
    if (cell.length > (cell.startsWith('{"') ? MAX_JSON_CELL : MAX_CELL))
      throw new UnreadableFile('cell-too-long', `The cell has ${cell.length} characters.`, `A cell may have ${MAX_CELL}.`, {
        line,
        column: i + 1,
      });
    cells[i] = cell;
  }
}
