import { randomUUID } from 'node:crypto';
import type { ContactEntry, CustomerEntry } from '@kontor/contracts';
import type { Dice } from '@kontor/testing';
import { contactOf, customerOf } from './stand-in.js';

export type Entry = ({ kind: 'contact' } & ContactEntry) | ({ kind: 'customer' } & CustomerEntry);

const FIRST = ['anna', 'annabel', 'bert', 'berta', 'carl', 'johann', 'johanna', 'susanna', 'robert', 'norbert'];
const LAST = ['meier', 'meyer', 'hofmann', 'hoffmann', 'mann', 'kaufmann', 'smith', 'smyth', 'goldsmith', 'oberhof'];
const FIRMS = ['hof und garten', 'mann und meier', 'goldberg', 'bergmann bau', 'alte garage'];
const TAGS = ['vip', 'newsletter', 'messe', 'old'];
const TYPES = ['lead', 'partner', null];
const CITIES = ['bonn', 'ulm', 'kiel', 'neu ulm'];
// Without a 0, which can stand for a + or be left out.
const digits = (of: Dice, count: number) => Array.from({ length: count }, () => 1 + of.upTo(8)).join('');

/** The moments of two entries are never the same, so that their order is certain. */
let moments = Date.parse('2026-01-01T00:00:00Z');
function now(): string {
  moments += 1_000;
  return new Date(moments).toISOString();
}

/** Some entry; with one given, that one after some change. */
export function randomEntry(of: Dice, owners: readonly string[], firms: readonly Entry[], before?: Entry): Entry {
  const shared = {
    id: before?.id ?? randomUUID(),
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? now(),
    updatedAt: now(),
    type: of.pick(TYPES),
    tags: [...new Set(of.some(TAGS, 2))],
    addresses: [{ primary: true, city: of.pick(CITIES) }],
    phones: [{ number: digits(of, 9), kind: 'phone' as const, primary: true }],
    ownerId: of.pick([null, ...owners]),
    readers: of.chance(0.3) ? [of.pick(owners)] : null,
    ...(of.chance(0.2) && { hasOpportunities: true }),
  };
  if (before ? before.kind === 'customer' : of.chance(0.15))
    return { kind: 'customer', ...customerOf({ name: of.pick(FIRMS), ...shared }) };
  const firm = of.pick([undefined, ...firms]);
  const person = { firstName: of.pick(FIRST), lastName: of.pick(LAST), ...shared };
  return { kind: 'contact', ...contactOf({ ...person, ...(firm && employedBy(firm)) }) };
}

export const employedBy = (firm: Entry) => ({ customerId: firm.id, customerName: firm.displayName, customerReaders: firm.readers });

/** The texts in which words are looked for. */
function linesOf(entry: Entry): string[] {
  const own = entry.kind === 'contact' ? [entry.firstName, entry.lastName, entry.displayName, entry.customerName] : [entry.name];
  return [...own, ...entry.tags, ...entry.addresses.map(({ city }) => city)].flatMap((line) => line ?? []);
}
const wordsOf = (entry: Entry) => linesOf(entry).flatMap((line) => line.split(' '));

export interface Query {
  q: string;
  filters: Record<string, unknown>;
  fits(entry: Entry): boolean;
}
type Part = Pick<Query, 'q' | 'fits'>;

// Up to four letters, so that nothing is found as a typing slip.
const plainWord = (of: Dice, word: string): Part => {
  const from = of.upTo(Math.max(0, word.length - 3));
  const q = word.slice(from, from + 2 + of.upTo(2));
  return { q, fits: (entry) => wordsOf(entry).some((one) => (q.length >= 3 ? one.includes(q) : one.startsWith(q))) };
};
function pattern(of: Dice, word: string): Part {
  const at = 1 + of.upTo(word.length - 2);
  const end = at + of.upTo(word.length - at);
  const q = of.pick([
    `${word.slice(0, at)}?${word.slice(at + 1)}`,
    `${word.slice(0, at)}*`,
    `*${word.slice(at)}`,
    `${word.slice(0, at)}*${word.slice(end)}`,
  ]);
  const regex = new RegExp(`^${q.replaceAll('?', '.').replaceAll('*', '.*')}$`);
  return { q, fits: (entry) => wordsOf(entry).some((one) => regex.test(one)) };
}
function phrase(line: string): Part {
  return { q: `"${line}"`, fits: (entry) => linesOf(entry).some((one) => ` ${one} `.includes(` ${line} `)) };
}
function phonePart(of: Dice, number: string): Part {
  const from = of.upTo(number.length - 4);
  const q = number.slice(from, from + 3 + of.upTo(2));
  return { q, fits: (entry) => entry.phones.some((phone) => phone.number.includes(q)) };
}
function exclusion(word: string): Part {
  const q = word.slice(0, 4);
  return { q: `-${q}`, fits: (entry) => !wordsOf(entry).some((one) => one.startsWith(q)) };
}

/** A filter, and what it lets through. */
const FILTERS: Record<string, (value: unknown, entry: Entry) => boolean> = {
  kind: (value, entry) => entry.kind === value,
  type: (value, entry) => entry.type === value,
  tag: (value, entry) => entry.tags.includes(value as string),
  ownerId: (value, entry) => entry.ownerId === value,
  customerId: (value, entry) => entry.kind === 'contact' && entry.customerId === value,
  hasOpportunities: (value, entry) => (entry.hasOpportunities ?? false) === value,
  access: (value, entry) => (value === 'restricted') === listsOf(entry).some((list) => list !== null),
};
const listsOf = (entry: Entry) => [entry.readers, entry.kind === 'contact' ? entry.customerReaders : null];
export const maySee = (agent: string, entry: Entry) => listsOf(entry).every((list) => list === null || list.includes(agent));

/** A query that has something to do with these entries. */
export function randomQuery(of: Dice, entries: readonly Entry[]): Query {
  const like = of.pick(entries);
  const clauses = Array.from({ length: of.upTo(2) }, () => {
    const word = of.pick(wordsOf(like).filter((one) => /^[a-z]{3,}$/.test(one)));
    const phone = like.phones[0]?.number ?? '123456789';
    return of.pick([
      () => plainWord(of, word),
      () => pattern(of, word),
      () => phrase(of.pick(linesOf(like))),
      () => phonePart(of, phone),
      () => exclusion(of.pick(LAST)),
    ])();
  });
  // Neighbouring digits are one clause.
  const parts = clauses.filter(({ q }, i) => i === 0 || !/^\d/.test(q) || !/^\d/.test(clauses[i - 1]!.q));
  const values = {
    kind: like.kind,
    type: like.type,
    tag: like.tags[0],
    ownerId: like.ownerId,
    customerId: like.kind === 'contact' ? like.customerId : null,
  };
  const possible = Object.entries({ ...values, hasOpportunities: of.chance(0.5), access: of.pick(['open', 'restricted']) });
  const filters = Object.fromEntries(possible.filter(([, value]) => value !== null && of.chance(0.2)));
  const fits = (entry: Entry) =>
    parts.every((part) => part.fits(entry)) && Object.entries(filters).every(([name, value]) => FILTERS[name]!(value, entry));
  return { q: parts.map(({ q }) => q).join(' '), filters, fits };
}

/** How many of the entries have each value of a facet. */
export function counted(entries: readonly Entry[]): Record<string, Record<string, number>> {
  const facets: Record<string, Record<string, number>> = { type: {}, tag: {}, kind: {}, city: {} };
  const count = (facet: string, value: string | null | undefined) => {
    if (value) facets[facet]![value] = (facets[facet]![value] ?? 0) + 1;
  };
  for (const entry of entries) {
    count('type', entry.type);
    count('kind', entry.kind);
    for (const tag of entry.tags) count('tag', tag);
    for (const city of new Set(entry.addresses.map((one) => one.city))) count('city', city);
  }
  return facets;
}

export type SortName = 'name' | '-createdAt' | '-updatedAt';
export const sortKey = (entry: Entry, sort: SortName) =>
  sort === 'name' ? entry.displayName : sort === '-createdAt' ? entry.createdAt : entry.updatedAt;
export function inOrder(entries: readonly Entry[], sort: SortName): Entry[] {
  const up = sort === 'name' ? 1 : -1;
  return entries.toSorted((a, b) => (sortKey(a, sort) < sortKey(b, sort) ? -up : up));
}
