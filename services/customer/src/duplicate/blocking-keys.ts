import { hash as digest } from 'node:crypto';
import { soundOf, type Text } from './likeness.js';
import type { Person, Place } from './person.js';

/** A key that duplicates have in common. */
export interface BlockingKey {
  /** A 64-bit hash in decimal, for PostgreSQL's bigint: small in an index and free of personal data. A collision costs one comparison. */
  key: string;
  /** Two contacts that share only this key are compared only if at most this many contacts share it. */
  maxBlockSize: number;
}

/** Keys shared by more contacts are ignored: they are placeholders or common names, and narrower keys find the duplicates. */
export const LARGEST_BLOCK = 50;
const SMALL_BLOCK = 4;

/**
 * The blocking keys of a person: only contacts that share some are compared at all. Any field may be mistyped or missing, so each key uses only one
 * to three fields, in the most tolerant form (how a name sounds), and duplicates share at least one key.
 */
export function blockingKeys(person: Person): BlockingKey[] {
  const { birthday, customerId, company } = person;
  const names = [...new Set([person.first, person.last].flatMap(soundsOf))];
  const strong = [
    ...person.emails.map((email) => ['email', email]),
    ...person.phones.map((phone) => ['phone', phone]),
    ...(person.code ? [['code', person.code]] : []),
    ...(birthday ? [['birthday', birthday], ...names.map((name) => ['birthday', birthday, name])] : []),
    ...(customerId ? names.map((name) => ['customer', customerId, name]) : []),
    ...(company ? names.map((name) => ['company', company.joined, name]) : []),
    ...person.places.flatMap((place) => strongPlaceKeys(place, names)),
  ];
  const whole = wholeNames(person);
  const weak = [...whole.map((sounds) => ['name', ...sounds]), ...person.places.flatMap((place) => weakPlaceKeys(place, whole))];
  const keys = new Map(weak.map((parts) => [hash(parts), SMALL_BLOCK]));
  for (const parts of strong) keys.set(hash(parts), LARGEST_BLOCK);
  return [...keys].map(([key, maxBlockSize]) => ({ key, maxBlockSize }));
}

function strongPlaceKeys({ lines, postcode }: Place, names: readonly string[]): string[][] {
  return [
    ...(postcode ? names.map((name) => ['postcode', postcode, name]) : []),
    ...(postcode ? lines.map((line) => ['street', soundOf(line.joined), postcode]) : []),
  ];
}

/** Weak, because every town has a Main Street 1, and every city an Anna Müller. */
function weakPlaceKeys({ lines, number, city }: Place, wholeNames: readonly string[][]): string[][] {
  return [
    ...(number ? lines.map((line) => ['street', soundOf(line.joined), number]) : []),
    ...(city ? wholeNames.map((sounds) => ['city', soundOf(city.joined), ...sounds]) : []),
  ];
}

/** The sounds of the whole name, because a space may be a typo, and of its first and last word, because others may be missing. */
function soundsOf(name: Text | undefined): string[] {
  if (!name) return [];
  return [...new Set([name.joined, ...name.words.slice(0, 1), ...name.words.slice(-1)])].map(soundOf);
}

/** First and last name in any order, and all words in any order, however they are distributed among the names. */
function wholeNames({ first, last, whole }: Person): string[][] {
  const parts = [first, last].flatMap((name) => (name ? [soundOf(name.joined)] : []));
  const all = whole && whole.words.length > 2 ? [whole.words.map(soundOf)] : [];
  return [...(parts.length > 0 ? [parts] : []), ...all].map((sounds) => sounds.sort());
}

const hash = (parts: readonly string[]): string => digest('sha1', parts.join('\n'), 'buffer').readBigInt64BE().toString();
