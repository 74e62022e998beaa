import { type AboutEntry, truncate } from '@kontor/contracts';
import { SAMPLE_LENGTH } from '../map/survey-file.js';

/** Decides whether rows and texts are about one contact or customer. */
export interface Traces {
  /** Whether a row of a file names it: by an e-mail or phone anywhere, or by a code in a cell of its own. `fields` are those of the columns. */
  inRow(cells: readonly string[], fields: readonly (string | null)[]): boolean;
  /** Whether an e-mail or phone of it stands in the text. */
  inText(text: string): boolean;
  /** Whether the text, as samples are cut, is one of the values that stand or stood in it. */
  isValue(text: string): boolean;
}

/** The same number in another writing lacks the country, or has it: so many digits may differ at the start, and so many must be the same. */
const MOST_MISSING = 3;
const FEWEST_SAME = 7;

export function tracesOf({ keys, entry, formerly }: AboutEntry): Traces {
  const emails = [...keys.emails, ...entry.emails.map(({ address }) => address)];
  const phones = [...keys.phones, ...entry.phones.flatMap(({ number, e164 }) => [number, e164 ?? ''])];
  const codes = {
    externalId: lowered([...keys.externalIds, ...entry.externalIds].map(({ id }) => id)),
    employeeCode: lowered([keys.employeeCode, 'employeeCode' in entry ? entry.employeeCode : null]),
  };
  const hasEmail = emailTest(emails);
  const hasPhone = phoneTest(phones);
  const values = lowered([...textsOf(entry), ...formerly, ...emails, ...phones]);
  const cut = lowered([...values].filter((value) => value.length > SAMPLE_LENGTH).map((value) => truncate(value, SAMPLE_LENGTH)));

  const inText = (text: string) => hasEmail(text) || hasPhone(text);
  const isCode = (cell: string, field: string | null) =>
    field === null ? Object.values(codes).some((some) => some.has(low(cell))) : !!codes[field as keyof typeof codes]?.has(low(cell));
  return {
    inText,
    // A column that nobody has mapped may have codes; in any other one the same digits are something else.
    inRow: (cells, fields) => cells.some((cell, i) => cell !== '' && (inText(cell) || isCode(cell, fields[i] ?? null))),
    isValue: (text) => values.has(low(text)) || (text.endsWith('…') && cut.has(low(text.slice(0, -1)))),
  };
}

const low = (text: string) => text.trim().toLowerCase();
const lowered = (texts: readonly (string | null | undefined)[]) => new Set(texts.flatMap((text) => (text?.trim() ? [low(text)] : [])));

/** All texts in a value, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsOf) : [];
}

/** An address must stand alone: `anna@x.de` is not in `joanna@x.de`, nor in `anna@x.de.example`. */
function emailTest(addresses: readonly string[]): (text: string) => boolean {
  const wanted = [...lowered(addresses)].map((address) => address.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  if (wanted.length === 0) return () => false;
  const test = new RegExp(`(?<![\\p{L}\\p{N}._%+'@-])(?:${wanted.join('|')})(?![\\p{L}\\p{N}_@-]|\\.[\\p{L}\\p{N}])`, 'iu');
  return (text) => text.includes('@') && test.test(text);
}

const WRITTEN_NUMBER = /\d[\d\s()/.-]{3,}\d/g;
/** What is left when signs, the `(0)` and leading zeros are gone: `0049 (0)30 1234567` is `49301234567`. */
const significant = (written: string) =>
  written
    .replace(/\(\s*0\s*\)/g, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');

function phoneTest(numbers: readonly string[]): (text: string) => boolean {
  const wanted = [...new Set(numbers.map(significant))].filter((digits) => digits.length >= 5);
  const isSame = (digits: string) => (one: string) => {
    const [short, long] = one.length < digits.length ? [one, digits] : [digits, one];
    return short === long || (short.length >= FEWEST_SAME && long.length - short.length <= MOST_MISSING && long.endsWith(short));
  };
  return (text) => {
    if (wanted.length === 0) return false;
    // What stands on both sides of a slash is one number or two.
    for (const [written] of text.matchAll(WRITTEN_NUMBER))
      if ([written, ...written.split(/\s\/\s/)].some((one) => wanted.some(isSame(significant(one))))) return true;
    return false;
  };
}
