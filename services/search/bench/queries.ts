import { type Person, textsOf } from '../test/brute-force-texts.js';
import { spotsIn } from '../test/brute-force-words.js';
import { type Random, randomFrom } from '../test/random.js';

/** A call of a search, and what is asked of others in its place. */
export interface Query {
  q: string;
  parameters?: Record<string, string>;
  /** The same for PostgreSQL: what of a person, and the pattern. */
  like?: { of: 'words' | 'phones' | 'emails'; pattern: string };
}

const EACH = 20;
const SUGGEST = 'suggest';

/** Where a query of this kind goes. */
export const pathOf = (kind: string, { q, parameters }: Query): string =>
  `/v1/search${kind === SUGGEST ? '/suggest' : ''}?${new URLSearchParams({ q, ...parameters })}`;

type Make = (person: Person, random: Random) => Query | undefined;

const long = (word: string) => /^\p{L}{5,}$/u.test(word) && !/\p{sc=Han}/u.test(word);
/** A word of five letters or more, of any field or of this one. */
function wordOf(person: Person, { pick }: Random, field?: string): string | undefined {
  const words = textsOf(person)
    .filter(([of]) => field === undefined || of === field)
    .flatMap(([, text]) => spotsIn(text).map((spot) => spot.text))
    .filter(long);
  return words.length ? pick(words) : undefined;
}

/** Queries made from a word of the person's. */
const byWord =
  (make: (word: string, random: Random) => string, like?: (q: string) => string): Make =>
  (person, random) => {
    const word = wordOf(person, random);
    const q = word && make(word, random);
    return q ? { q, ...(like && { like: { of: 'words', pattern: `%${like(q)}%` } }) } : undefined;
  };
const asLike = (q: string) => q.replaceAll('?', '_').replaceAll('*', '%').replace(/^%|%$/g, '');

function slip(word: string, { int }: Random): string {
  const at = 1 + int(word.length - 2);
  const kinds = [
    word.slice(0, at) + word.slice(at + 1),
    word.slice(0, at) + word[at]! + word.slice(at),
    word.slice(0, at) + word[at + 1]! + word[at]! + word.slice(at + 2),
  ];
  return kinds[int(kinds.length)]!;
}

function digitsOf({ phones }: Person, { int }: Random): string | undefined {
  const digits = phones[0]?.e164?.slice(3);
  return digits && digits.length >= 8 ? digits.slice(int(3)).slice(0, 5 + int(3)) : undefined;
}

export const kinds = {
  'plain word': byWord((word) => word),
  'two plain words': ({ firstName, lastName }) => (firstName && lastName ? { q: `${firstName} ${lastName}` } : undefined),
  'first letters': byWord((word, { int }) => word.slice(0, 3 + int(2))),
  slip: byWord(slip),
  'one letter ?': byWord((word, { int }) => {
    const at = int(word.length);
    return `${word.slice(0, at)}?${word.slice(at + 1)}`;
  }, asLike),
  'beginning …*': byWord((word, { int }) => `${word.slice(0, 3 + int(2))}*`, asLike),
  'ending *…': byWord((word, { int }) => `*${word.slice(-3 - int(2))}`, asLike),
  'inside *…*': byWord((word, { int }) => `*${word.slice(1 + int(2)).slice(0, 3 + int(2))}*`, asLike),
  phrase: ({ firstName, lastName, companyName }, { chance }) => {
    if (chance(0.5)) return firstName && lastName ? { q: `"${firstName} ${lastName}"` } : undefined;
    return companyName ? { q: `"${companyName.split(' ').slice(0, 2).join(' ')}"` } : undefined;
  },
  'alike ~': (person, random) => {
    const word = wordOf(person, random, 'last');
    return word ? { q: `${slip(word, random)}~`, like: { of: 'words', pattern: `%${word}%` } } : undefined;
  },
  'phone part': (person, random) => {
    const q = digitsOf(person, random);
    return q ? { q, like: { of: 'phones', pattern: `%${q}%` } } : undefined;
  },
  'e-mail part': ({ emails }, { chance }) => {
    const [local, domain] = emails[0]?.address.split('@') ?? [];
    const q = chance(0.5) ? `${local}@` : `@${domain}`;
    return local ? { q, like: { of: 'emails', pattern: `%${q}%` } } : undefined;
  },
  'in one field': (person, random) => {
    const field = random.pick(['last', 'first', 'company', 'city']);
    const word = wordOf(person, random, field);
    return word ? { q: `${field}:${word}` } : undefined;
  },
  exclusion: (person, random) => {
    const [word, city] = [wordOf(person, random), wordOf(person, random, 'city')];
    return word && city && word !== city ? { q: `${word} -${city}` } : undefined;
  },
  combination: (person, random) => {
    const [last, city] = [wordOf(person, random, 'last'), wordOf(person, random, 'city')];
    return last && city
      ? { q: random.pick([`${last.slice(0, 4)}* ${city}`, `${last}~ city:${city}`, `*${last.slice(-4)} "${city}"`]) }
      : undefined;
  },
  'filters and facets': (person, random) => {
    const word = wordOf(person, random);
    const { type } = person;
    return word && type ? { q: word, parameters: { type, kind: 'contact', facets: 'type,tag,kind,city' } } : undefined;
  },
  [SUGGEST]: byWord((word, { int }) => word.slice(0, 1 + int(4))),
} satisfies Record<string, Make>;

export type Kind = keyof typeof kinds;

/** Some 20 different queries of each kind. Of the people drawn each is as likely as the other, so frequent words come, and rare ones. */
export function queriesFrom(people: readonly Person[], seed: number): Map<Kind, Query[]> {
  const random = randomFrom(seed);
  const made = Object.entries(kinds).map(([kind, make]): [Kind, Query[]] => {
    const queries = new Map<string, Query>();
    for (let tries = 0; queries.size < EACH && tries < 100 * EACH; tries++) {
      const query = make(random.pick(people), random);
      if (query) queries.set(query.q, query);
    }
    if (queries.size < EACH) throw new Error(`${kind}: the people give only ${queries.size} different queries`);
    return [kind as Kind, [...queries.values()]];
  });
  return new Map(made);
}
