import { type ContactEntry, type ContactFieldName, type CustomerEntry, contactFieldNames, contactFields } from '@kontor/contracts';
import { hanWords, isHan, splitHanName, visible, type Word, wordsOf } from './words.js';

export type Entry = ({ kind: 'contact' } & ContactEntry) | ({ kind: 'customer' } & CustomerEntry);

/** Contacts and customers, as their owner gives them, in one list. */
export const entriesOf = ({ contacts, customers }: { contacts: readonly ContactEntry[]; customers: readonly CustomerEntry[] }): Entry[] => [
  ...contacts.map((contact) => ({ kind: 'contact' as const, ...contact })),
  ...customers.map((customer) => ({ kind: 'customer' as const, ...customer })),
];

/** A value of an entry and the name of the field by which a query reaches it; custom fields are `c.<key>`. */
export interface FieldValue {
  field: string;
  value: string;
}

const CUSTOM = 'c.';
export const customField = (key: string): string => CUSTOM + key.toLowerCase();
export const isCustom = (field: string): boolean => field.startsWith(CUSTOM);
/** A field as people call it. */
export const fieldLabel = (field: string): string => (isCustom(field) ? field.slice(CUSTOM.length) : field);

/** The fields that say one thing of a contact and are searched as text, with the name by which a query reaches them. */
export type SearchedField = NonNullable<(typeof contactFields)[ContactFieldName]['search']>;
export const searchedFields = contactFieldNames().flatMap((name): [ContactFieldName, SearchedField][] => {
  const { search } = contactFields[name];
  return search === null ? [] : [[name, search]];
});
/** A middle name is looked for as a part of the name only. */
export const MIDDLE = 'middle' satisfies SearchedField;

const OTHERS = ['name', 'email', 'phone', 'city', 'address', 'alias', 'tag', 'type', 'code', 'notes'];
const NAMED = new Set<string>([...OTHERS, ...searchedFields.map(([, field]) => field)]);
NAMED.delete(MIDDLE);
/** The field that a name before a colon means: one of Kontor's own, or a custom one that the tenant has values in. */
export function fieldNamed(name: string, fields: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  if (NAMED.has(lower)) return lower;
  return fields.includes(customField(name)) ? customField(name) : undefined;
}

/** Types have names, too, but only `type:` looks in them. */
export const ONLY_WHEN_NAMED = 'type';

/** The fields of words that a query field looks in, where that is not just itself. */
const WIDER: Record<string, readonly string[]> = {
  name: ['name', 'first', 'middle', 'last'],
  address: ['address', 'city'],
};
export const fieldsFor = (field: string): readonly string[] => WIDER[field] ?? [field];

/** Everything in an entry that words look in, as `field, value`: one list for the index, the dictionary and the reasons shown with a hit. */
export function textFields(entry: Entry): FieldValue[] {
  const found: FieldValue[] = [];
  const add = (field: string, value: string | null | undefined) => {
    if (value) found.push({ field, value });
  };
  if (entry.kind === 'contact') {
    for (const [name, field] of searchedFields) add(field, entry[name]);
    if (entry.customerName !== entry.companyName) add('company', entry.customerName);
  } else {
    add('name', entry.name);
    add('company', entry.name);
  }
  for (const address of entry.addresses) {
    for (const line of [address.line1, address.line2, address.postalCode, address.state, address.country]) add('address', line);
    add('city', address.city);
    add('alias', address.alias);
  }
  for (const tag of entry.tags) add('tag', tag);
  add('type', entry.type);
  add('notes', entry.notes);
  for (const [key, value] of Object.entries(entry.customFields)) {
    if (typeof value === 'boolean') continue;
    for (const one of Array.isArray(value) ? value : [String(value)]) add(customField(key), one);
  }
  return found.concat(hanName(entry));
}

/** A Chinese name is also found whole, and in its parts when it was written in one piece. */
function hanName(entry: Entry): FieldValue[] {
  if (entry.kind !== 'contact') return [];
  const first = visible(entry.firstName ?? '');
  const last = visible(entry.lastName ?? '');
  if (isHan(first) && isHan(last)) return [{ field: 'name', value: last + first }];
  const piece = last || first;
  if ((first && last) || !isHan(piece)) return [];
  return splitHanName(piece)
    .filter((part) => part !== '' && part !== piece)
    .map((value) => ({ field: 'name', value }));
}

const NAMES = new Set(['first', 'middle', 'last', 'name']);
/** The fields of words in which names and companies stand. */
export const NAME_FIELDS: readonly string[] = [...NAMES, 'company'];

/** The words of one value; Chinese text that is not a name is also split into its words. */
export function wordsIn({ field, value }: FieldValue): readonly Word[] {
  const words = wordsOf(value);
  if (NAMES.has(field) || !words.some(({ short }) => isHan(short))) return words;
  return words.flatMap((word) => (isHan(word.short) && word.short.length > 2 ? [word, ...hanWords(word)] : [word]));
}

/**
 * The words of one value as the index keeps them: `last:muller` for the short spelling, `last~mueller` for one that only a long spelling has,
 * so that a pattern with `?` can leave the latter out.
 */
export function termsOf(entered: FieldValue): string[] {
  const terms: string[] = [];
  for (const { short, long } of wordsIn(entered)) {
    terms.push(shortTerm(entered.field, short));
    for (const spelling of long) terms.push(longTerm(entered.field, spelling));
  }
  return terms;
}
export const shortTerm = (field: string, word: string): string => `${field}:${word}`;
/** Every document has one for each of its fields, so that who has something in a field is found. */
export const presenceTerm = (field: string): string => shortTerm(field, '');
export const isPresence = (term: string): boolean => term.endsWith(':');
/** The word of a term of a name or company. */
export function nameWord(term: string): string | undefined {
  const mark = term.search(/[:~]/);
  return mark + 1 < term.length && NAME_FIELDS.includes(term.slice(0, mark)) ? term.slice(mark + 1) : undefined;
}
/** Whether a term is of the name of a person or customer. */
export const isOfName = (term: string): boolean => NAMES.has(term.slice(0, term.search(/[:~]/)));
export const longTerm = (field: string, word: string): string => `${field}~${word}`;

/** The texts in which a phrase may stand, by field: first and last name count as one, with and without the middle one. */
export function phraseFields(entry: Entry, texts = textFields(entry)): FieldValue[] {
  const fields = texts.filter(({ field }) => field !== ONLY_WHEN_NAMED && field !== MIDDLE);
  if (entry.kind !== 'contact') return fields;
  const { firstName, middleName, lastName } = entry;
  const name = (...parts: (string | null)[]) => ({ field: 'name', value: parts.filter(Boolean).join(' ') });
  if (middleName) fields.push(name(firstName, middleName, lastName));
  fields.push(name(firstName, lastName));
  return fields;
}
