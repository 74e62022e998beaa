import { lacksColumns, proposeMapping } from '../header/propose-mapping.js';
import { isBlank } from './csv-cell.js';
import { type Newline, RecordScanner } from './record-scanner.js';

export interface CsvFormat {
  delimiter: string;
  /** Other delimiters that the file can be read with as well. */
  otherDelimiters: string[];
  newline: Newline;
  /** The length of a first line that only says the delimiter, as Excel writes and reads it; 0 without one. */
  prefix: number;
}

const CANDIDATES = [',', ';', '\t', '|'];
const SAMPLE_RECORDS = 21;

/** `sep=;`, also in quotes, in capitals, with a tab, with a spreadsheet's delimiters behind it, or with nothing said. */
const SEP_LINE = /^[ \t]*"?sep=(\\t|[^\p{L}\p{N}"\r\n ])?"?[ ,;\t|]*(?:\r\n|\n|\r|$)/iu;

/** How a file is written, from its beginning; `said` is the delimiter where somebody has said it. */
export function detectFormat(sample: string, isWhole: boolean, said?: string): CsvFormat {
  const [line = '', named] = SEP_LINE.exec(sample) ?? [];
  const rest = sample.slice(line.length);
  const newline = newlineOf(rest);
  const known = said ?? (named === '\\t' ? '\t' : named);
  const delimiters = known === undefined ? delimitersOf(rest, isWhole, newline) : [known];
  return { delimiter: delimiters[0]!, otherDelimiters: delimiters.slice(1), newline, prefix: line.length };
}

/** What most lines end with, or the first where that is undecided. What stands within quotes does not count. */
function newlineOf(sample: string): Newline {
  let feeds = 0;
  let returns = 0;
  let first: Newline | undefined;
  let beginsCell = true;
  for (let at = 0; at < sample.length; at++) {
    const char = sample[at]!;
    if (char === '"' && beginsCell) {
      const closing = closingQuote(sample, at);
      if (closing !== -1) at = closing;
    }
    const newline = char === '\n' || (char === '\r' && sample[at + 1] === '\n') ? '\n' : char === '\r' ? '\r' : undefined;
    if (newline === '\n') feeds++;
    if (newline === '\r') returns++;
    if (char === '\r' && newline === '\n') at++;
    first ??= newline;
    beginsCell = newline !== undefined || CANDIDATES.includes(char) || (beginsCell && char === ' ');
  }
  return feeds === returns ? (first ?? '\n') : feeds > returns ? '\n' : '\r';
}

function closingQuote(text: string, opening: number): number {
  let at = text.indexOf('"', opening + 1);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

interface Reading {
  delimiter: string;
  /** Whether the header can be used, and most records have as many cells as it has. */
  fits: boolean;
  points: number;
  columns: number;
}

/** The delimiters that the sample can be read with, the likeliest first; a comma when nothing speaks for any. */
function delimitersOf(sample: string, isWhole: boolean, newline: Newline): string[] {
  const readings = CANDIDATES.flatMap((delimiter) => readingWith(delimiter, sample, isWhole, newline) ?? []);
  // The sort is stable: of equals, the first candidate.
  const [best, ...others] = readings.sort((a, b) => b.points - a.points || b.columns - a.columns);
  if (!best) return [CANDIDATES[0]!];
  const asGood = others.filter((one) => (one.fits && best.fits) || one.points === best.points);
  return [best, ...asGood].map(({ delimiter }) => delimiter);
}

/**
 * How well the sample is read with a delimiter. A header that is recognised says most; then whether addresses land in cells of their own, and
 * whether the records have as many cells as the header.
 */
function readingWith(delimiter: string, sample: string, isWhole: boolean, newline: Newline): Reading | undefined {
  const [header = [], ...records] = firstRecords(new RecordScanner(delimiter, newline), sample, isWhole);
  if (header.length < 2) return undefined;
  const fields = proposeMapping(header);
  const cells = records.flat().filter((cell) => cell.includes('@'));
  const addresses = cells.filter((cell) => /^[^\s@;,|]+@[^\s@;,|]+$/.test(cell.trim()));
  const agree = records.filter((record) => record.length === header.length).length / Math.max(records.length, 1);
  const usable = lacksColumns(fields) === undefined;
  return {
    delimiter,
    fits: usable && agree > 0.5,
    points: fields.filter(Boolean).length + (usable ? 1 : 0) + addresses.length / Math.max(cells.length, 1) + agree,
    columns: header.length,
  };
}

/** The first records that are not blank. The sample may end within one; only a header alone is better than nothing. */
function firstRecords(scanner: RecordScanner, sample: string, isWhole: boolean): string[][] {
  scanner.push(sample);
  if (isWhole) scanner.end();
  const records: string[][] = [];
  const take = () => {
    for (let record = scanner.next(); record && records.length < SAMPLE_RECORDS; record = scanner.next())
      if (!isBlank(record.cells)) records.push(record.cells);
  };
  take();
  if (records.length === 0) {
    scanner.end();
    take();
  }
  return records;
}
