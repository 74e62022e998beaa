import { isJoint, isWordChar, joinedTokens, phraseWords, wordSpellings } from '../words/words.js';
import { type Clause, type Meaning, type Piece, QueryError, type Term } from './query.js';
import { type Char, type FieldNamed, isSign, type Token, tokensOf } from './tokens.js';

const MOST_CLAUSES = 32;
const MOST_CHARACTERS = 512;

const DIGIT_SIGN = /^[0-9+/().\p{Pd}\u2212]$/u;
const DOTTED = /^[\p{L}\p{N}\p{M}*?_%+'-]+(?:\.[\p{L}\p{N}\p{M}*?_%+'-]+)+$/u;
const ABBREVIATION = /^\p{L}(?:\.\p{L})*$/u;

/**
 * Reads what was typed into the search box. Never fails but with a QueryError, which says where.
 * `fieldNamed` knows the fields a name before a colon may mean; other names are plain text.
 */
export function parseQuery(query: string, fieldNamed: FieldNamed): Clause[] {
  if (query.length > MOST_CHARACTERS) throw new QueryError(`The query is longer than ${MOST_CHARACTERS} characters`, MOST_CHARACTERS);
  const clauses = digitRuns(tokensOf(query, fieldNamed).filter(saysSomething)).flatMap(clausesOf);
  const tooMany = clauses[MOST_CLAUSES];
  if (tooMany) throw new QueryError(`The query has more than ${MOST_CLAUSES} clauses`, tooMany.at);
  return clauses;
}

const textOf = (chars: readonly Char[]) => chars.map(({ c }) => c).join('');
const isWild = (char: Char) => isSign(char, '*', '?');
const isDigits = ({ chars, quoted }: Token) => !quoted && chars.every((char) => !char.plain && DIGIT_SIGN.test(char.c));
const hasDigit = (text: string) => /[0-9]/.test(text);

/** Signs alone mean nothing, except between digits. */
function saysSomething(token: Token): boolean {
  const text = textOf(token.chars);
  if (token.field === 'phone') return hasDigit(text);
  if (token.field === 'email') return text.trim() !== '';
  if (token.field === 'code') return token.chars.some(isWild) || /[\p{L}\p{N}]/u.test(text);
  if (token.quoted) return phraseWords(text).length > 0;
  if (isDigits(token)) return !token.not || hasDigit(text);
  if (token.chars.some((char) => isWild(char) || isSign(char, '@'))) return true;
  // Of a `~1` alone nothing would be left.
  return joinedTokens(textOf(alikeOf(token.chars)?.chars ?? token.chars)).length > 0;
}

/** Joins what people write apart: `030 / 12 34` is one number. A token that begins with `-` excludes, and so begins another run. */
function digitRuns(tokens: readonly Token[]): (Token | Clause)[] {
  const found: (Token | Clause)[] = [];
  for (let i = 0; i < tokens.length; ) {
    const first = tokens[i]!;
    const run = [first];
    const starts = first.field === 'phone' || (first.field === null && isDigits(first));
    if (starts) for (let next = tokens[i + 1]; next && continues(next); next = tokens[i + run.length]) run.push(next);
    const written = run.map((token) => textOf(token.chars)).join(' ');
    // What opens a number stays with it, as in `( 030) 12`: alone it would say nothing when the query is written out again.
    const text = written
      .replace(/[^0-9+()]+/g, ' ')
      .replace(/^[^0-9]+/, (signs) => signs.replaceAll(' ', ''))
      .trim();
    const enough = text.replace(/\D/g, '').length >= 3 || first.field === 'phone';
    if (starts && enough)
      found.push({ at: first.at, not: first.not, field: first.field, kind: 'digits', text, ...(first.field === null && asText(text)) });
    else found.push(...run);
    i += run.length;
  }
  return found;
}

/** Digits in several groups may be words of a text as well: a date, a postal code and a house number. */
function asText(digits: string): Pick<Meaning, 'or'> {
  const groups = digits.match(/[0-9]+/g) ?? [];
  return groups.length > 1 ? { or: groups.map((text) => ({ kind: 'phrase', text })) } : {};
}
const continues = (token: Token) => token.field === null && !token.not && isDigits(token);

function clausesOf(item: Token | Clause): Clause[] {
  if ('kind' in item) return [item];
  const { at, not, field } = item;
  const terms = termsOf(item);
  const words = terms.flatMap((term) => (term.kind === 'word' ? [term.text] : []));
  // To exclude `GmbH&Co` is not to exclude every GmbH.
  if (not && terms.length > 1 && words.length === terms.length) return [{ at, not, field, kind: 'phrase', text: words.join(' ') }];
  return terms.map((term) => ({ at, not, field, ...term }));
}

function termsOf({ field, chars, quoted }: Token): Meaning[] {
  if (field === 'email' || field === 'code') return [{ kind: field, pattern: pieces(chars) }];
  if (quoted) return [{ kind: 'phrase', text: textOf(chars) }];
  if (field === null && chars.some((char) => isSign(char, '@'))) {
    const inner = trimmed(chars, (char) => /^[<>,;()\s]$/.test(char.c));
    return inner.length ? [{ kind: 'email', pattern: pieces(inner) }] : wordTerms(chars);
  }
  const dotted = field === null && dottedChars(chars);
  return dotted ? [{ kind: 'email', pattern: pieces(dotted), or: wordTerms(dotted) }] : wordTerms(chars);
}

function wordTerms(chars: readonly Char[]): Term[] {
  const wild = chars.some(isWild);
  const alike = wild ? undefined : alikeOf(chars);
  return segments(alike?.chars ?? chars).flatMap((segment): Term[] => {
    if (segment.some(isWild)) return [{ kind: 'pattern', text: patternText(segment) }];
    return joinedTokens(textOf(segment)).map((text) =>
      alike ? { kind: 'alike', text, edits: alike.edits ?? editsFor(text) } : { kind: 'word', text },
    );
  });
}

/** Words joined by dots: they may be words, or a piece of an e-mail address. */
function dottedChars(chars: readonly Char[]): Char[] | undefined {
  const inner = trimmed(chars, (char) => !isWild(char) && !isWordChar(char.c));
  const text = inner.map((char) => (char.plain && /[.*?]/.test(char.c) ? ' ' : char.c)).join('');
  return DOTTED.test(text) && !ABBREVIATION.test(text) ? inner : undefined;
}

function trimmed(chars: readonly Char[], away: (char: Char) => boolean): Char[] {
  const from = chars.findIndex((char) => !away(char));
  const to = chars.findLastIndex((char) => !away(char));
  return from < 0 ? [] : chars.slice(from, to + 1);
}

/** `~`, `~1` or `~2` at the end. */
function alikeOf(chars: readonly Char[]): { chars: readonly Char[]; edits?: number } | undefined {
  const last = chars.at(-1);
  if (isSign(last, '~')) return { chars: chars.slice(0, -1) };
  if (isSign(last, '0', '1', '2') && isSign(chars.at(-2), '~')) return { chars: chars.slice(0, -2), edits: Number(last!.c) };
  return undefined;
}

/** How many edits words spelt alike may be apart when the query does not say. */
function editsFor(text: string): number {
  const letters = [...wordSpellings(text)[0]!].length;
  return letters >= 6 ? 2 : letters >= 3 ? 1 : 0;
}

/** Cuts at everything that is neither of a word nor stands for others. */
function segments(chars: readonly Char[]): Char[][] {
  const found: Char[][] = [[]];
  for (const char of chars) {
    if (isWild(char) || isWordChar(char.c) || isJoint(char.c)) found.at(-1)!.push(char);
    else found.push([]);
  }
  return found.filter((segment) => segment.length);
}

// Words are compared without the signs that join them: `O'C*` finds O'Connor.
const patternText = (chars: readonly Char[]) => textOf(chars.filter(({ c }) => !isJoint(c))).replace(/\*+/g, '*');

function pieces(chars: readonly Char[]): Piece[] {
  const found: Piece[] = [];
  for (const char of chars) {
    const last = found.at(-1);
    if (isWild(char)) {
      if (char.c !== '*' || last !== '*') found.push(char.c as '*' | '?');
    } else if (typeof last === 'object') last.text += char.c;
    else found.push({ text: char.c });
  }
  return found;
}
