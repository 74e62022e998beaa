import { z } from 'zod';
import { codeText, date, id, language, nameText } from './shapes.js';

const EARLIEST_BIRTHDAY = '1850-01-01';
// In the first time zone the next day begins up to 14 hours before UTC.
const AHEAD_MS = 14 * 60 * 60 * 1000;
const latestBirthday = () => new Date(Date.now() + AHEAD_MS).toISOString().slice(0, 10);
/** Between 1850 and today, in whichever time zone. */
const birthday = date.refine(
  (value) => value >= EARLIEST_BIRTHDAY && value <= latestBirthday(),
  'must be a date between 1850-01-01 and today',
);

/** A single-valued field of a contact. */
export interface ContactField {
  /** The accepted values, normalized to the stored form. An empty text and null clear the field. */
  given: z.ZodType<string, string>;
  /** The type of its column in PostgreSQL, which is named like the field, in snake_case. */
  column: 'text' | 'date' | 'uuid';
  /** How the values of merged contacts are combined: `fill` takes the first one that is not empty, `own` keeps that of the surviving contact. */
  merge: 'fill' | 'own';
  /**
   * How an import parses its cell: as text; as a code, which a spreadsheet may have shortened; as a date in the order of the file; or as the id of an
   * existing entry.
   */
  cell: 'text' | 'code' | 'date' | 'reference';
  /** Other column headers for it, in lower-case letters and digits only, likeliest first. */
  headers: string;
  /** Its name in search queries, as in `title:chief`; null if it is not searched as text. */
  search: string | null;
}

/**
 * All single-valued fields of a contact. A new field is added here only: contracts, storage, merging, import, export and search are derived from it;
 * its column is added by a migration of the customer service. See docs/extending.md.
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

const allNames = Object.keys(contactFields) as ContactFieldName[];
/** The names of all fields, or of those with one of these cell types. */
export const contactFieldNames = (...cells: ContactField['cell'][]): ContactFieldName[] =>
  allNames.filter((name) => cells.length === 0 || cells.includes(contactFields[name].cell));

/** Maps every field to a value made from its definition. */
export function perContactField<T>(make: (field: ContactField, name: ContactFieldName) => T): Record<ContactFieldName, T> {
  const made = {} as Record<ContactFieldName, T>;
  for (const name of allNames) made[name] = make(contactFields[name], name);
  return made;
}

/** The schemas of all fields in requests. */
export const givenContactFields = perContactField(({ given }) => given.nullable().optional()) as {
  [Name in ContactFieldName]: z.ZodOptional<z.ZodNullable<(typeof contactFields)[Name]['given']>>;
};
