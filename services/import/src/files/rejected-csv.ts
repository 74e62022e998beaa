import { defuse } from '@kontor/contracts';
import { stringify } from 'csv-stringify/sync';

/** One line of CSV in the delimiter of the file that it goes back to, with formulas defused; the same library writes exports. */
export const csvLine = (cells: readonly string[], delimiter: string): string =>
  stringify([cells.map(defuse)], { delimiter, record_delimiter: '\r\n', quoted_match: /[\r\n]/ });

/** The header of the file of rejected rows: that of the imported file and `reason`. The byte order mark at its start makes spreadsheets read it as UTF-8. */
export const rejectedHeader = (header: readonly string[], delimiter: string) => `\ufeff${csvLine([...header, 'reason'], delimiter)}`;

/** A rejected row as it was, with why in the column `reason`; cells that have no column stand after it. */
export function rejectedLine(header: readonly string[], cells: readonly string[], reasons: readonly string[], delimiter: string): string {
  const own = header.map((_, i) => cells[i] ?? '');
  return csvLine([...own, reasons.join('; '), ...cells.slice(header.length)], delimiter);
}
