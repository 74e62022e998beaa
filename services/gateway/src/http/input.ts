import { AppError, invalid, parseInput } from '@kontor/bus';
import type { FieldError } from '@kontor/contracts';
import type { FastifyRequest } from 'fastify';
import { versionOf } from './preconditions.js';
import type { Route } from './route.js';
import { seenOf } from './seen.js';

type Values = Record<string, unknown>;

/** Members of an input that a call gives in headers only: `version` in If-Match, `seen` in Kontor-Seen. */
export const membersInHeaders = ['version', 'seen'];

/**
 * Gives the function that reads a route's input from path, query, headers and body. The paths of its errors are those of the caller:
 * names of parameters and places in the body. It gives what was sent, not what parsing made of it: the owner parses it again,
 * and not every transformation can be done twice.
 */
export function inputOf(route: Route): (request: FastifyRequest) => Values {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
  const inHeader = membersInHeaders.filter((name) => name in route.input.shape);
  const others = Object.keys(route.input.shape).filter((name) => !inPath.includes(name) && !inHeader.includes(name));
  const inQuery = new Set(route.method === 'GET' || route.form ? others : route.query);

  return (request) => {
    const query = request.query as Values;
    refuse(
      Object.keys(query).filter((name) => !inQuery.has(name)),
      'is not a known parameter',
    );
    // Without a prototype, a parameter called __proto__ is only a name like any other.
    const input: Values = Object.assign(Object.create(null), query, request.params);
    const { 'if-match': ifMatch, 'kontor-seen': seen } = request.headers;
    if (inHeader.includes('version') && ifMatch !== undefined) input.version = versionOf(ifMatch);
    if (inHeader.includes('seen') && seen !== undefined) input.seen = seenOf(seen);
    if (!route.form && !route.takes && route.method !== 'GET' && route.method !== 'DELETE')
      addBody(input, request, route, [...inPath, ...inHeader, ...inQuery]);
    parseInput(route.input, input, (errors) => inBody(errors, route.body));
    return input;
  };
}

function addBody(input: Values, request: FastifyRequest, route: Route, taken: string[]): void {
  const { body } = request;
  if (request.isMultipart()) throw new AppError('unsupported', 'This takes no form: send the body as application/json');
  if (route.body) {
    if (body === undefined) throw invalid([{ path: '', message: 'has no body: send a JSON object', code: 'missing-body' }]);
    input[route.body] = body;
    return;
  }
  if (body === undefined) return;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid([{ path: '', message: 'must have a JSON object as its body', code: 'invalid-type' }]);
  refuse(
    taken.filter((name) => name in body),
    'is not a known field',
  );
  Object.assign(input, body);
}

function refuse(names: string[], message: string): void {
  if (names.length) throw invalid(names.map((path) => ({ path, message, code: 'unknown-field' })));
}

/** change.emails[0].address → emails[0].address */
const inBody = (errors: FieldError[], member: string | undefined): FieldError[] =>
  member === undefined ? errors : errors.map((error) => ({ ...error, path: pathInBody(error.path, member) }));

function pathInBody(path: string, member: string): string {
  if (path === member) return '';
  if (path.startsWith(`${member}.`)) return path.slice(member.length + 1);
  return path.startsWith(`${member}[`) ? path.slice(member.length) : path;
}

/** An error of the owner with the paths of the caller: names of parameters and places in the body. */
export function inCallersTerms(error: AppError, member: string | undefined): AppError {
  if (!error.details.errors || member === undefined) return error;
  const errors = inBody(error.details.errors, member);
  const message = error.message.startsWith(`${member}.`) ? error.message.slice(member.length + 1) : error.message;
  return new AppError(error.code, message, { ...error.details, errors });
}
