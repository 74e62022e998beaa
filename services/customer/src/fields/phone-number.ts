import { cleanText } from '@kontor/contracts';
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/min/metadata';

interface WrittenPhone {
  number: string;
  e164?: string;
}
/** What somebody has written, taken apart. */
interface Parts {
  /** What is dialled, in ASCII; letters of a word to dial are digits already. Empty when nothing is. */
  main: string;
  extension: string;
  /** Words stand beside it that are not said of numbers: without a whole number among them it is none. */
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
/** A whole number has so many digits at least; with fewer it may be an extension, or be gone on with by a word. */
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
  // Two numbers in one text are none that could be dialled.
  if (/\d/.test(after)) return { ...none, unsure: true };
  return { main: number, extension, unsure: !words.every(isLabel) };
}

/** `FLOWERS` in `0800 FLOWERS`: the keys to press, where letters go on with a number that is not whole without them. */
function keypad(number: string, after: string): string | undefined {
  if (!/^[a-z][a-z\d\s-]*$/i.test(after) || NUMBER_LABEL.test(after.trim())) return undefined;
  const digits = after.toLowerCase().replace(/[a-z]/g, (letter) => String(KEYS.findIndex((letters) => letters.includes(letter)) + 2));
  const known = digitsOf(number).replace(/^0+/, '').length;
  const all = known + digitsOf(digits).length;
  return known >= MIN_DIGITS_BEFORE_WORD && known < FULL_LENGTH && all >= FULL_LENGTH ? digits : undefined;
}

const DIGIT = /\p{Nd}/gu;
/** Digits of any script as 0 to 9: each script has its ten in a row. */
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
  // 4711 alone is what is dialled inside a house; a country code would make it somebody's number.
  const isShort = digits.length < FULL_LENGTH && !main.trim().startsWith('+');
  return isShort && !(digits.startsWith('0') && parsed.isValid()) ? undefined : parsed.number;
}

/** A number in E.164, read with the tenant's country when it has no country code; undefined when it cannot be one. */
export const toE164 = (number: string, country: string): string | undefined => parse(partsOf(number).main, country);

/** What a number is looked up by: E.164, else the digits as they were typed, so that "4711" finds itself; '' when it is no number. */
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

/** What a number that is kept is found by: with its extension, where it has one, and by its main number. None when it is no number. */
export const phoneKeys = ({ number, e164 }: WrittenPhone): string[] => keysOf(partsOf(number), e164);

/** The same for a number that somebody asks for. */
export function searchPhoneKeys(number: string, country: string): string[] {
  const parts = partsOf(number);
  return keysOf(parts, parse(parts.main, country));
}

/** What makes two numbers the same one: what is dialled and the extension. What is no number is the same only when it is written alike. */
export const sameNumberKey = (phone: WrittenPhone): string => phoneKeys(phone)[0] ?? cleanText(phone.number);

/** What makes two values of a list the same one: one number can be kept as a phone and as a mobile. */
export const samePhoneKey = (phone: WrittenPhone & { kind: string }): string => `${phone.kind} ${sameNumberKey(phone)}`;

/** Whether two who have it may be one: a short number is that of many. */
export const isDistinctiveNumber = ({ number, e164 }: WrittenPhone): boolean =>
  e164 !== undefined || (phoneKeys({ number })[0] ?? '').length >= FULL_LENGTH;
