// How a text is kept that others compare: an address, a number, a code, a tag. It stands here because whoever says such a text and whoever
// keeps it must mean the same one.

const UNUSUAL = /[^ -~]/;
// Scripts in which a joiner changes how letters are drawn, and what they mean; emoji are joined by it, too.
const JOINING =
  '\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Mong}\\p{scx=Nkoo}\\p{scx=Mand}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Khmr}\\p{scx=Mymr}\\p{scx=Tibt}';
// Format characters that are drawn: signs before Arabic and Syriac numbers.
const DRAWN = '\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}';
const UNSEEN = new RegExp(
  `(?<![${JOINING}]|\\p{ExtPict}[\\ufe0f\\p{EMod}]?)[\\u200c\\u200d]|(?![\\u200c\\u200d${DRAWN}]|(?<=\\u{1f3f4}[\\u{e0020}-\\u{e007f}]*)[\\u{e0020}-\\u{e007f}])\\p{Cf}`,
  'gu',
);
const NOTHING_SEEN = /^[\p{Cf}\p{Cc}\p{Z}\p{DI}\u2800]*$/u;

/** Without the format characters that nobody sees: soft hyphens, directions, joiners where nothing is joined. */
export const withoutUnseen = (text: string): string => (UNUSUAL.test(text) ? text.replace(UNSEEN, '') : text);

/** Whether a text has nothing that could be seen. */
export const isBlank = (text: string): boolean => NOTHING_SEEN.test(text);

/** A text as it is compared: without what nobody sees, in NFC and trimmed; empty when there is nothing to see. */
export function cleanText(text: string): string {
  if (!UNUSUAL.test(text)) return text.trim();
  return isBlank(text) ? '' : withoutUnseen(text).normalize('NFC').trim();
}

// On both sides: an address may begin with an apostrophe.
const QUOTED = /^["'“”„‟‘’‚‛«»‹›`´](.*)["'“”„‟‘’‚‛«»‹›`´]$/u;

/** An e-mail address without what is put around it: `mailto:` with a subject, angle brackets, quotes, a last dot. */
export function cleanEmail(text: string): string {
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

const MOST_LOCAL = 64;
const MOST_ADDRESS = 254;
const LIKE = 'must be an e-mail address like anna@firma.example';

/** What is wrong with an e-mail address that was cleaned, in words; undefined when it is one. */
export function emailProblem(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const why =
    at < 1 || at === address.length - 1
      ? 'it needs a name, an "@" and a domain'
      : address.length > MOST_ADDRESS
        ? `it is longer than ${MOST_ADDRESS} characters`
        : (localProblem(local) ?? domainProblem(address.slice(at + 1)));
  return why && `${LIKE}: ${why}`;
}

function localProblem(local: string): string | undefined {
  if (local.length > MOST_LOCAL) return `there are more than ${MOST_LOCAL} characters before the "@"`;
  const odd = /[<>]|[^\p{L}\p{N}\p{M}\p{S}\p{Join_C}.!#%&'*/?_{}\-‐-―·]/u.exec(local)?.[0];
  if (odd !== undefined) return `${said(odd)} cannot stand before the "@"; give one address alone, without a name and without quotes`;
  if (/^\.|\.\.|\.$/u.test(local)) return 'before the "@" a dot stands at an end or beside another one';
  return undefined;
}

/** What is wrong with a domain, in words; undefined when it is one, in whatever script. */
export function domainProblem(domain: string): string | undefined {
  const odd = /[^\p{L}\p{N}\p{M}\p{Join_C}_.\-。．｡·・]/u.exec(domain)?.[0];
  if (odd !== undefined) return `${said(odd)} cannot stand in a domain`;
  const ascii = asciiDomain(domain);
  if (ascii === undefined) return 'its domain is not a valid internet domain name';
  const labels = ascii.split('.');
  if (labels.includes('')) return 'a dot stands at an end of the domain or beside another one';
  if (labels.some((label) => /^-|-$/.test(label))) return 'a part of the domain begins or ends with a hyphen';
  if (ascii.length > 253 || labels.some((label) => label.length > 63)) return 'its domain, or a part of it, is too long';
  if (/^\d+$/.test(labels.at(-1) ?? '')) return 'its domain ends in a number';
  return undefined;
}

/** UTS 46, as browsers do it. Of plain ASCII only names in punycode are looked at: others are what they are. */
function asciiDomain(domain: string): string | undefined {
  const plain = domain.toLowerCase();
  if (!UNUSUAL.test(plain) && !/(^|\.)xn--/.test(plain)) return plain;
  return URL.canParse(`http://${plain}`) ? new URL(`http://${plain}`).hostname : undefined;
}

const said = (character: string): string => (/\s/u.test(character) ? 'a space' : `"${character}"`);
