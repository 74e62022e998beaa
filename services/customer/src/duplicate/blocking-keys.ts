import { hash as digest } from 'node:crypto';
import { soundOf, type Text } from './likeness.js';
import type { Person, Place } from './person.js';

/** Something that doubles have in common. */
export interface BlockingKey {
  /** 64 bits in decimal, as PostgreSQL's bigint: small in an index, and nobody reads in it whose key it is. A clash costs one comparison. */
  key: string;
  /** Two who share this and nothing else are compared only where no more than so many share it. */
  maxBlockSize: number;
}

/** Keys that more contacts share are passed over: they are placeholders or common names, and the narrower keys beside them find the doubles. */
export const LARGEST_BLOCK = 50;
const SMALL_BLOCK = 4;

/**
 * What two contacts must have in common to be compared at all. Any field may be mistyped or missing, so each key needs only one to three
 * of them, in the form that forgives most (how a name sounds), and doubles share at least one.
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

/** There is a Main Street 1 in every town, and an Anna Müller in every city. */
function weakPlaceKeys({ lines, number, city }: Place, wholeNames: readonly string[][]): string[][] {
  return [
    ...(number ? lines.map((line) => ['street', soundOf(line.joined), number]) : []),
    ...(city ? wholeNames.map((sounds) => ['city', soundOf(city.joined), ...sounds]) : []),
  ];
}

/** A name of several words as one, because a space may be a slip, and its first and last word, because the others may be missing. */
function soundsOf(name: Text | undefined): string[] {
  if (!name) return [];
  return [...new Set([name.joined, ...name.words.slice(0, 1), ...name.words.slice(-1)])].map(soundOf);
}

/** First and last name in any order; and all words in any order, however they are shared out. */
function wholeNames({ first, last, whole }: Person): string[][] {
  const parts = [first, last].flatMap((name) => (name ? [soundOf(name.joined)] : []));
  const all = whole && whole.words.length > 2 ? [whole.words.map(soundOf)] : [];
  return [...(parts.length > 0 ? [parts] : []), ...all].map((sounds) => sounds.sort());
}

const hash = (parts: readonly string[]): string => digest('sha1', parts.join('\n'), 'buffer').readBigInt64BE().toString();
