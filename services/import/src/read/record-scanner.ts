/** A record of a CSV file as it stands there: cells neither trimmed nor checked. */
export interface RawRecord {
  /** The line of the file that it begins in, from 1. */
  line: number;
  /** The first `KEPT_CELLS` at most. */
  cells: string[];
  /** How many cells there are, also those that were not kept; empty ones behind the 512th do not count. */
  width: number;
  /** Why it cannot be split into cells. */
  broken?: BrokenQuotes;
}

export type BrokenQuotes = 'unclosed-quote' | 'text-after-quote';
export type Newline = '\n' | '\r';

/** One more than a file may have; of those behind it, a record only knows that they are there. */
export const KEPT_CELLS = 513;
const MAX_RECORD = 1024 * 1024;
const QUOTE = 34;

/**
 * Cuts text into CSV records, piece by piece. Cost and memory are linear in the text whatever is in it: nothing is made for a record but its
 * cells, and no text is looked at more than twice. (Libraries for this make an error for each odd record, or stop at the first odd quote.)
 *
 * A quote opens a cell only at its beginning; elsewhere it is a character, as in spreadsheets. A cell whose quotes make no sense breaks its
 * record and no other: one that is never closed, or only by a quote that opens another cell, ends with the line it was opened in; one with text
 * behind its closing quote ends with the line of that.
 */
export class RecordScanner {
  private text = '';
  private ended = false;
  private recordAt = 0;
  private cellAt = 0;
  /** Up to here the present cell has been looked through without finding its end. */
  private scannedTo = 0;
  /** Newlines within the cells of the present record. */
  private inner = 0;
  private cells: string[] = [];
  private count = 0;
  private width = 0;
  private readonly delimiterCode: number;
  private readonly newlineCode: number;

  constructor(
    private readonly delimiter: string,
    private readonly newline: Newline,
    /** The line that the next record begins in. */
    public line = 1,
  ) {
    this.delimiterCode = delimiter.charCodeAt(0);
    this.newlineCode = newline.charCodeAt(0);
  }

  push(piece: string): void {
    this.text = this.text.slice(this.recordAt) + piece;
    this.cellAt -= this.recordAt;
    this.scannedTo -= this.recordAt;
    this.recordAt = 0;
  }

  /** The text has ended: what is left is the last record. */
  end(): void {
    this.ended = true;
  }

  /** Whether the present record has become longer than one may be, and not because of a quote. */
  get isTooLong(): boolean {
    return this.text.length - this.recordAt > MAX_RECORD;
  }

  /** The next record that has ended, if there is one. */
  next(): RawRecord | undefined {
    const { text, delimiterCode, newlineCode } = this;
    if (this.cellAt === this.recordAt) this.skipBlankLines();
    if (this.recordAt >= text.length) return undefined;
    for (;;) {
      const from = this.skipBlanks(this.cellAt, this.cellAt === this.recordAt);
      if (from === text.length && !this.ended) return undefined;
      let end: number | undefined;
      if (text.charCodeAt(from) === QUOTE) {
        const closing = this.closingQuote(from);
        if (closing === undefined) return this.isTooLong || this.ended ? this.broken('unclosed-quote', from) : undefined;
        end = this.skipBlanks(closing + 1, true);
        if (end === text.length && !this.ended) return undefined;
        const code = text.charCodeAt(end);
        if (end < text.length && code !== delimiterCode && code !== newlineCode)
          return this.isOpening(closing) ? this.broken('unclosed-quote', from) : this.broken('text-after-quote', closing);
        const cell = text.slice(from + 1, closing);
        this.inner += countOf(this.newline, cell);
        this.add(cell.includes('""') ? cell.replaceAll('""', '"') : cell);
      } else {
        end = Math.max(from, this.scannedTo);
        for (; end < text.length; end++) {
          const code = text.charCodeAt(end);
          if (code === delimiterCode || code === newlineCode) break;
        }
        this.scannedTo = end;
        if (end === text.length && !this.ended) return undefined;
        this.add(text.slice(this.cellAt, end));
      }
      if (text.charCodeAt(end) !== delimiterCode) return this.finish(end);
      this.cellAt = this.scannedTo = end + 1;
    }
  }

  private skipBlankLines(): void {
    let at = this.recordAt;
    for (; at < this.text.length; at++) {
      const code = this.text.charCodeAt(at);
      if (code === this.newlineCode) this.line++;
      else if (code !== 10 && code !== 13) break;
    }
    this.recordAt = this.cellAt = this.scannedTo = at;
  }

  /** With `others`, also the newline that ends no record here, and the mark that old systems end a file with. */
  private skipBlanks(at: number, others = false): number {
    for (; at < this.text.length; at++) {
      const code = this.text.charCodeAt(at);
      if (code === this.delimiterCode || code === this.newlineCode) break;
      if (code !== 32 && code !== 9 && !(others && (code === 10 || code === 13 || code === 26))) break;
    }
    return at;
  }

  /** Where the cell that a quote opens here is closed; undefined when that is not in the text yet. */
  private closingQuote(opening: number): number | undefined {
    const { text } = this;
    for (let at = Math.max(opening + 1, this.scannedTo); ; at += 2) {
      at = text.indexOf('"', at);
      this.scannedTo = at === -1 ? text.length : at;
      if (at === -1 || (at + 1 === text.length && !this.ended)) return undefined;
      if (text.charCodeAt(at + 1) !== QUOTE) return at;
    }
  }

  /** Whether a quote stands where a cell begins. */
  private isOpening(quote: number): boolean {
    let before = quote - 1;
    while (this.text.charCodeAt(before) === 32) before--;
    const code = this.text.charCodeAt(before);
    return code === this.delimiterCode || code === 10 || code === 13;
  }

  private add(cell: string): void {
    this.count++;
    if (this.cells.length < KEPT_CELLS) this.cells.push(cell);
    if (this.count < KEPT_CELLS || cell.trim() !== '') this.width = this.count;
  }

  /** The record up to the end of the line that `from` is in, as one that cannot be split into cells. */
  private broken(broken: BrokenQuotes, from: number): RawRecord | undefined {
    const found = this.text.indexOf(this.newline, from);
    if (found === -1 && !this.ended) return undefined;
    const end = found === -1 ? this.text.length : found;
    const rest = this.text.slice(this.cellAt, end);
    this.inner += countOf(this.newline, rest);
    for (const cell of rest.split(this.delimiter, KEPT_CELLS)) this.add(cell);
    return { ...this.finish(end), broken };
  }

  private finish(end: number): RawRecord {
    const { cells, line, width } = this;
    this.line += this.inner + 1;
    this.inner = 0;
    this.recordAt = this.cellAt = this.scannedTo = end + 1;
    this.cells = [];
    this.count = this.width = 0;
    return { line, cells, width };
  }
}

function countOf(newline: Newline, text: string): number {
  let count = 0;
  for (let at = text.indexOf(newline); at !== -1; at = text.indexOf(newline, at + 1)) count++;
  return count;
}
