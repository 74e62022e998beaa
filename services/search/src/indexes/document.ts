import { createHash } from 'node:crypto';
import { truncate } from '@kontor/contracts';
import {
  type Entry,
  type FieldValue,
  isCustom,
  MIDDLE,
  phraseFields,
  presenceTerm,
  type SearchedField,
  searchedFields,
  termsOf,
  textFields,
} from '../words/entry-fields.js';
import { fold, phraseLines, WORDS_VERSION } from '../words/words.js';

/** The attributes in which phrases are looked for; all custom fields share one, because a new attribute would reindex everybody. */
const otherFields = ['name', 'city', 'address', 'alias', 'tag', 'notes', 'custom'] as const;
export type PhraseField = (typeof otherFields)[number] | Exclude<SearchedField, typeof MIDDLE>;
export const PHRASE_FIELDS: readonly PhraseField[] = [
  ...new Set([...searchedFields.flatMap(([, field]) => (field === MIDDLE ? [] : field)), ...otherFields]),
];

/** Raised whenever documents or the settings of their index change, but for the list of fields, which counts by itself. */
const DOCUMENT_VERSION = 3;
const FIELDS_VERSION = createHash('sha256').update(JSON.stringify(searchedFields)).digest().readUInt16BE();
/** An index of another version is rebuilt. */
export const INDEX_VERSION = (WORDS_VERSION * 100 + DOCUMENT_VERSION) * 65_536 + FIELDS_VERSION;

/** What Meilisearch keeps of a contact or customer: nothing that is shown, only what it must filter, sort, count and compare by. */
export type Document = {
  id: string;
  version: number;
  tenant: string;
  kind: Entry['kind'];
  type: string | null;
  tags: string[];
  cities: string[];
  customerId: string | null;
  ownerId: string | null;
  /** Who may see it, when not everybody may: its own list and that of its customer, both of which must allow it. */
  readers?: string[];
  customerReaders?: string[];
  projectIds?: string[];
  /** Only where there are some. */
  hasOpportunities?: true;
  createdAt: number;
  updatedAt: number;
  sortName: string;
  words: string[];
  /** Of all the rest, so that a verification need not fetch it. */
  hash?: string;
} & Partial<Record<PhraseField, string | string[]>>;

/** The attribute in which a phrase of this field is looked for; none for fields that have no texts of several words. */
export const phraseAttribute = (field: string): PhraseField | undefined =>
  isCustom(field) ? 'custom' : PHRASE_FIELDS.find((name) => name === field);

/** Meilisearch folds what it compares, so names are cut: what follows would decide between namesakes only. */
const SORTED_LETTERS = 40;

export function documentOf(tenant: string, entry: Entry): Document {
  const texts = textFields(entry);
  return {
    id: entry.id,
    version: entry.version,
    tenant,
    kind: entry.kind,
    type: entry.type,
    tags: entry.tags,
    cities: entry.addresses.flatMap(({ city }) => city ?? []),
    customerId: entry.kind === 'contact' ? entry.customerId : null,
    ownerId: entry.ownerId,
    ...(entry.readers && { readers: entry.readers }),
    ...(entry.kind === 'contact' && entry.customerReaders && { customerReaders: entry.customerReaders }),
    ...(entry.kind === 'contact' && entry.projectIds?.length && { projectIds: entry.projectIds }),
    ...(entry.hasOpportunities && { hasOpportunities: true as const }),
    createdAt: Date.parse(entry.createdAt),
    updatedAt: Date.parse(entry.updatedAt),
    sortName: truncate(fold(entry.displayName).short, SORTED_LETTERS),
    words: [...new Set(texts.flatMap((text) => [presenceTerm(text.field), ...termsOf(text)]))],
    ...phraseTexts(phraseFields(entry, texts)),
  };
}

/** The document as it is handed over, with its hash. */
export function printDocument(document: Document): string {
  const json = JSON.stringify(document);
  return `${json.slice(0, -1)},"hash":"${hashOf(json)}"}`;
}
export const hashOf = (json: string): string => createHash('sha256').update(json).digest('base64url').slice(0, 16);

function phraseTexts(fields: readonly FieldValue[]): Partial<Record<PhraseField, string[]>> {
  const texts: Partial<Record<PhraseField, string[]>> = {};
  for (const { field, value } of fields) {
    const attribute = phraseAttribute(field);
    const lines = phraseLines(value);
    if (!attribute || !lines.length) continue;
    // A city is part of an address.
    for (const one of attribute === 'city' ? (['city', 'address'] as const) : [attribute]) {
      texts[one] ??= [];
      texts[one].push(...lines);
    }
  }
  return texts;
}
