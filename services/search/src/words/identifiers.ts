import { parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/min/metadata';
import type { Entry } from './entry-fields.js';
import { fold } from './words.js';

// What is looked up by parts but is not a word: as words they would make the word lists of Meilisearch many times longer.

export type IdentifierKind = 'email' | 'phone' | 'code';

/** `value` joins the forms in which it can be found, a bar before and after each: `|0301234567|49301234567|`. */
export interface Identifier {
  kind: IdentifierKind;
  value: string;
}

export const BAR = '|';
// The bar parts forms and the space rows; PostgreSQL takes no text with a NUL.
export const NO_PART = /[|\s\0]/g;
const joined = (forms: readonly string[]) => BAR + [...new Set(forms)].join(BAR) + BAR;
export const formsOf = (value: string) => value.slice(1, -1).split(BAR);

/** The identifiers of an entry with the values as they were typed. */
export function identifierValues(entry: Entry): (Identifier & { shown: string })[] {
  const found: (Identifier & { shown: string })[] = [];
  const add = (kind: IdentifierKind, shown: string, forms: readonly string[]) => {
    const value = joined(forms.map((form) => form.replace(NO_PART, '')).filter(Boolean));
    if (value.length > 2) found.push({ kind, value, shown });
  };
  for (const { address } of entry.emails) add('email', address, emailForms(address));
  for (const { number, e164 } of entry.phones) add('phone', number, phoneForms(number, e164));
  if (entry.kind === 'contact' && entry.employeeCode) add('code', entry.employeeCode, codeForms(entry.employeeCode));
  return found;
}

export function identifiersOf(entry: Entry): Identifier[] {
  const found = new Map(identifierValues(entry).map(({ kind, value }) => [kind + value, { kind, value }]));
  return [...found.values()];
}

const emailForms = (address: string) => {
  const { short, long } = fold(address.trim());
  return [short, ...long];
};
const codeForms = (code: string) => {
  const { short, long } = fold(code);
  return [short, ...long].map(bareCode);
};
export const bareCode = (code: string) => code.replace(/[^\p{L}\p{N}]/gu, '');

export const digitsOf = (text: string): string => text.replace(/\D/g, '');

/** A number's digits as typed, in E.164 and in national form. */
function phoneForms(number: string, e164: string | undefined): string[] {
  const typed = dialled(number);
  if (!e164) return [typed];
  const digits = e164.slice(1);
  const national = nationalForm(digits);
  return national ? [typed, digits, national] : [typed, digits];
}

/** The digits of a written number: a `(0)` is not dialled, `00` at the start stands for `+`. */
export const dialled = (written: string): string =>
  written
    .replace(/\(\s*0\s*\)/g, '')
    .replace(/\D/g, '')
    .replace(/^00(?=[1-9])/, '');

/** How numbers that begin with these digits are dialled inside their country: what comes before, and how much of the number goes. */
const national = new Map<string, { trunk: string; countryDigits: number } | undefined>();

// Asking the library for every number would cost more than everything else about a document; numbers that begin alike are dialled alike.
function nationalForm(digits: string): string | undefined {
  const start = digits.slice(0, 5);
  if (!national.has(start)) {
    const number = parsePhoneNumberFromString(`+${digits}`, metadata);
    const written = number?.formatNational().replace(/\D/g, '');
    national.set(
      start,
      number && written?.endsWith(number.nationalNumber)
        ? { trunk: written.slice(0, -number.nationalNumber.length), countryDigits: number.countryCallingCode.length }
        : undefined,
    );
  }
  const known = national.get(start);
  return known && known.trunk + digits.slice(known.countryDigits);
}
