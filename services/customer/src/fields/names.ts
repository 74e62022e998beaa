import { type Address, truncate } from '@kontor/contracts';
import { fold } from './fold.js';
import { primaryOf } from './primary.js';

const HAN = /^\p{Script=Han}+$/u;

interface Named {
  firstName: string | null;
  middleName: string | null;
  lastName: string | null;
  companyName: string | null;
  emails: { address: string; primary: boolean }[];
  phones: { number: string; primary: boolean }[];
  employeeCode: string | null;
  addresses: (Partial<Address> & { primary: boolean })[];
}

/**
 * The display name of a person: first middle last; Chinese names last first without a space; else company, e-mail, phone, code or place
 * (docs/rules.md 10).
 */
export function displayName(person: Named): string {
  const { firstName, middleName, lastName } = person;
  const parts = [firstName, middleName, lastName].filter((part): part is string => Boolean(part));
  if (parts.length > 0)
    return parts.every((part) => HAN.test(part)) ? `${lastName ?? ''}${firstName ?? ''}${middleName ?? ''}` : parts.join(' ');
  const email = primaryOf(person.emails);
  const phone = primaryOf(person.phones);
  return person.companyName ?? email?.address ?? phone?.number ?? person.employeeCode ?? placeName(primaryOf(person.addresses));
}

const placeName = (place: Partial<Address> = {}): string =>
  place.city ?? place.line1 ?? place.alias ?? place.line2 ?? place.postalCode ?? place.state ?? place.country ?? '';

/** The sort key of a name: folded, and truncated because it is indexed. Ties are broken by id. */
export const sortName = (name: string): string => truncate(fold(name), 200);
