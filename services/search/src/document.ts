import { type Entry, isCustom, phraseFields, termsOf, textFields } from './entry-fields.js';
import { phraseWords, spellings } from './words.js';

/** The attributes in which phrases are looked for; all custom fields share one, because a new attribute would reindex everybody. */
export const PHRASE_FIELDS = ['name', 'first', 'last', 'company', 'title', 'city', 'address', 'alias', 'tag', 'notes', 'custom'] as const;
export type PhraseField = (typeof PHRASE_FIELDS)[number];

/** What Meilisearch keeps of a contact or customer: nothing that is shown, only what it must filter, sort, count and compare by. */
export type Document = {
  id: string;
  tenant: string;
  kind: Entry['kind'];
  type: string | null;
  tags: string[];
  cities: string[];
  customerId: string | null;
  ownerId: string | null;
  createdAt: number;
  sortName: string;
  words: string[];
} & Partial<Record<PhraseField, string | string[]>>;

/** The attribute in which a phrase of this field is looked for; none for fields that have no texts of several words. */
export const phraseAttribute = (field: string): PhraseField | undefined =>
  isCustom(field) ? 'custom' : PHRASE_FIELDS.find((name) => name === field);

/** Meilisearch folds what it compares, so names are cut: what follows would decide between namesakes only. */
const SORTED_LETTERS = 40;

export function documentOf(tenant: string, entry: Entry): Document {
  return {
    id: entry.id,
    tenant,
    kind: entry.kind,
    type: entry.type,
    tags: entry.tags,
    cities: entry.addresses.flatMap(({ city }) => city ?? []),
    customerId: entry.kind === 'contact' ? entry.customerId : null,
    ownerId: entry.ownerId,
    createdAt: Date.parse(entry.createdAt),
    sortName: spellings(entry.displayName).short.slice(0, SORTED_LETTERS),
    words: [...new Set(textFields(entry).flatMap(termsOf))],
    ...phraseTexts(entry),
  };
}

function phraseTexts(entry: Entry): Partial<Record<PhraseField, string[]>> {
  const texts: Partial<Record<PhraseField, string[]>> = {};
  for (const { field, value } of phraseFields(entry)) {
    const attribute = phraseAttribute(field);
    const forms = phraseWords(value).map(({ form }) => form);
    // A single word is no phrase: leaving it out keeps the word lists of Meilisearch small.
    if (!attribute || forms.length < 2) continue;
    texts[attribute] ??= [];
    texts[attribute].push(forms.join(' '));
  }
  return texts;
}
