import type { Piece } from './query.js';

/** A word pattern in pieces. */
export function piecesOf(pattern: string): Piece[] {
  return [...pattern.matchAll(/[*?]|[^*?]+/g)].map(([piece]) => (piece === '*' || piece === '?' ? piece : { text: piece }));
}

/** The same pattern with its texts in another spelling. */
export const respell = (pieces: readonly Piece[], spell: (text: string) => string): Piece[] =>
  pieces.map((piece) => (typeof piece === 'string' ? piece : { text: spell(piece.text) }));

/**
 * Whether the pattern fits a whole text: `?` for exactly one character, `*` for any number. Takes time in proportion to text × pattern,
 * whatever they hold. Made once for all texts that are looked at.
 */
export function patternTest(pieces: readonly Piece[]): (text: string) => boolean {
  const texts = pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.text]));
  // Between halves of a character no whole one begins, so where none is counted, characters need not be separated.
  return pieces.includes('?') || !texts.every((text) => text.isWellFormed()) ? byLetters(pieces) : byTexts(pieces);
}

/** Without `?`: each text is looked for behind the one before it. */
function byTexts(pieces: readonly Piece[]): (text: string) => boolean {
  const between = [''];
  for (const piece of pieces)
    if (piece === '*') between.push('');
    else if (typeof piece === 'object') between.push(between.pop() + piece.text);
  const [first = '', ...others] = between;
  const last = others.pop();
  if (last === undefined) return (text) => text === first;
  const least = first.length + last.length;
  return (text) => {
    if (text.length < least || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let from = first.length;
    for (const one of others) {
      const at = text.indexOf(one, from);
      if (at < 0) return false;
      from = at + one.length;
    }
    return from <= end;
  };
}

function byLetters(pieces: readonly Piece[]): (text: string) => boolean {
  const pattern = pieces.flatMap((piece): ('*' | '?' | { c: string })[] =>
    typeof piece === 'string' ? [piece] : Array.from(piece.text, (c) => ({ c })),
  );
  return (text) => {
    const letters = [...text];
    let star = -1;
    let resume = 0;
    let p = 0;
    for (let i = 0; i < letters.length; ) {
      const want = pattern[p];
      if (want === '*') {
        star = p++;
        resume = i;
      } else if (want === '?' || (typeof want === 'object' && want.c === letters[i])) {
        p++;
        i++;
      } else if (star >= 0) {
        // The last star takes one letter more; earlier ones need not, because it could take theirs.
        p = star + 1;
        i = ++resume;
      } else return false;
    }
    while (pattern[p] === '*') p++;
    return p === pattern.length;
  };
}

/**
 * The same text with an ASCII letter for each letter, the same one wherever it stands: what a text contains, its form contains in the form.
 * PostgreSQL makes trigrams of ASCII letters and digits only.
 */
export const asciiForm = (text: string): string =>
  text.replace(/[^a-z0-9]/gu, (letter) => String.fromCharCode(97 + (letter.codePointAt(0)! % 26)));

/** For PostgreSQL's LIKE with `\` as escape. */
export const likeOf = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => (piece === '*' ? '%' : piece === '?' ? '_' : escapeLike(piece.text))).join('');
export const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
