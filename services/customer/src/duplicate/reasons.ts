import type { Comparison, PlaceComparison } from './compare.js';
import type { Likeness } from './likeness.js';

/** Why two contacts may be the same person, in words for the agent who decides; counter-evidence comes last. Contains no values of the contacts. */
export function reasonsOf(comparison: Comparison): string[] {
  const { email, phone, code, birthday, work, place } = comparison;
  return [
    email && 'same e-mail',
    phone && 'same phone',
    code && 'same employee code',
    nameReason(comparison),
    birthday === 'same' && 'same birthday',
    birthday === 'typo' && 'birthdays differ by one typo',
    work && 'same customer or company',
    place && placeReason(place),
    birthday === 'other' && 'but different birthdays',
  ].filter((reason) => typeof reason === 'string');
}

function nameReason({ first, last, swapped }: Comparison): string | undefined {
  const both = [first, last];
  const suffix = swapped ? ', first and last name swapped' : '';
  if (isAlike(first) && isAlike(last)) {
    if (both.every((name) => name === 'same')) return `same name${suffix}`;
    return `${both.includes('near') || both.includes('part') ? 'nearly the same name' : 'names that sound alike'}${suffix}`;
  }
  const only = isAlike(last) ? ([last, 'last name', first, 'first name'] as const) : ([first, 'first name', last, 'last name'] as const);
  const [like, what, unlike, other] = only;
  if (swapped || !isAlike(like)) return undefined;
  return `${words[like]} ${what}${unlike === 'other' ? `, but a different ${other}` : ''}`;
}

const words = { same: 'same', near: 'nearly the same', sound: 'like-sounding', part: 'shortened' } as const;

const isAlike = (like: Likeness | undefined): like is keyof typeof words => like !== undefined && like !== 'other';

function placeReason({ street, number, city, postcode }: PlaceComparison): string | undefined {
  const town = isAlike(city) || postcode === 'same';
  if (isAlike(street) && (number === 'same' || number === undefined)) {
    const exact = street === 'same' && (city === 'same' || city === undefined) && (postcode === 'same' || postcode === undefined);
    return exact ? 'same address' : 'nearly the same address';
  }
  if (isAlike(street)) return town ? 'same street' : undefined;
  return town ? (isAlike(city) ? 'same city' : 'same postal code') : undefined;
}
