export interface Line<Of> {
  line: string;
  of: Of;
}

/** Many short texts, each with what it belongs to, looked through as one long one: a hundred times faster than one by one. */
export class Lines<Of> {
  private readonly lines: readonly (readonly [string, Of])[];
  private readonly joined: string;
  private readonly starts: Uint32Array;
  private readonly letters: Uint32Array;

  constructor(lines: readonly (readonly [string, Of])[]) {
    this.lines = lines;
    this.joined = `\n${lines.map(([line]) => line).join('\n')}\n`;
    this.starts = new Uint32Array(lines.length);
    let at = 1;
    for (const [i, [line]] of lines.entries()) {
      this.starts[i] = at;
      at += line.length + 1;
    }
    this.letters = Uint32Array.from(lines, ([line]) => lettersIn(line));
  }

  *containing(part: string): Generator<Line<Of>> {
    for (let at = this.joined.indexOf(part); at >= 0; ) {
      const i = this.lineAt(at);
      yield this.line(i);
      at = this.joined.indexOf(part, this.starts[i]! + this.lines[i]![0].length);
    }
  }

  *beginningWith(part: string): Generator<Line<Of>> {
    for (let at = this.joined.indexOf(`\n${part}`); at >= 0; at = this.joined.indexOf(`\n${part}`, at + 1))
      yield this.line(this.lineAt(at + 1));
  }

  /** Those that the pattern fits whole: `?` for exactly one character, `*` for any number of them. */
  *matching(pattern: string): Generator<Line<Of>> {
    const body = pattern
      .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
      .replace(/\?/g, '.')
      .replace(/\*/g, '.*');
    for (const { index } of this.joined.matchAll(new RegExp(`^${body}$`, 'gmu'))) if (index > 0) yield this.line(this.lineAt(index));
  }

  /** Those that may be within so many edits: an edit takes away one letter at most and brings in one. */
  *near(text: string, edits: number): Generator<Line<Of>> {
    const letters = lettersIn(text);
    for (let i = 0; i < this.lines.length; i++) {
      const differ = letters ^ this.letters[i]!;
      if (bits(differ & letters) <= edits && bits(differ & ~letters) <= edits) {
        const line = this.lines[i]![0];
        if (Math.abs(line.length - text.length) <= edits) yield this.line(i);
      }
    }
  }

  private line(i: number): Line<Of> {
    const [line, of] = this.lines[i]!;
    return { line, of };
  }

  /** The last line that starts here or before. */
  private lineAt(at: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Which letters there are; some share a bit. */
const lettersIn = (text: string) => Array.from(text).reduce((all, letter) => all | (1 << (letter.codePointAt(0)! % 32)), 0);

function bits(of: number): number {
  let left = of;
  let count = 0;
  for (; left; left &= left - 1) count++;
  return count;
}
