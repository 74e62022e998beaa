import type { Settings } from 'meilisearch';
import { PHRASE_FIELDS } from './document.js';
import type { Filterable, Moment } from './filter.js';

const FILTERABLE: Filterable[] = [
  'id',
  'tenant',
  'kind',
  'type',
  'tags',
  'cities',
  'customerId',
  'ownerId',
  'projectIds',
  'hasOpportunities',
  'readers',
  'customerReaders',
  'words',
];
const MOMENTS: Moment[] = ['createdAt', 'updatedAt'];

/** What hits are sorted by; returned with them, beside the id. */
export type SortKey = 'sortName' | Moment;
const SORT_KEYS: SortKey[] = ['sortName', ...MOMENTS];

export const SETTINGS: Settings = {
  displayedAttributes: ['id', 'version', 'hash', 'words', ...SORT_KEYS],
  searchableAttributes: [...PHRASE_FIELDS],
  filterableAttributes: [
    { attributePatterns: FILTERABLE, features: { facetSearch: false, filter: { equality: true, comparison: false } } },
    { attributePatterns: MOMENTS, features: { facetSearch: false, filter: { equality: false, comparison: true } } },
  ],
  sortableAttributes: SORT_KEYS,
  // Among what fits only the order that is asked for counts. By default Meilisearch first looks at which attribute a phrase stands in.
  rankingRules: ['sort'],
  // Only phrases are asked of its words, and those as they stand: what else they could do is not paid for.
  typoTolerance: { enabled: false },
  prefixSearch: 'disabled',
  facetSearch: false,
  proximityPrecision: 'byWord',
  pagination: { maxTotalHits: 1_000_000_000 },
  faceting: { maxValuesPerFacet: 100, sortFacetValuesBy: { '*': 'count' } },
};
