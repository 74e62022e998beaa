/** What comes first in dates like 03/04/2026: the day or the month. */
export type DateOrder = 'dmy' | 'mdy';

const ISO = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ].*)?$/;
const COMPACT = /^(\d{4})(\d\d)(\d\d)$/;
const PARTS = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ].*)?$/;

/**
 * The order that a value proves, because one of its first two numbers cannot be a month; undefined when it proves none.
 * Dates with dots have the day first everywhere, so they prove nothing about the others.
 */
export function provenOrder(value: string): DateOrder | undefined {
  // Nearly every cell of a file comes by here: only those with a separator in the right place are looked at closely.
  if (value.length < 8 || !(isSeparator(value.charCodeAt(1)) || isSeparator(value.charCodeAt(2)))) return undefined;
  const parts = PARTS.exec(value);
  if (!parts) return undefined;
  return Number(parts[1]) > 12 ? 'dmy' : Number(parts[3]) > 12 ? 'mdy' : undefined;
}
const isSeparator = (code: number) => code === 45 || code === 47;

/**
 * The date as yyyy-mm-dd; undefined when the value is not a date, or its year has two digits and nobody can know the century.
 * Where the order is not said, dates with slashes have the month first, dates with hyphens the day.
 */
export function readDate(value: string, order?: DateOrder): string | undefined {
  const iso = ISO.exec(value);
  if (iso) return date(iso[1]!, iso[3]!, iso[4]!);
  const compact = COMPACT.exec(value);
  if (compact) return date(compact[1]!, compact[2]!, compact[3]!);
  const parts = PARTS.exec(value);
  if (!parts) return undefined;
  const [, one = '', separator, two = '', year = ''] = parts;
  const monthFirst = separator !== '.' && (order ?? (separator === '/' ? 'mdy' : 'dmy')) === 'mdy';
  return monthFirst ? date(year, one, two) : date(year, two, one);
}

function date(year: string, month: string, day: string): string | undefined {
  const y = Number(year);
  const m = Number(month);
  const d = Number(day);
  if (y === 0 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m)) return undefined;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}
const daysIn = (year: number, month: number) =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : month === 4 || month === 6 || month === 9 || month === 11
      ? 30
      : 31;
