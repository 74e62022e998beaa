import { type Comparison, compare, type PlaceComparison } from './compare.js';
import type { Likeness } from './likeness.js';
import type { Person } from './person.js';
import { reasonsOf } from './reasons.js';

/** How likely it is that two contacts are the same person (0 to 1; from 0.5 on more likely than not), and why. */
export interface Verdict {
  score: number;
  reasons: string[];
}

// Fellegi-Sunter weights in bits: how much likelier an agreement is among duplicates than among strangers, and a disagreement the other way. They are
// rounded estimates of how many people share a name, a birthday, a street …, and of how often these are mistyped.
const weights = {
  last: { same: 8, near: 6, sound: 5, part: 3, other: -4 },
  first: { same: 6, near: 4.5, sound: 4, part: 3, other: -6 },
  swapped: -1,
  birthday: { same: 11, typo: 6, other: -6 },
  email: { yes: 16, no: -1 },
  phone: { yes: 16, no: 0 },
  /** Household members share a landline, colleagues a switchboard. */
  sharedPhone: { yes: 4, no: 0 },
  code: { yes: 16, no: 0 },
  work: { yes: 6, no: -1 },
  street: { same: 6, near: 5, sound: 4, part: 2, other: -3 },
  line: { same: 3, near: 3, sound: 2, part: 1, other: -1 },
  number: { same: 4, typo: 1, other: -2 },
  city: { same: 4, near: 3, sound: 2, part: 1, other: -2 },
  postcode: { same: 4, typo: 2, other: -2 },
} as const;

/** What the evidence must outweigh: two random contacts are hardly ever the same person. */
const PRIOR = 15;
/** The parts of an address are not independent: neighbours share all of them. */
const MAX_PLACE_BITS = 14;
/** Families also share the last name; together this must stay below the threshold. */
const MAX_FAMILY_BITS = 12;
/** How many bits double or halve the reported odds: the fields are less independent than adding their weights assumes. */
const SOFTENING = 4;

export function judge(a: Person, b: Person): Verdict {
  const comparison = compare(a, b, (one, other) => (placeBits(one) >= placeBits(other) ? one : other));
  return { score: scoreOf(bitsOf(comparison)), reasons: reasonsOf(comparison) };
}

export const scoreOf = (bits: number): number => Math.round(1000 / (1 + 2 ** ((PRIOR - bits) / SOFTENING))) / 1000;

const level = <K extends string>(table: Readonly<Record<K, number>>, key: K | undefined): number => (key === undefined ? 0 : table[key]);
const yesNo = (table: { yes: number; no: number }, value: boolean | undefined): number =>
  value === undefined ? 0 : value ? table.yes : table.no;

function bitsOf(comparison: Comparison): number {
  const { first, last, swapped, email, phone, code, work } = comparison;
  const sum =
    level<Likeness>(weights.first, first) +
    level<Likeness>(weights.last, last) +
    (swapped ? weights.swapped : 0) +
    birthdayBits(comparison) +
    yesNo(weights.email, email) +
    yesNo(weights.code, code) +
    yesNo(weights.work, work) +
    householdBits(comparison);
  return (email || (phone && first !== 'other')) && !isColleague(comparison) ? Math.max(sum, PRIOR) : sum;
}

/**
 * Twins share a birthday along with the last name and the address, so with different first names it counts like one with a typo. Counting it even
 * less would separate all twins, but cost 4 to 5 % of the true pairs of the Febrl data, in which first names were replaced.
 */
const birthdayBits = ({ first, birthday }: Comparison): number =>
  level(weights.birthday, first === 'other' && birthday === 'same' ? 'typo' : birthday);

/** People in one household share address and phone, so the second adds little evidence. */
function householdBits(comparison: Comparison): number {
  const isOther = comparison.first === 'other';
  const phone = yesNo(isOther ? weights.sharedPhone : weights.phone, comparison.phone);
  const place = comparison.place ? Math.min(placeBits(comparison.place), isFamily(comparison) ? MAX_FAMILY_BITS : MAX_PLACE_BITS) : 0;
  return phone > 0 && place > 0 ? Math.max(phone, place) + (isOther ? 0 : 2) : phone + place;
}

const isFamily = ({ first, birthday }: Comparison): boolean => first === 'other' && (birthday === undefined || birthday === 'other');

/** Colleagues share the number of a switchboard, or an address like info@. */
const isColleague = ({ work, first, last }: Comparison): boolean => work === true && first === 'other' && last === 'other';

const placeBits = ({ street, line, number, city, postcode }: PlaceComparison): number =>
  level<Likeness>(weights.street, street) +
  level<Likeness>(weights.line, line) +
  (number === 'same' && street === 'other' ? weights.number.typo : level(weights.number, number)) +
  level<Likeness>(weights.city, city) +
  level(weights.postcode, postcode);
