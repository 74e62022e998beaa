// How texts that are compared are normalized: addresses, numbers, codes, tags. It is part of the contracts because services that send such a text and
// services that store it must agree.

const UNUSUAL = /[^ -~]/;
// Scripts in which joiners change the shape and meaning of letters. Emoji sequences use them too.
const JOINING =
  '\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Mong}\\p{scx=Nkoo}\\p{scx=Mand}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Khmr}\\p{scx=Mymr}\\p{scx=Tibt}';
// Visible format characters: number signs of Arabic and Syriac.
const VISIBLE_FORMAT = '\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}';
const INVISIBLE = new RegExp(
  `(?<![${JOINING}]|\\p{ExtPict}[\\ufe0f\\p{EMod}]?)[\\u200c\\u200d]|(?![\\u200c\\u200d${VISIBLE_FORMAT}]|(?<=\\u{1f3f4}[\\u{e0020}-\\u{e007f}]*)[\\u{e0020}-\\u{e007f}])\\p{Cf}`,
  'gu',
);
const ONLY_INVISIBLE = /^[\p{Cf}\p{Cc}\p{Z}\p{DI}\u2800]*$/u;

/** Removes invisible format characters: soft hyphens, directional marks, joiners where nothing is joined. */
export const removeInvisible = (text: string): string => (UNUSUAL.test(text) ? text.replace(INVISIBLE, '') : text);

/** The first UTF-16 code units of a text, at most so many; a surrogate pair is not cut in half, because no database and no JSON parser takes half of one. */
export const truncate = (text: string, max: number): string =>
  text.length > max ? text.slice(0, max).replace(/[\ud800-\udbff]$/, '') : text;

/** Whether a text has no visible character. */
export const isBlank = (text: string): boolean => ONLY_INVISIBLE.test(text);

/** Normalizes a text for comparison: without invisible characters, in NFC and trimmed; empty if nothing visible is left. */
export function cleanText(text: string): string {
  if (!UNUSUAL.test(text)) return text.trim();
  return isBlank(text) ? '' : removeInvisible(text).normalize('NFC').trim();
}

const PLAIN_ADDRESS = /^[a-z0-9_][a-z0-9_.+-]*@[a-z0-9][a-z0-9.-]*[a-z0-9]$/i;
// On both sides, because an address may begin with an apostrophe.
const QUOTED = /^["'“”„‟‘’‚‛«»‹›`´](.*)["'“”„‟‘’‚‛«»‹›`´]$/u;

/** Normalizes an e-mail address: removes `mailto:` with parameters, angle brackets, quotes and a final dot. */
export function cleanEmail(text: string): string {
  // As nearly all are: nothing to remove.
  if (PLAIN_ADDRESS.test(text)) return text;
  let address = cleanText(text);
  for (let before = ''; before !== address; ) {
    before = address;
    address = address
      .replace(/^mailto:\s*([^?]*)(\?.*)?$/isu, '$1')
      .replace(/^<([^<>]*)>$/u, '$1')
      .replace(QUOTED, '$1')
      .replace(/([^.])\.$/u, '$1')
      .trim();
  }
  return address;
}

const MAX_LOCAL = 64;
const MAX_ADDRESS = 254;
const LIKE = 'must be an e-mail address like anna@firma.example';

/** Why a cleaned text is not an e-mail address, as an error message; undefined if it is one. */
export function emailProblem(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const why =
    at < 1 || at === address.length - 1
      ? 'it needs a name, an "@" and a domain'
      : address.length > MAX_ADDRESS
        ? `it is longer than ${MAX_ADDRESS} characters`
        : (localProblem(local) ?? domainProblem(address.slice(at + 1)));
  return why && `${LIKE}: ${why}`;
}

function localProblem(local: string): string | undefined {
  if (local.length > MAX_LOCAL) return `there are more than ${MAX_LOCAL} characters before the "@"`;
  const odd = /[<>]|[^\p{L}\p{N}\p{M}\p{S}\p{Join_C}.!#%&'*/?_{}\-‐-―·]/u.exec(local)?.[0];
  if (odd !== undefined) return `${quoted(odd)} is not allowed before the "@"; give only one address, without a name and without quotes`;
  if (/^\.|\.\.|\.$/u.test(local)) return 'the part before the "@" begins or ends with a dot, or has two dots in a row';
  return undefined;
}

/** Why a text is not a domain, in any script, as an error message; undefined if it is one. */
export function domainProblem(domain: string): string | undefined {
  const odd = /[^\p{L}\p{N}\p{M}\p{Join_C}_.\-。．｡·・]/u.exec(domain)?.[0];
  if (odd !== undefined) return `${quoted(odd)} is not allowed in a domain`;
  const ascii = asciiDomain(domain);
  if (ascii === undefined) return 'its domain is not a valid internet domain name';
  const labels = ascii.split('.');
  if (labels.includes('')) return 'its domain begins or ends with a dot, or has two dots in a row';
  if (labels.some((label) => /^-|-$/.test(label))) return 'a part of the domain begins or ends with a hyphen';
  if (ascii.length > 253 || labels.some((label) => label.length > 63)) return 'its domain, or a part of it, is too long';
  if (/^\d+$/.test(labels.at(-1) ?? '')) return 'its domain ends in a number';
  return undefined;
}

/** The ASCII form according to UTS 46, as in browsers; undefined if invalid. Plain ASCII without punycode is not checked. */
function asciiDomain(domain: string): string | undefined {
  const plain = domain.toLowerCase();
  if (!UNUSUAL.test(plain) && !/(^|\.)xn--/.test(plain)) return plain;
  return URL.canParse(`http://${plain}`) ? new URL(`http://${plain}`).hostname : undefined;
}

const quoted = (character: string): string => (/\s/u.test(character) ? 'a space' : `"${character}"`);
