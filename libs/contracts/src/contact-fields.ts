import { z } from 'zod';
import { codeText, date, id, language, nameText } from './shapes.js';

const EARLIEST_BIRTHDAY = '1850-01-01';
// Somewhere it is tomorrow already.
const AHEAD_MS = 14 * 60 * 60 * 1000;
const latestBirthday = () => new Date(Date.now() + AHEAD_MS).toISOString().slice(0, 10);
/** Nobody to talk to was born before 1850 or is born in the future. */
const birthday = date.refine(
  (value) => value >= EARLIEST_BIRTHDAY && value <= latestBirthday(),
  'must be a date between 1850-01-01 and today',
);

/** A field that says one thing of a contact. */
export interface ContactField {
  /** What may be given, in the form in which it is kept. An empty text and null clear the field. */
  given: z.ZodType<string, string>;
  /** The type of its column in PostgreSQL, which is named like the field, in snake_case. */
  column: 'text' | 'date' | 'uuid';
  /** What becomes of the values of contacts that are merged: `fill` takes the first that is there. */
  merge: 'fill' | 'own';
  /**
   * How an import reads it from a cell: as it stands; as a code, of which a spreadsheet may have left too little; as a date in the order of the
   * file; or as the id of something that must be there.
   */
  cell: 'text' | 'code' | 'date' | 'reference';
  /** What headers of files call it, besides its own name: lower-case letters and digits only, the likeliest first. */
  headers: string;
  /** The name by which a query reaches it, as in `title:chief`; null: it is not searched as text. */
  search: string | null;
}

/**
 * Every field that says one thing of a contact: the one place that a new one is added to. What is given and answered, kept, merged, imported,
 * exported and searched follows from here; its column is added by a migration of the customer service. See docs/extending.md.
 */
export const contactFields = {
  firstName: {
    given: nameText,
    column: 'text',
    merge: 'fill',
    cell: 'text',
    headers: 'givenname forename fname vorname rufname',
    search: 'first',
  },
  middleName: {
    given: nameText,
    column: 'text',
    merge: 'fill',
    cell: 'text',
    headers: 'middleinitial middlenames additionalname secondname zweitername weiterevornamen mittelname',
    search: 'middle',
  },
  lastName: {
    given: nameText,
    column: 'text',
    merge: 'fill',
    cell: 'text',
    headers: 'surname familyname lname nachname familienname zuname',
    search: 'last',
  },
  employeeCode: {
    given: codeText,
    column: 'text',
    merge: 'fill',
    cell: 'code',
    headers:
      'employeeid employeenumber employeeno staffid staffnumber personnelnumber personalnummer personalnr mitarbeiternummer mitarbeiternr',
    search: null,
  },
  companyName: {
    given: nameText.describe('free text, for someone whose company is not a customer'),
    column: 'text',
    merge: 'fill',
    cell: 'text',
    headers:
      'company organization organisation organizationname organisationname organization1name accountname employer firma firmenname unternehmen arbeitgeber',
    search: 'company',
  },
  jobTitle: {
    given: nameText,
    column: 'text',
    merge: 'fill',
    cell: 'text',
    headers: 'position jobposition organizationtitle organization1title occupation funktion berufsbezeichnung beruf stellenbezeichnung',
    search: 'title',
  },
  language: {
    given: language,
    column: 'text',
    merge: 'fill',
    cell: 'text',
    headers: 'preferredlanguage lang sprache bevorzugtesprache korrespondenzsprache',
    search: null,
  },
  birthday: {
    given: birthday,
    column: 'date',
    merge: 'fill',
    cell: 'date',
    headers: 'birthdate dateofbirth dob bday geburtstag geburtsdatum gebdatum',
    search: null,
  },
  customerId: { given: id, column: 'uuid', merge: 'fill', cell: 'reference', headers: '', search: null },
} as const satisfies Record<string, ContactField>;

export type ContactFieldName = keyof typeof contactFields;
/** One value of each field, null where there is none. */
export type ContactFields = Record<ContactFieldName, string | null>;

/** The names of all fields, or of those that are read from cells in one of these ways. */
export function contactFieldNames(...cells: ContactField['cell'][]): ContactFieldName[] {
  const names = Object.keys(contactFields) as ContactFieldName[];
  return cells.length === 0 ? names : names.filter((name) => cells.includes(contactFields[name].cell));
}

/** Something for each field, made from what the table says of it. */
export const perContactField = <T>(make: (field: ContactField, name: ContactFieldName) => T): Record<ContactFieldName, T> =>
  Object.fromEntries(contactFieldNames().map((name) => [name, make(contactFields[name], name)])) as Record<ContactFieldName, T>;

/** The shapes of all fields as they may be given. */
export const givenContactFields = perContactField(({ given }) => given.nullable().optional()) as {
  [Name in ContactFieldName]: z.ZodOptional<z.ZodNullable<(typeof contactFields)[Name]['given']>>;
};
