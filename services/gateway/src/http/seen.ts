import { invalid } from '@kontor/bus';
import { seen } from '@kontor/contracts';
import { z } from 'zod';
import type { Route } from './route.js';

/** Says what a write has made, as `<kind>:<id>:<version>`. A search that gets it back shows that, however far the index is. */
export const SEEN = 'Kontor-Seen';
const MOST = 50;

type Kind = 'contact' | 'customer';
interface Entry {
  id?: unknown;
  version?: unknown;
}
interface Answer extends Entry {
  items?: Entry[];
  contacts?: Entry[];
  contact?: Entry;
  customer?: Entry;
}
const kinds: Record<string, Kind> = { contacts: 'contact', customers: 'customer' };

/** The kind of what a route writes, where its answer says which version that has. Only contacts and customers are searched. */
export function kindWritten({ method, tag, output }: Route): Kind | undefined {
  if (method === 'GET' || !(output instanceof z.ZodObject)) return undefined;
  const { shape } = output;
  return ['version', 'items', 'contact', 'customer'].some((name) => name in shape) ? kinds[tag] : undefined;
}

/** What an answer says was written; undefined when that is nothing, or more than a header should hold: some of it would look like all. */
export function seenIn(answer: unknown, kind: Kind): string | undefined {
  const versions = new Map<string, number>();
  for (const [of, { id, version }] of written((answer ?? {}) as Answer, kind))
    if (typeof id === 'string' && typeof version === 'number')
      versions.set(`${of}:${id}`, Math.max(version, versions.get(`${of}:${id}`) ?? 0));
  if (versions.size === 0 || versions.size > MOST) return undefined;
  return [...versions].map(([entry, version]) => `${entry}:${version}`).join(', ');
}

function written(answer: Answer, kind: Kind): [Kind, Entry][] {
  const { items = [], contacts = [], contact, customer } = answer;
  const merged = contact ?? customer;
  // A merge that was only tried out has no id, and has written nothing.
  if (merged) return answer.id === undefined ? [] : [[kind, merged]];
  return [[kind, answer], ...items.map((item): [Kind, Entry] => [kind, item]), ...contacts.map((one): [Kind, Entry] => ['contact', one])];
}

/** The writes that a call names in the header, as they were sent. */
export function seenOf(header: string | string[]): string[] {
  const all = [header].flat().flatMap((line) => line.split(',').flatMap((one) => one.trim() || []));
  const refuse = (message: string) => invalid([{ path: SEEN, message, code: 'invalid-header' }]);
  if (all.length > MOST) throw refuse(`names ${all.length} writes, and ${MOST} are the most that is taken: send the last ones`);
  const wrong = all.findIndex((one) => !seen.safeParse(one).success);
  if (wrong >= 0)
    throw refuse(`must be what writes answered in it, <kind>:<id>:<version>, separated by commas; number ${wrong + 1} is not`);
  return all;
}
