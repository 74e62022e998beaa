import { isUtf8 } from 'node:buffer';
import { AppError, invalid } from '@kontor/bus';
import type { FastifyInstance, FastifyRequest } from 'fastify';

// Deeper than any body of the API, and far from where writing JSON again would overflow the stack.
const MAX_DEPTH = 32;
// A thousand contacts with 250 values each. Parsing so many takes a tenth of a second, in which nobody else is served.
const MAX_VALUES = 250_000;
// Names that would reach into the prototype of an object that somebody copies the body into.
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** Takes JSON bodies only (and, in the routes that say so, forms); says what is wrong with one, and where. */
export function takeJson(http: FastifyInstance): void {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser(['application/json', 'application/merge-patch+json'], { parseAs: 'buffer' }, (request, body, done) => {
    try {
      refuseCompressed(request);
      done(null, parseJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

export function refuseCompressed({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'];
  if (encoding && encoding !== 'identity') throw new AppError('unsupported', `The body must not be compressed, but it is "${encoding}"`);
}

export function parseJson(body: Buffer): unknown {
  // Many clients name a content type with every call, also when they send nothing.
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new AppError('invalid', 'The body is not in UTF-8, as JSON must be');
  refuseTooMuch(body);
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw new AppError('invalid', `The body is not JSON: ${(error as Error).message}`);
  }
  const place = forbiddenName(value);
  if (place !== undefined) throw invalid([{ path: place, message: 'is a name that is not allowed', code: 'forbidden-name' }]);
  return value;
}

/** Counts what the text would become before anything is made of it: many small values take a hundred times their length. */
function refuseTooMuch(body: Buffer): void {
  let values = 1;
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfString(body, at);
    else if (byte === COMMA) values++;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      values++;
      // One more than the levels below it, which are what the limit is about.
      if (++depth > MAX_DEPTH + 1) throw new AppError('invalid', `The body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    if (values > MAX_VALUES)
      throw new AppError(
        'too-large',
        `The body has more than ${MAX_VALUES} values, the most that is taken here: send fewer items at a time`,
      );
  }
}
const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\,[]{}'].map((sign) => sign.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Where the string that begins here ends: at a quote with an even number of backslashes before it. */
function endOfString(body: Buffer, start: number): number {
  for (let end = body.indexOf(QUOTE, start + 1); end >= 0; end = body.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (body[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return body.length;
}

/** Where the first forbidden name is. The path is put together only on the way back from one. */
function forbiddenName(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, item] of Object.entries(value)) {
    if (FORBIDDEN.has(name)) return name;
    const below = forbiddenName(item);
    if (below !== undefined) return `${Array.isArray(value) ? `[${name}]` : name}${below.startsWith('[') ? '' : '.'}${below}`;
  }
  return undefined;
}
