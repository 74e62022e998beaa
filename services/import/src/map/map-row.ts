import { type ContactFieldName, contactFieldNames, type ImportField, type ImportRow, splitList, truncate } from '@kontor/contracts';
import { homeParts } from '../header/address-columns.js';
import type { CsvRow } from '../read/read-csv.js';
import { type Conventions, decimalSignIn } from './conventions.js';
import { readPhoneLabel } from './phone-labels.js';
import { type DateOrder, readDate } from './read-date.js';
import { type DecimalSign, isShortened, readNumber, SHORTENED } from './read-number.js';
import { splitEmails, splitPhones, splitWebsites } from './several-values.js';
import { splitName } from './split-name.js';

/** What an import does with the columns of its file. */
export interface Columns {
  /** The field of each column, by its place; null for a column that is left out. */
  fields: readonly (ImportField | null)[];
  /** How its dates are to be read; undefined when nobody knows. */
  dateOrder?: DateOrder | undefined;
  /** What each column proves about the sign before decimals, by its place. */
  decimalSigns?: readonly (DecimalSign | 'both' | undefined)[];
  /** The column that says what a number is, by the place of the number's column. */
  phoneLabels?: ReadonlyMap<number, number>;
  /** What is usual in the tenant, if that is known. */
  conventions?: Conventions | null;
}

/** A row of the file as the customer service takes it in, or why it cannot be. */
export interface MappedRow {
  source: CsvRow;
  contact: ImportRow;
  /** What was left out because it could not be read; the row stays. */
  warnings: string[];
  /** Why the row is refused here already. */
  rejected?: string;
}

type Take = (value: string, row: MappedRow) => void;

const texts = [...contactFieldNames('text', 'reference'), 'id', 'type', 'notes', 'ownerId', 'exact'] as const;
const codes = [...contactFieldNames('code'), 'externalId'] as const;
const addressParts = ['line1', 'line2', 'city', 'state', 'postalCode', 'country', 'alias'] as const;

const text =
  (field: (typeof texts)[number]): Take =>
  (value, { contact }) => {
    contact[field] = value;
  };
const code =
  (field: (typeof codes)[number]): Take =>
  (value, { contact, warnings }) => {
    if (isShortened(value)) warnings.push(`${field}: "${value}" ${SHORTENED}; left out`);
    else contact[field] = value;
  };
const email: Take = (value, { contact }) => {
  contact.emails ??= [];
  for (const { address, name: said } of splitEmails(value)) {
    contact.emails.push(address);
    if (said && contact.firstName === undefined && contact.lastName === undefined) Object.assign(contact, splitName(said));
  }
};
/**
 * Further numbers of a cell take the places behind those that have a column. Where a column says what the number is, that decides: several may be
 * mobiles, and each takes the next place of its kind.
 */
const phone =
  (kind: 'phone' | 'mobile' | 'fax', slot: number, columns: number, label?: number): Take =>
  (value, { contact, source, warnings }) => {
    contact.phones ??= [];
    const phones = contact.phones;
    const said = label === undefined ? undefined : readPhoneLabel(source.cells[label] ?? '', kind);
    const extra = phones.filter((one) => one.kind === kind && one.slot >= columns).length;
    splitPhones(value).forEach((number, i) => {
      if (isShortened(number)) warnings.push(`phone: "${number}" ${SHORTENED}; left out`);
      else if (said) phones.push({ number, ...said, slot: phones.filter((one) => one.kind === said.kind).length });
      else phones.push({ number, kind, slot: i === 0 ? slot : columns + extra + i - 1 });
    });
  };
const website: Take = (value, { contact }) => {
  const [first, ...others] = splitWebsites(value);
  if (first) contact.website = first;
  if (others.length > 0) contact.otherWebsites = others;
};
const address =
  (which: 'address' | 'homeAddress', part: (typeof addressParts)[number]): Take =>
  (value, { contact }) => {
    contact[which] ??= {};
    contact[which][part] = value;
  };
const dateOf =
  (field: ContactFieldName, order: DateOrder | undefined): Take =>
  (value, { contact, warnings }) => {
    const date = readDate(value, order);
    if (date) contact[field] = date;
    else warnings.push(`${field}: "${shortened(value)}" is not a valid date like 1980-12-31; left out`);
  };
const name: Take = (value, { contact }) => {
  if (contact.firstName === undefined && contact.lastName === undefined) Object.assign(contact, splitName(value));
};
const tags: Take = (value, { contact }) => {
  const found = splitList(value);
  if (found.length) contact.tags = [...new Set(found)];
};
const customField =
  (key: string, columns: Columns): Take =>
  (value, { contact, warnings }) => {
    const read = readCustom(key, value, columns);
    contact.customFields ??= {};
    if ('value' in read) contact.customFields[key] = read.value;
    else warnings.push(`customFields.${key}: "${shortened(value)}" ${read.problem}; left out`);
  };

/** Dates and numbers as their columns have them. What Kontor has exported is written as it is read. */
function readCustom(
  key: string,
  value: string,
  { fields, dateOrder, decimalSigns, conventions }: Columns,
): { value: string } | { problem: string } {
  const kind = fields.includes('exact') ? undefined : conventions?.customFields[key];
  if (kind === 'date') {
    const date = readDate(value, dateOrder);
    return date ? { value: date } : { problem: 'is not a valid date like 1980-12-31' };
  }
  if (kind !== 'number') return { value };
  const sign = decimalSigns?.[fields.indexOf(`customFields.${key}`)];
  return sign === 'both'
    ? readNumber(value, undefined, undefined)
    : readNumber(value, sign, (conventions && decimalSignIn(conventions.country)) || undefined);
}

/** What is done with a value of each field, in this order: names before the whole name, the first e-mail before the second. */
const takesFor = (columns: Columns): [field: ImportField, take: Take][] => {
  const has = (...fields: ImportField[]) => fields.filter((field) => columns.fields.includes(field)).length;
  const [phones, faxes] = [Math.max(has('phone', 'phone2', 'phone3'), 1), Math.max(has('fax', 'fax2'), 1)];
  const label = (field: ImportField) => columns.phoneLabels?.get(columns.fields.indexOf(field));
  return [
    ...texts.map((field): [ImportField, Take] => [field, text(field)]),
    ...codes.map((field): [ImportField, Take] => [field, code(field)]),
    ['website', website],
    ['name', name],
    ['email', email],
    ['email2', email],
    ['phone', phone('phone', 0, phones, label('phone'))],
    ['phone2', phone('phone', 1, phones, label('phone2'))],
    ['phone3', phone('phone', 2, phones, label('phone3'))],
    ['mobile', phone('mobile', 0, 1, label('mobile'))],
    ['fax', phone('fax', 0, faxes, label('fax'))],
    ['fax2', phone('fax', 1, faxes, label('fax2'))],
    ...addressParts.map((part): [ImportField, Take] => [part, address('address', part)]),
    ...[...homeParts].map(([field, part]): [ImportField, Take] => [field, address('homeAddress', part)]),
    ...contactFieldNames('date').map((field): [ImportField, Take] => [field, dateOf(field, columns.dateOrder)]),
    ['tags', tags],
    ...[...new Set(columns.fields)].flatMap((field): [ImportField, Take][] =>
      field?.startsWith(CUSTOM) ? [[field, customField(field.slice(CUSTOM.length), columns)]] : [],
    ),
  ];
};
const CUSTOM = 'customFields.';

/**
 * Works out once what to do with each column; the function it gives is pure and cheap. It reads what is peculiar to files: joined columns,
 * dates, tags, whole names. Whether a value is an e-mail address, say, or too long, is for the customer service to decide.
 */
export function rowMapper(columns: Columns): (row: CsvRow) => MappedRow {
  const steps = takesFor(columns)
    .map(([field, take]) => ({ take, from: columns.fields.flatMap((of, i) => (of === field ? [i] : [])) }))
    .filter((step) => step.from.length > 0);
  const width = columns.fields.length;
  // A short row has nothing for the steps of later columns; those for each length are found once.
  const stepsByLength: (typeof steps)[] = [];
  const stepsFor = (length: number) => {
    stepsByLength[length] ??= steps.filter(({ from }) => from[0]! < length);
    return stepsByLength[length];
  };

  return (source) => {
    const row: MappedRow = { source, contact: {}, warnings: [] };
    const { cells, broken } = source;
    if (broken !== undefined) {
      row.rejected = broken;
      return row;
    }
    if (cells.length > width) {
      row.rejected = `The row has ${cells.length} cells, the header has ${width}; a cell that has the delimiter in it must stand in quotes`;
      return row;
    }
    for (const { from, take } of stepsFor(cells.length)) {
      const value = from.length === 1 ? cells[from[0]!] : joined(cells, from);
      if (value) take(value, row);
    }
    // A home address alone is the contact's address.
    if (!row.contact.address && row.contact.homeAddress) {
      row.contact.address = row.contact.homeAddress;
      delete row.contact.homeAddress;
    }
    return row;
  };
}

const joined = (cells: string[], from: number[]) => {
  let value = '';
  for (const i of from) if (cells[i]) value += value ? ` ${cells[i]}` : cells[i];
  return value;
};
const shortened = (value: string) => (value.length > 60 ? `${truncate(value, 60)}…` : value);
