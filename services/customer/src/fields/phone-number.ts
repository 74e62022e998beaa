import { cleanText } from '@kontor/contracts';
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/min/metadata';

interface WrittenPhone {
  number: string;
  e164?: string;
}
/** The parts of a phone number as it was written. */
interface Parts {
  /** The part that is dialled, in ASCII, with vanity letters converted to digits. Empty if there is none. */
  main: string;
  extension: string;
  /** The text has words that are not phone labels, so only its E.164 form, if it has one, counts as a number. */
  unsure: boolean;
}

const ALL_PLAIN = /^[\d\s()+./-]*$/;
const SCIENTIFIC = /^[+-]?\d+([.,]\d+)?e[+-]?\d+$/i;
const SCHEME = /^(tel|callto|sms|fax)\s*:\s*(\/\/)?/i;
const PARAMETER = /;\s*(?!ext\s*=)[a-z-]+=[^;]*/gi;
const EXTENSION =
  /(?<=\d.*)[\s,;.()-]*(?:;\s*ext\s*=|(?<!\p{L})(?:ext(?:ension|n)?|durchwahl|dw|app(?:arat)?|nebenstelle|nst|anexo|int(?:erno|ern)?|poste|linha|доб|分机|x)[.:\s]*|#\s*)(\d{1,9})\s*\)?\s*$/iu;
const REMARK = /[([][^()[\]\d]*\p{L}[^()[\]\d]*[)\]]/gu;
const NUMBER_LABEL =
  /^(tel|telefon|telephone|phone|fon|mobil|mobile|mob|handy|cell|cellular|fax|telefax|privat|private|home|work|office|büro|ext|extension|durchwahl|dw|t|f|m|p)$/iu;
const KEYS = ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqrs', 'tuv', 'wxyz'];
/** A full number has at least this many digits; with fewer it may be an extension or the beginning of a vanity number. */
const FULL_LENGTH = 7;
const MIN_DIGITS_BEFORE_WORD = 2;

function partsOf(written: string): Parts {
  const none: Parts = { main: '', extension: '', unsure: false };
  if (ALL_PLAIN.test(written)) return { ...none, main: written };
  const text = asciiDigits(cleanText(written).normalize('NFKC')).replace(SCHEME, '').replace(PARAMETER, '');
  if (SCIENTIFIC.test(text)) return none;
  const extension = EXTENSION.exec(text)?.[1] ?? '';
  const rest = (extension ? text.replace(EXTENSION, '') : text).replace(REMARK, ' ');
  const [, before = '', number = '', after = ''] = /^([^\d+(]*(?:\([^\d+]*)?)([^\p{L}]*)(.*)$/su.exec(rest) ?? [];
  if (!/\d/.test(number)) return { ...none, unsure: true };
  const words = `${before} ${after}`.match(/\p{L}+/gu) ?? [];
  const isLabel = (one: string) => NUMBER_LABEL.test(one);
  const word = (before.match(/\p{L}+/gu) ?? []).every(isLabel) ? keypad(number, after) : undefined;
  if (word !== undefined) return { ...none, main: number + word, extension };
  // A text with two numbers cannot be dialled.
  if (/\d/.test(after)) return { ...none, unsure: true };
  return { main: number, extension, unsure: !words.every(isLabel) };
}

/** Converts the letters of a vanity number (`0800 FLOWERS`) to digits, if the number is incomplete without them. */
function keypad(number: string, after: string): string | undefined {
  if (!/^[a-z][a-z\d\s-]*$/i.test(after) || NUMBER_LABEL.test(after.trim())) return undefined;
  const digits = after.toLowerCase().replace(/[a-z]/g, (letter) => String(KEYS.findIndex((letters) => letters.includes(letter)) + 2));
  const known = digitsOf(number).replace(/^0+/, '').length;
  const all = known + digitsOf(digits).length;
  return known >= MIN_DIGITS_BEFORE_WORD && known < FULL_LENGTH && all >= FULL_LENGTH ? digits : undefined;
}

const DIGIT = /\p{Nd}/gu;
/** Converts digits of any script to ASCII: each script has its ten digits in consecutive code points. */
function asciiDigits(text: string): string {
  return text.replace(DIGIT, (digit) => {
    let value = 0;
    for (let code = (digit.codePointAt(0) ?? 0) - 1; value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code)); code--) value++;
    return String(value);
  });
}

const digitsOf = (text: string): string => text.replace(/\D/g, '');

function parse(main: string, country: string): string | undefined {
  const region = isSupportedCountry(country as CountryCode, metadata) ? (country as CountryCode) : undefined;
  const digits = digitsOf(main);
  if (/^0*$/.test(digits)) return undefined;
  const parsed = parsePhoneNumberFromString(main, { defaultCountry: region, extract: false }, metadata);
  if (!parsed?.isPossible()) return undefined;
  // A short number like 4711 is an internal extension; a country code would make it somebody else's number.
  const isShort = digits.length < FULL_LENGTH && !main.trim().startsWith('+');
  return isShort && !(digits.startsWith('0') && parsed.isValid()) ? undefined : parsed.number;
}

/** The E.164 form of a number, with the tenant's country as default; undefined if it cannot be a number. */
export const toE164 = (number: string, country: string): string | undefined => parse(partsOf(number).main, country);

/** The look-up key of a number: E.164, else its digits, so that "4711" can be found; '' if it is not a number. */
function mainKey({ main, unsure }: Parts, e164: string | undefined): string {
  if (e164) return e164;
  const digits = digitsOf(main);
  return unsure || digits.length < 2 || /^0+$/.test(digits) ? '' : digits;
}

const keysOf = (parts: Parts, e164: string | undefined): string[] => {
  const main = mainKey(parts, e164);
  return main === '' ? [] : parts.extension ? [withExtension(main, parts.extension), main] : [main];
};
const withExtension = (main: string, extension: string) => `${main};${extension}`;

/** The look-up keys of a stored number: with its extension, if it has one, and the main number. Empty if it is not a number. */
export const phoneKeys = ({ number, e164 }: WrittenPhone): string[] => keysOf(partsOf(number), e164);

/** The same for a number that is searched for. */
export function searchPhoneKeys(number: string, country: string): string[] {
  const parts = partsOf(number);
  return keysOf(parts, parse(parts.main, country));
}

/** Two numbers are the same if they have the same main number and extension. Texts that are not numbers are the same if they are written alike. */
export const sameNumberKey = (phone: WrittenPhone): string => phoneKeys(phone)[0] ?? cleanText(phone.number);

/** The key by which two phones of a list are the same: one number can be stored as a phone and as a mobile. */
export const samePhoneKey = (phone: WrittenPhone & { kind: string }): string => `${phone.kind} ${sameNumberKey(phone)}`;

/** Whether sharing this number suggests the same person: short numbers are shared by many. */
export const isDistinctiveNumber = ({ number, e164 }: WrittenPhone): boolean =>
  e164 !== undefined || (phoneKeys({ number })[0] ?? '').length >= FULL_LENGTH;
