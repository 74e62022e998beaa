import type { MultiSearchQuery } from 'meilisearch';
import type { Document, PhraseField } from './document.js';
import { type Filter, type Filterable, filterText } from './filter.js';
import type { SortKey } from './index-settings.js';

/** Words that must stand side by side, in one attribute or in any. */
export interface Phrases {
  texts: readonly string[];
  attribute?: PhraseField;
}

export interface Question {
  filters: readonly Filter[];
  phrases?: Phrases;
  sort?: Sort;
  offset?: number;
  limit: number;
  facets?: readonly Filterable[];
  /** With the words of each hit, from which its class is worked out here. */
  words?: boolean;
}

export interface Sort {
  by: SortKey;
  order: 'asc' | 'desc';
}

export type Found = Pick<Document, 'id' | SortKey> & { words?: string[] };

export interface Answer {
  hits: Found[];
  total: number;
  facets: Record<string, Record<string, number>>;
}

/** The question as Meilisearch reads it. */
export function queryOf(index: string, { filters, phrases, sort, offset = 0, limit, facets, words }: Question): MultiSearchQuery {
  return {
    indexUid: index,
    attributesToRetrieve: ['id', ...(sort ? [sort.by] : []), ...(words ? ['words'] : [])],
    filter: filters.flatMap((filter) => (typeof filter === 'boolean' ? [] : [filterText(filter)])),
    ...(phrases && { q: phrases.texts.map((text) => `"${text}"`).join(' '), matchingStrategy: 'all' as const }),
    ...(phrases?.attribute && { attributesToSearchOn: [phrases.attribute] }),
    ...(sort && { sort: [`${sort.by}:${sort.order}`] }),
    ...(facets?.length && { facets: [...facets] }),
    offset,
    limit,
  };
}
