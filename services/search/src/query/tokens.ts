import { visible } from '../words/words.js';
import { QueryError } from './query.js';

/** A character of a query; a plain one has lost its meaning, by a backslash or by standing in quotes. */
export interface Char {
  c: string;
  plain: boolean;
}

/** What stands between spaces or in quotes, without its `-` and `field:`. */
export interface Token {
  at: number;
  not: boolean;
  field: string | null;
  chars: Char[];
  quoted: boolean;
}

/** What a name before a colon means: the field, or nothing, and then it is plain text. */
export type FieldNamed = (name: string) => string | undefined;

/** Cuts a query at spaces and quotes. */
export function tokensOf(query: string, fieldNamed: FieldNamed): Token[] {
  const tokens: Token[] = [];
  let start = 0;
  let chars: Char[] = [];
  const end = (next: number) => {
    if (chars.length) tokens.push(withHead({ at: start, not: false, field: null, chars, quoted: false }, fieldNamed));
    chars = [];
    start = next;
  };
  for (let at = 0; at < query.length; ) {
    const char = charAt(query, at);
    const next = at + char.c.length + (char.plain ? 1 : 0);
    if (!visible(char.c)) {
      at = next;
      continue;
    }
    if (!char.plain && /\s/.test(char.c)) end(next);
    else if (!char.plain && char.c === '"') {
      const phrase = quotedFrom(query, at);
      const head = withHead({ at: start, not: false, field: null, chars, quoted: true }, fieldNamed);
      // `company:"…"` and `-"…"` belong together; in `abc"…"` the quote begins a clause of its own.
      if (head.chars.length) end(at);
      tokens.push(
        head.chars.length ? { at, not: false, field: null, quoted: true, chars: phrase.chars } : { ...head, chars: phrase.chars },
      );
      chars = [];
      start = at = phrase.end;
      continue;
    } else chars.push(char);
    at = next;
  }
  end(query.length);
  return tokens;
}

function charAt(query: string, at: number): Char {
  const c = String.fromCodePoint(query.codePointAt(at)!);
  if (c !== '\\' || at + 1 === query.length) return { c, plain: false };
  return { c: String.fromCodePoint(query.codePointAt(at + 1)!), plain: true };
}

function quotedFrom(query: string, from: number): { chars: Char[]; end: number } {
  const chars: Char[] = [];
  for (let at = from + 1; at < query.length; ) {
    const { c, plain } = charAt(query, at);
    at += c.length + (plain ? 1 : 0);
    if (c === '"' && !plain) return { chars, end: at };
    if (visible(c)) chars.push({ c, plain: true });
  }
  throw new QueryError('The quote that begins here is not closed', from);
}

/** Takes `-` and `field:` off the front. */
function withHead(token: Token, fieldNamed: FieldNamed): Token {
  let { chars } = token;
  const not = isSign(chars[0], '-') && (token.quoted || chars.length > 1);
  if (not) chars = chars.slice(1);
  const colon = chars.findIndex((char) => isSign(char, ':'));
  const name = chars.slice(0, Math.max(colon, 0));
  const field = name.some((char) => char.plain) ? undefined : fieldNamed(name.map(({ c }) => c).join(''));
  const rest = chars.slice(colon + 1);
  if (field === undefined || !(token.quoted || rest.length)) return { ...token, not, chars };
  // A phone has digits; `phone:anna` is plain text.
  if (field === 'phone' && !token.quoted && !rest.some(({ c }) => /[0-9]/.test(c))) return { ...token, not, chars };
  return { ...token, not, field, chars: rest };
}

/** Whether this is the sign and has kept its meaning. */
export const isSign = (char: Char | undefined, ...signs: string[]): boolean => !!char && !char.plain && signs.includes(char.c);
