import { isUtf8 } from 'node:buffer';
import { AppError, invalid } from '@kontor/bus';
import type { FastifyInstance, FastifyRequest } from 'fastify';

// Deeper than any body of the API, and far from where writing JSON again would overflow the stack.
const MAX_DEPTH = 32;
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
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw new AppError('invalid', `The body is no JSON: ${(error as Error).message}`);
  }
  const place = forbiddenName(value, 0);
  if (place !== undefined) throw invalid([{ path: place, message: 'is a name that is not allowed', code: 'forbidden-name' }]);
  return value;
}

/** Where the first forbidden name is. The path is put together only on the way back from one. */
function forbiddenName(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MAX_DEPTH) throw new AppError('invalid', `The body is nested deeper than ${MAX_DEPTH} levels`);
  for (const [name, item] of Object.entries(value)) {
    if (FORBIDDEN.has(name)) return name;
    const below = forbiddenName(item, depth + 1);
    if (below !== undefined) return `${Array.isArray(value) ? `[${name}]` : name}${below.startsWith('[') ? '' : '.'}${below}`;
  }
  return undefined;
}
