import { contactFieldNames, defuse, type ImportField } from '@kontor/contracts';
import { stringify } from 'csv-stringify/sync';
import type { Noun } from '../sql/rows.js';

// The headers are the field names of the import, so that every exported column can be imported.
const sharedColumns = 'email email2 phone phone2 phone3 mobile fax fax2 line1 line2 city state postalCode country alias website';
const columns: Record<Noun, string> = {
  contact: `id ${contactFieldNames('text', 'code', 'date').join(' ')} ${sharedColumns} type tags notes`,
  customer: `id name domains ${sharedColumns} type tags notes`,
};
const last: Record<Noun, string> = {
  contact: `externalId ${contactFieldNames('reference').join(' ')} ownerId exact`,
  customer: 'externalId parentId primaryContactId ownerId exact',
};

/** The columns of an export, the readable ones first. */
export const columnsOf = (noun: Noun, customFields: readonly string[]): string[] => [
  ...columns[noun].split(' '),
  ...customFields.map((key): ImportField => `customFields.${key}`),
  ...last[noun].split(' '),
];

/**
 * Formats rows as CSV (RFC 4180) with formulas defused. The header is preceded by a byte order mark, without which spreadsheets do not recognize
 * UTF-8.
 */
export function toCsv(header: readonly string[], rows: readonly Record<string, string | undefined>[], withHeader: boolean): string {
  const lines = rows.map((cells) => header.map((column) => defuse(cells[column] ?? '')));
  const csv = stringify(withHeader ? [[...header], ...lines] : lines, { record_delimiter: '\r\n', quoted_match: /[\r\n]/ });
  return withHeader ? `\ufeff${csv}` : csv;
}
