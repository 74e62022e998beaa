import { type ImportField, type ImportRow, splitList } from '@kontor/contracts';
import type { CsvRow } from './read-csv.js';
import { type DateOrder, readDate } from './read-date.js';
import { splitName } from './split-name.js';

/** What an import does with the columns of its file. */
export interface Columns {
  /** The field of each column, by its place; null for a column that is left out. */
  fields: readonly (ImportField | null)[];
  /** What the file proves about its dates; undefined when it proves nothing. */
  dateOrder?: DateOrder | undefined;
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

const texts = [
  'id',
  'firstName',
  'middleName',
  'lastName',
  'employeeCode',
  'externalId',
  'companyName',
  'jobTitle',
  'language',
  'type',
  'website',
  'notes',
  'customerId',
  'ownerId',
  'exact',
] as const;
const addressParts = ['line1', 'line2', 'city', 'state', 'postalCode', 'country', 'alias'] as const;

const text =
  (field: (typeof texts)[number]): Take =>
  (value, { contact }) => {
    contact[field] = value;
  };
const email: Take = (value, { contact }) => {
  contact.emails ??= [];
  contact.emails.push(value);
};
const phone =
  (kind: 'phone' | 'mobile' | 'fax', slot: number): Take =>
  (number, { contact }) => {
    contact.phones ??= [];
    contact.phones.push({ number, kind, slot });
  };
const address =
  (part: (typeof addressParts)[number]): Take =>
  (value, { contact }) => {
    contact.address ??= {};
    contact.address[part] = value;
  };
const birthday =
  (order: DateOrder | undefined): Take =>
  (value, { contact, warnings }) => {
    const date = readDate(value, order);
    if (date) contact.birthday = date;
    else warnings.push(`birthday: "${shortened(value)}" is no possible date like 1980-12-31; left out`);
  };
const name: Take = (value, { contact }) => {
  if (contact.firstName === undefined && contact.lastName === undefined) Object.assign(contact, splitName(value));
};
const tags: Take = (value, { contact }) => {
  const found = splitList(value);
  if (found.length) contact.tags = [...new Set(found)];
};
const customField =
  (key: string): Take =>
  (value, { contact }) => {
    contact.customFields ??= {};
    contact.customFields[key] = value;
  };

/** What is done with a value of each field, in this order: names before the whole name, the first e-mail before the second. */
const takesFor = ({ fields, dateOrder }: Columns): [field: ImportField, take: Take][] => [
  ...texts.map((field): [ImportField, Take] => [field, text(field)]),
  ['name', name],
  ['email', email],
  ['email2', email],
  ['phone', phone('phone', 0)],
  ['phone2', phone('phone', 1)],
  ['phone3', phone('phone', 2)],
  ['mobile', phone('mobile', 0)],
  ['fax', phone('fax', 0)],
  ['fax2', phone('fax', 1)],
  ...addressParts.map((part): [ImportField, Take] => [part, address(part)]),
  ['birthday', birthday(dateOrder)],
  ['tags', tags],
  ...[...new Set(fields)].flatMap((field): [ImportField, Take][] =>
    field?.startsWith(CUSTOM) ? [[field, customField(field.slice(CUSTOM.length))]] : [],
  ),
];
const CUSTOM = 'customFields.';

/**
 * Works out once what to do with each column; the function it gives is pure and cheap. It reads what is peculiar to files: joined columns,
 * dates, tags, whole names. Whether a value is an e-mail address, say, or too long, is for the customer service to tell.
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
    return row;
  };
}

const joined = (cells: string[], from: number[]) => {
  let value = '';
  for (const i of from) if (cells[i]) value += value ? ` ${cells[i]}` : cells[i];
  return value;
};
const shortened = (value: string) => (value.length > 60 ? `${value.slice(0, 60)}…` : value);
