import { isUtf8 } from 'node:buffer';
import { UnreadableFile } from './unreadable-file.js';

const CHUNK = 64 * 1024;
const SAVE_AS_CSV = 'Save it as CSV in UTF-8 and upload that.';

const signatures: [bytes: number[], what: string][] = [
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  [[0x47, 0x49, 0x46, 0x38], 'a GIF image'],
  [[0x25, 0x50, 0x44, 0x46, 0x2d], 'a PDF document'],
  [[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], 'an Excel workbook (.xls) or another old Office document'],
  [[0x1f, 0x8b], 'a gzip archive'],
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive'],
];

/** Gives the same bytes in pieces of one size, so that nothing read from them depends on how they came in. */
async function* inPieces(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    let at = 0;
    while (length + chunk.length - at >= size) {
      const end = at + size - length;
      parts.push(chunk.subarray(at, end));
      yield Buffer.concat(parts, size);
      at = end;
      parts = [];
      length = 0;
    }
    if (at < chunk.length) {
      parts.push(chunk.subarray(at));
      length += chunk.length - at;
    }
  }
  if (length > 0) yield Buffer.concat(parts, length);
}

/** How many bytes at the end belong to a character that continues in the next chunk. */
function unfinished(piece: Buffer): number {
  for (let back = 1; back <= 3 && back <= piece.length; back++) {
    const byte = piece[piece.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

const newlines = (piece: Uint8Array, end = piece.length) => {
  let count = 0;
  for (let at = piece.indexOf(10); at !== -1 && at < end; at = piece.indexOf(10, at + 1)) count++;
  return count;
};

function firstInvalid(piece: Buffer): number {
  let low = 0;
  let high = piece.length;
  // The longest valid beginning, by halves; a beginning that cuts a character counts as valid up to that character.
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const head = piece.subarray(0, middle);
    if (isUtf8(head.subarray(0, middle - unfinished(head)))) low = middle;
    else high = middle - 1;
  }
  return low - unfinished(piece.subarray(0, low));
}

/** UTF-16 text without a byte order mark: every other byte of its ASCII characters is zero. */
function looksLikeUtf16(piece: Buffer): 'UTF-16 LE' | 'UTF-16 BE' | undefined {
  const sample = piece.subarray(0, 2048);
  const zeros = [0, 0];
  sample.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2]!++;
  });
  const [even = 0, odd = 0] = zeros;
  if (even + odd < 4 || (even + odd) * 20 < sample.length) return undefined;
  return odd > even * 10 ? 'UTF-16 LE' : even > odd * 10 ? 'UTF-16 BE' : undefined;
}

/** Which 8-bit or Chinese encoding bytes that are not UTF-8 seem to be in. */
function looksLike(bytes: Buffer): string {
  // In GB18030 a Chinese character is a pair of high bytes and characters stand together; in Western text a high byte is one letter, mostly alone.
  const runs = bytes.toString('latin1').match(/[\x80-\xff]+/g) ?? [];
  const paired = runs.filter((run) => run.length % 2 === 0).length;
  const decodes = () => {
    try {
      new TextDecoder('gb18030', { fatal: true }).decode(bytes, { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  return paired * 4 > runs.length * 3 && decodes() ? 'GB18030' : 'Windows-1252';
}

function refuseOtherFormats(piece: Buffer): void {
  const found = signatures.find(([bytes]) => bytes.every((byte, i) => piece[i] === byte));
  if (found) {
    const isWorkbook = found[1] === 'a ZIP archive' && (piece.includes('xl/') || piece.includes('[Content_Types].xml'));
    throw new UnreadableFile('not-text', `The file is ${isWorkbook ? 'an Excel workbook (.xlsx)' : found[1]}, not CSV.`, SAVE_AS_CSV);
  }
  if ((piece[0] === 0xff && piece[1] === 0xfe) || (piece[0] === 0xfe && piece[1] === 0xff))
    refuseEncoding(piece[0] === 0xff ? 'UTF-16 LE' : 'UTF-16 BE', 0, 1);
  const utf16 = looksLikeUtf16(piece);
  if (utf16) refuseEncoding(utf16, piece.indexOf(0), 1);
}

function refuseEncoding(seems: string, byte: number, line: number): never {
  throw new UnreadableFile('encoding', `The file is not UTF-8 (byte ${byte + 1}); it seems to be ${seems}.`, SAVE_AS_CSV, { line });
}

/**
 * The bytes of a text file in UTF-8, without a byte order mark, in pieces that end with whole characters.
 * Throws `UnreadableFile` at the first byte that is not UTF-8 text, and says what the file seems to be instead.
 */
export async function* readText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let offset = 0;
  let line = 1;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of inPieces(bytes, CHUNK)) {
    if (offset === 0) refuseOtherFormats(chunk);
    const all = rest.length ? Buffer.concat([rest, chunk]) : chunk;
    const piece = all.subarray(0, all.length - unfinished(all));
    refuseWhatIsNoText(piece, offset, line);
    rest = all.subarray(piece.length);
    yield offset === 0 && piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf ? piece.subarray(3) : piece;
    offset += piece.length;
    line += newlines(piece);
  }
  if (rest.length) refuseEncoding(looksLike(rest), offset, line);
}

function refuseWhatIsNoText(piece: Buffer, offset: number, line: number): void {
  const nul = piece.indexOf(0);
  if (nul !== -1)
    throw new UnreadableFile(
      'nul',
      `There is a NUL byte (byte ${offset + nul + 1}), which no text has.`,
      'The file may be damaged or not be text; export it again as CSV in UTF-8.',
      { line: line + newlines(piece, nul) },
    );
  if (isUtf8(piece)) return;
  const at = firstInvalid(piece);
  let word = at;
  while (word > 0 && piece[word - 1]! >= 0x80) word--;
  refuseEncoding(looksLike(piece.subarray(word)), offset + at, line + newlines(piece, at));
}
