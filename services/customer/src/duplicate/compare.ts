import { isNear, type Likeness, likeness, type Text } from './likeness.js';
import type { Person, Place } from './person.js';

/** The comparison of two persons field by field; undefined if one of them lacks the field, which is no evidence. */
export interface Comparison {
  first: Likeness | undefined;
  last: Likeness | undefined;
  /** The first name of one is the last name of the other. */
  swapped: boolean;
  birthday: 'same' | 'typo' | 'other' | undefined;
  email: boolean | undefined;
  phone: boolean | undefined;
  code: boolean | undefined;
  /** The same customer, or the same company in words. */
  work: boolean | undefined;
  place: PlaceComparison | undefined;
}

export interface PlaceComparison {
  street: Likeness | undefined;
  /** The other line, when both have two. */
  line: Likeness | undefined;
  number: 'same' | 'typo' | 'other' | undefined;
  city: Likeness | undefined;
  postcode: 'same' | 'typo' | 'other' | undefined;
}

/** `best` picks the strongest evidence among all pairs of addresses. */
export function compare(a: Person, b: Person, best: (one: PlaceComparison, other: PlaceComparison) => PlaceComparison): Comparison {
  const places = a.places.flatMap((one) => b.places.map((other) => comparePlaces(one, other)));
  return {
    ...compareNames(a, b),
    birthday: compareDates(a.birthday, b.birthday),
    email: shared(a.emails, b.emails),
    phone: shared(a.phones, b.phones),
    code: a.code && b.code ? a.code === b.code : undefined,
    work: compareWork(a, b),
    place: places.length > 0 ? places.reduce(best) : undefined,
  };
}

const shared = (a: readonly string[], b: readonly string[]): boolean | undefined =>
  a.length > 0 && b.length > 0 ? a.some((one) => b.includes(one)) : undefined;

const maybe = (a: Text | undefined, b: Text | undefined): Likeness | undefined => (a && b ? likeness(a, b) : undefined);

const order: readonly (Likeness | undefined)[] = ['same', 'near', 'sound', 'part', undefined, 'other'];
const rank = (...names: (Likeness | undefined)[]): number => names.reduce((sum, name) => sum - order.indexOf(name), 0);

/** First with first and last with last name, or crosswise if that fits better; as a whole if the names are split differently. */
function compareNames(a: Person, b: Person): Pick<Comparison, 'first' | 'last' | 'swapped'> {
  const straight = { first: maybe(a.first, b.first), last: maybe(a.last, b.last), swapped: false };
  if (straight.first === 'same' && straight.last === 'same') return straight;
  const crossed = { first: maybe(a.first, b.last), last: maybe(a.last, b.first), swapped: true };
  const better = rank(crossed.first, crossed.last) > rank(straight.first, straight.last) ? crossed : straight;
  if (better.first === 'other' || better.last === 'other' || better.first === undefined || better.last === undefined) {
    const whole = a.whole && b.whole && wholeLikeness(a.whole, b.whole);
    if (whole) return { first: whole, last: whole, swapped: false };
  }
  return better;
}

/** The same words distributed differently between first and last name; requires at least two words. */
function wholeLikeness(a: Text, b: Text): Likeness | undefined {
  if (a.words.length < 2 || b.words.length < 2) return undefined;
  if (a.joined === b.joined || [...a.words].sort().join(' ') === [...b.words].sort().join(' ')) return 'same';
  return a.joined.length > 7 && isNear(a.joined, b.joined) ? 'near' : undefined;
}

/** A typo is one wrong digit, two adjacent digits swapped, or day and month swapped. */
function compareDates(a: string | null, b: string | null): Comparison['birthday'] {
  if (!a || !b) return undefined;
  if (a === b) return 'same';
  const [year, month, day] = a.split('-');
  return `${year}-${day}-${month}` === b || oneDigitOff(a.replaceAll('-', ''), b.replaceAll('-', '')) ? 'typo' : 'other';
}

function oneDigitOff(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const differ = [...a].flatMap((digit, i) => (digit === b[i] ? [] : [i]));
  const [i = 0, j = 0] = differ;
  return differ.length === 1 || (differ.length === 2 && j === i + 1 && a[i] === b[j] && a[j] === b[i]);
}

function compareNumbers(a: string, b: string): 'same' | 'typo' | 'other' | undefined {
  if (!a || !b) return undefined;
  if (a === b) return 'same';
  // Short numbers that differ in a digit are different numbers.
  return a.length > 3 && oneDigitOff(a, b) ? 'typo' : 'other';
}

function compareWork(a: Person, b: Person): boolean | undefined {
  if (a.customerId && a.customerId === b.customerId) return true;
  if (a.company && b.company) return likeness(a.company, b.company) === 'same' || isNear(a.company.joined, b.company.joined);
  return a.customerId && b.customerId ? false : undefined;
}

function comparePlaces(a: Place, b: Place): PlaceComparison {
  const pairs = a.lines.flatMap((one, i) => b.lines.map((other, j) => ({ i, j, like: likeness(one, other) })));
  const [best] = pairs.sort((one, other) => order.indexOf(one.like) - order.indexOf(other.like));
  return {
    street: best?.like,
    line: best && pairs.find(({ i, j }) => i !== best.i && j !== best.j)?.like,
    number: compareNumbers(a.number, b.number),
    city: maybe(a.city, b.city),
    postcode: compareNumbers(a.postcode, b.postcode),
  };
}
