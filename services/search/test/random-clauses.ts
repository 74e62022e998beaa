// Single clauses made from what a person has; nothing where this one has nothing to make it from.
import type { BruteForce, Meant } from './brute-force.js';
import { type Person, textsOf } from './brute-force-texts.js';
import { isChinese, spotsIn, withoutJoints } from './brute-force-words.js';
import type { Random } from './random.js';

export type Source = Random & { person: Person; model: BruteForce };

const hasLetter = (word: string) => /\p{L}/u.test(word);

/** A word of the person's, with its field; or, so that rare words come as often as frequent ones, any word at all. */
function wordFrom(from: Source, fields?: readonly string[]): { word: string; field: string } | undefined {
  if (!fields && from.chance(0.3)) return { word: from.pick(from.model.words).spellings.at(-1)!, field: 'name' };
  const texts = textsOf(from.person).filter(([field]) => (fields ? fields.includes(field) : field !== 'type'));
  const words = texts.flatMap(([field, text]) => spotsIn(text).map((spot) => ({ word: spot.text, field })));
  const lettered = words.filter(({ word }) => hasLetter(word));
  return lettered.length ? from.pick(lettered) : undefined;
}

/** The same word as somebody else would write it. */
function rewritten(from: Source, word: string): string {
  switch (from.int(6)) {
    case 0:
      return word.toUpperCase();
    case 1:
      return word.normalize('NFD').replace(/\p{M}/gu, '');
    case 2:
      return word.replace(/[äöü]/g, (letter) => ({ ä: 'ae', ö: 'oe', ü: 'ue' })[letter]!).replace(/ß/g, 'ss');
    default:
      return word;
  }
}

function misspelt(from: Source, word: string): string {
  if (isChinese(word)) return word;
  const letters = [...word];
  const at = from.int(letters.length);
  const other = from.pick([...'aeinrstlmäh']);
  switch (from.int(4)) {
    case 0:
      return letters.toSpliced(at, 1).join('') || word;
    case 1:
      return letters.toSpliced(at, 0, other).join('');
    case 2:
      return letters.toSpliced(at, 1, other).join('');
    default:
      return letters.toSpliced(at, 2, ...letters.slice(at, at + 2).reverse()).join('');
  }
}

/** A part of a text that begins and ends with neither a joint nor a space. */
function partOf(from: Source, text: string, least: number): string {
  const letters = [...text];
  const start = from.chance(0.5) ? 0 : from.int(Math.max(letters.length - least, 1));
  const length = least + from.int(letters.length - start - least + 1);
  return letters
    .slice(start, start + length)
    .join('')
    .replace(/^['’-]+|['’-]+$/g, '');
}

export function plainFrom(from: Source, fields?: readonly string[]): Meant | undefined {
  const found = wordFrom(from, fields);
  if (!found) return undefined;
  let text = found.word;
  if (from.chance(0.4)) text = partOf(from, text, 1);
  else if (from.chance(0.3)) text = misspelt(from, withoutJoints(text));
  text = rewritten(from, text);
  return hasLetter(text) && /^[\p{L}\p{N}]/u.test(text) ? { kind: 'word', text } : undefined;
}

export function alikeFrom(from: Source, fields?: readonly string[]): Meant | undefined {
  const found = wordFrom(from, fields);
  if (!found) return undefined;
  let text = withoutJoints(found.word);
  for (let slips = from.int(3); slips > 0; slips--) text = misspelt(from, text);
  const edits = from.pick([undefined, undefined, 1, 2]);
  return hasLetter(text) ? { kind: 'alike', text: rewritten(from, text), ...(edits && { edits }) } : undefined;
}

export function patternFrom(from: Source, signs: readonly string[], fields?: readonly string[]): Meant | undefined {
  const found = wordFrom(from, fields);
  if (!found) return undefined;
  let letters = [...rewritten(from, withoutJoints(found.word))];
  for (const sign of signs)
    for (let times = 1 + from.int(2); times > 0; times--) {
      const at = from.int(letters.length);
      const gone = sign === '?' ? 1 : from.int(letters.length - at);
      if (letters.slice(at, at + gone).some((letter) => /[?*]/.test(letter))) continue;
      letters = letters.toSpliced(at, gone, sign);
    }
  const text = letters.join('');
  // Two letters that stand for themselves, mostly: what fits every word says little.
  const plain = letters.filter((letter) => !/[?*]/.test(letter)).length;
  const enough = plain >= 2 || (plain === 1 && from.chance(0.2));
  return enough && signs.every((sign) => text.includes(sign)) && !/\*\*/.test(text) ? { kind: 'pattern', text } : undefined;
}

export function phonePart(from: Source): Meant | undefined {
  if (!from.person.phones.length) return undefined;
  const { number, e164 = number } = from.pick(from.person.phones);
  const written = from.pick([number, e164, e164.replace('+49', '0'), e164.replace('+49', '+49(0)'), e164.replace('+', '00')]);
  const start = from.chance(0.4) ? 0 : from.int(Math.max(written.length - 5, 1));
  const part = written.slice(start, start + 4 + from.int(written.length - start - 3));
  const spaced = from.chance(0.3) ? part.replace(/\d(?=\d{3})/, '$& ') : part;
  const trimmed = spaced.replace(/^[^0-9+(]+|\s+$/g, '').replace(/\s+/g, ' ');
  // With the signs that others put between digits.
  const sign = from.pick([' ', ' ', '.', '–', '-']);
  const text = trimmed.replace(/(?<=\d) (?=\d)/g, sign);
  // A token that begins with `-` would exclude.
  return text.replace(/\D/g, '').length >= 3 && !/(^| )-/.test(text) ? { kind: 'digits', text } : undefined;
}

export function emailPart(from: Source): Meant | undefined {
  if (!from.person.emails.length) return undefined;
  const text = partOf(from, from.pick(from.person.emails).address, 4).replace(/^\.+|\.+$/g, '');
  const words = text.split(/[.@]/);
  const dotted = words.length > 1 && words.every((word) => word.length > 1);
  return text.includes('@') || dotted ? { kind: 'email', text: from.chance(0.2) ? text.toUpperCase() : text } : undefined;
}

export function emailPattern(from: Source): Meant | undefined {
  if (!from.person.emails.length) return undefined;
  const [local = '', domain = ''] = from.pick(from.person.emails).address.split('@');
  const wild = (text: string) => {
    const at = from.int(text.length);
    if (from.chance(0.3)) return `${text.slice(0, at)}?${text.slice(at + 1)}`;
    return from.chance(0.5) ? `${text.slice(0, at)}*` : `*${text.slice(at)}`;
  };
  const made = from.pick([
    () => [wild(local), domain],
    () => [local, wild(domain)],
    () => [wild(local), wild(domain)],
    () => ['*', domain],
  ]);
  const text = made().join('@');
  return /^[-\\]/.test(text) ? undefined : { kind: 'email', text };
}

export function phraseFrom(from: Source, fields?: readonly string[]): Meant | undefined {
  const { firstName, middleName, lastName } = from.person;
  const names = [
    [firstName, lastName],
    [firstName, middleName, lastName],
    [lastName, firstName],
  ].map((parts) => parts.filter(Boolean).join(' '));
  const texts = textsOf(from.person).filter(([field]) => (fields ? fields.includes(field) : field !== 'type'));
  const text = !fields && from.chance(0.5) ? from.pick(names) : (texts.length ? from.pick(texts) : [])[1];
  const spots = text ? spotsIn(text) : [];
  if (!text || !spots.length) return undefined;
  const first = from.int(Math.max(spots.length - 1, 1));
  const last = spots[Math.min(first + 1 + from.int(3), spots.length - 1)]!;
  return { kind: 'phrase', text: rewritten(from, text.slice(spots[first]!.from, last.from + last.text.length)) };
}

const WORD_FIELDS: Record<string, readonly string[]> = {
  name: ['first', 'middle', 'last'],
  first: ['first'],
  last: ['last'],
  company: ['company'],
  title: ['title'],
  city: ['city'],
  address: ['address', 'city'],
  alias: ['alias'],
  tag: ['tag'],
  type: ['type'],
  notes: ['notes'],
};

export function inField(from: Source): Meant | undefined {
  if (from.chance(0.3)) return identifierInField(from);
  const own = Object.keys(from.person.customFields);
  const field = from.pick([...Object.keys(WORD_FIELDS), ...own]);
  const fields = WORD_FIELDS[field] ?? [field.toLowerCase()];
  const make = from.pick([
    plainFrom,
    phraseFrom,
    alikeFrom,
    (source: Source, some?: readonly string[]) => patternFrom(source, ['*'], some),
  ]);
  const meant = make(from, fields);
  return meant && { ...meant, field: from.chance(0.1) ? field.toUpperCase() : field };
}

function identifierInField(from: Source): Meant | undefined {
  const { employeeCode: code, emails } = from.person;
  switch (from.int(code ? 3 : 2)) {
    case 0: {
      const found = phonePart(from);
      return found && { ...found, field: 'phone' };
    }
    case 1: {
      const text = emails.length ? partOf(from, from.pick(emails).address, 3) : '';
      return text ? { kind: 'email', text, field: 'email' } : undefined;
    }
    default: {
      const text = from.chance(0.3) ? `${code!.slice(0, 2)}*${code!.slice(-1)}` : partOf(from, code!, 2);
      return /[\p{L}\p{N}]/u.test(text) ? { kind: 'code', text, field: 'code' } : undefined;
    }
  }
}
