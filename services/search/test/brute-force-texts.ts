import type { ContactEntry } from '@kontor/contracts';
import { isChinese, ways } from './brute-force-words.js';

/** What is searched of a contact. */
export type Person = Pick<
  ContactEntry,
  | 'id'
  | 'firstName'
  | 'middleName'
  | 'lastName'
  | 'companyName'
  | 'customerName'
  | 'jobTitle'
  | 'employeeCode'
  | 'emails'
  | 'phones'
  | 'addresses'
  | 'type'
  | 'tags'
  | 'notes'
  | 'customFields'
>;

type Texts = [field: string, text: string][];

/** The texts of a person by field. */
export function textsOf(person: Person): Texts {
  const { firstName: first, lastName: last } = person;
  const texts: [string, string | null | undefined][] = [
    ['first', first],
    ['middle', person.middleName],
    ['last', last],
    ['company', person.companyName],
    ['company', person.customerName],
    ['title', person.jobTitle],
    ['type', person.type],
    ['notes', person.notes],
  ];
  for (const { line1, line2, postalCode, state, country, city, alias } of person.addresses) {
    for (const line of [line1, line2, postalCode, state, country]) texts.push(['address', line]);
    texts.push(['city', city], ['alias', alias]);
  }
  for (const tag of person.tags) texts.push(['tag', tag]);
  for (const [key, value] of Object.entries(person.customFields))
    for (const one of [value].flat()) texts.push([key.toLowerCase(), String(one)]);
  if (first && last && isChinese(first) && isChinese(last)) texts.push(['name', last + first]);
  return texts.flatMap(([field, text]): Texts => (text ? [[field, text]] : []));
}

/** The texts in which a phrase may stand: also first and last name together, with and without the middle one. */
export function phraseTextsOf(person: Person): Texts {
  const { firstName, middleName, lastName } = person;
  const names = [[firstName, lastName], middleName ? [firstName, middleName, lastName] : []];
  return [...textsOf(person), ...names.map((parts): Texts[number] => ['name', parts.filter(Boolean).join(' ')])];
}

const NAMES = ['first', 'middle', 'last', 'name'];

/** Whether a clause for this field, or for none, looks in that one. */
export function looksIn(named: string | undefined, field: string): boolean {
  const wanted = named?.toLowerCase();
  if (wanted === undefined) return field !== 'type';
  if (wanted === 'name') return NAMES.includes(field);
  return field === wanted || (wanted === 'address' && field === 'city');
}

export interface Identifier {
  kind: 'phone' | 'email' | 'code';
  forms: string[];
}

export function identifiersOf({ emails, phones, employeeCode }: Person): Identifier[] {
  return [
    ...emails.map(({ address }): Identifier => ({ kind: 'email', forms: unique(ways(address)) })),
    ...phones.map(
      ({ number, e164 }): Identifier => ({ kind: 'phone', forms: unique([dialled(number), e164?.slice(1), e164 && national(e164)]) }),
    ),
    ...(employeeCode ? [{ kind: 'code' as const, forms: unique(ways(employeeCode).map(withoutSigns)) }] : []),
  ];
}

/** The digits that are dialled: `(0)` is left out, `00` before a country is its `+`. */
export function dialled(written: string): string {
  const digits = written.replace(/\(\s*0\s*\)/g, '').replace(/[^0-9]/g, '');
  return /^00[1-9]/.test(digits) ? digits.slice(2) : digits;
}
/** How numbers are dialled inside their country; from others than these nobody here has one. */
const national = (e164: string) => (e164.startsWith('+49') ? `0${e164.slice(3)}` : e164.startsWith('+1') ? e164.slice(2) : undefined);

/** A code is compared by its letters and digits; wildcards stay. */
export const withoutSigns = (code: string): string => code.replace(/[^\p{L}\p{N}*?]/gu, '');
export const unique = (texts: readonly (string | undefined)[]): string[] => [...new Set(texts.filter((text) => text !== undefined))];
