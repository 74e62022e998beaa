import { z } from 'zod';
import { Summary } from './contact.js';
import { request } from './contract.js';
import { empty, flag, id, instant, shortText, tagFilter, text } from './shapes.js';

export const matchHow = z.enum(['exact', 'prefix', 'infix', 'slip', 'wildcard', 'phrase', 'alike', 'sound', 'phone', 'email', 'code']);
export type MatchHow = z.output<typeof matchHow>;

export const Match = z.object({
  field: z.string(),
  value: z.string(),
  highlighted: z.string().describe('the value with what matched between <em> and </em>; everything else is HTML-escaped'),
  how: matchHow,
});
export type Match = z.output<typeof Match>;

export const Hit = Summary.extend({ matched: z.array(Match) }).meta({ id: 'Hit' });
export type Hit = z.output<typeof Hit>;

const facetNames = ['type', 'tag', 'kind', 'city'] as const;

/** A timestamp, or a date, which means its start in UTC. */
const timestampOrDate = z.union(
  [z.iso.datetime({ offset: true }), z.iso.date()],
  'must be a date like 2026-01-31 or a timestamp like 2026-01-31T12:00:00Z',
);

/** `<kind>:<id>:<version>`, as in the response to a write. */
export const seen = z
  .string()
  .regex(
    /^(contact|customer):[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}:[1-9]\d{0,14}$/,
    'must be what a write answered in Kontor-Seen: <kind>:<id>:<version>',
  )
  .transform((value) => {
    const [kind, id, version] = value.split(':') as ['contact' | 'customer', string, string];
    return { kind, id: id.toLowerCase(), version: Number(version) };
  });

export const SearchQuery = z.strictObject({
  q: z.string().default(''),
  kind: z.enum(['contact', 'customer']).optional(),
  type: shortText.optional(),
  tag: tagFilter.optional(),
  customerId: id.optional(),
  projectId: id.optional().describe('members of this project'),
  ownerId: id.optional(),
  hasOpportunities: flag.optional(),
  access: z.enum(['open', 'restricted']).optional().describe('restricted: only some agents or teams may see it, or its customer'),
  createdFrom: timestampOrDate.optional(),
  createdTo: timestampOrDate.optional().describe('before this time'),
  updatedFrom: timestampOrDate.optional(),
  updatedTo: timestampOrDate.optional().describe('before this time'),
  sort: z.enum(['relevance', 'name', '-createdAt', '-updatedAt']).default('relevance'),
  facets: z
    .string()
    .optional()
    .transform((value) => (value ? value.split(',') : []))
    .pipe(z.array(z.enum(facetNames)))
    .describe('type,tag,kind,city'),
  limit: z.coerce.number().int().min(1).max(200).default(25),
  cursor: z.string().max(1024).optional(),
  explain: flag.optional().describe('adds how the query was understood and what each step took'),
  seen: z.array(seen).max(50).optional().describe('writes that the answer must show; from the header Kontor-Seen'),
});
export type SearchQuery = z.output<typeof SearchQuery>;

/**
 * How a query was understood. It reveals nothing about entries that the caller may not see: matches in the dictionary are counted for admins only.
 */
export const Explanation = z
  .object({
    clauses: z.array(
      z.object({
        at: z.int().describe('where it begins in the query, from 0'),
        kind: z.string(),
        not: z.boolean(),
        field: z.string().nullable(),
        looksFor: z.array(z.string()).describe('the spellings or patterns that are looked for'),
        found: z.int().optional().describe('for admins: words of the dictionary, or entries of an identifier, that fit'),
        complete: z.boolean().describe('false: more fit than could be taken into account'),
      }),
    ),
    classes: z.array(z.object({ hits: z.int() })).describe('hits by rank class, best first; those without any are left out'),
    index: z.object({ settled: z.int().describe('hits from Meilisearch'), fresh: z.int().describe('hits from recent changes') }),
    ms: z.object({ seen: z.number(), dictionary: z.number(), index: z.number(), owner: z.number() }),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.output<typeof Explanation>;

export const SearchAnswer = z
  .object({
    hits: z.array(Hit),
    nextCursor: z.string().nullable(),
    total: z.object({ value: z.int(), relation: z.enum(['exact', 'at_least']) }),
    facets: z.record(z.string(), z.record(z.string(), z.int())).optional(),
    tookMs: z.number(),
    degraded: z.boolean().optional().describe('true: the index is unavailable or being rebuilt; hits are correct, but may be incomplete'),
    explain: Explanation.optional(),
  })
  .meta({ id: 'SearchAnswer' });
export type SearchAnswer = z.output<typeof SearchAnswer>;

export const search = request('search.find-entries', SearchQuery, SearchAnswer, {
  summary: 'Finds contacts and customers: words, ? and *, "phrases", ~ alike, parts of phones and e-mails',
  timeoutMs: 10_000,
});

export const Suggestion = z
  .object({
    kind: z
      .enum(['contact', 'customer', 'company'])
      .describe('company: the company name of contacts that belong to no customer of this name'),
    id: z.string().nullable(),
    text: z.string(),
    highlighted: z.string().describe('the text with what was typed between <em> and </em>; everything else is HTML-escaped'),
    detail: z.string().nullable().describe('for contacts: customer or company'),
  })
  .meta({ id: 'Suggestion' });
export type Suggestion = z.output<typeof Suggestion>;

/** Names and companies with words that equal or begin with each word of what was typed, as far as the agent may see them. */
export const suggest = request(
  'search.suggest-names',
  z.strictObject({
    q: text(100).min(1),
    kind: z.enum(['contact', 'customer']).optional(),
    limit: z.coerce.number().int().min(1).max(20).default(8),
  }),
  z.object({ suggestions: z.array(Suggestion), tookMs: z.number() }),
  { summary: 'Names of contacts, customers and companies as one types, from the first character' },
);

const runState = z.enum(['running', 'finished', 'failed']);
const run = {
  state: runState,
  done: z.int(),
  total: z.int(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  error: z.string().optional(),
};

/** What a verification found and repaired from the owning service. */
export const VerifyReport = z.object({
  missing: z.int().describe('entries that the index did not have'),
  stale: z.int().describe('entries that it had in another version, or, when `deep`, with another content'),
  surplus: z.int().describe('entries that it had and that are not there any more'),
  words: z.int().describe('words and identifiers that the dictionary did not have; only when `deep`'),
});
export type VerifyReport = z.output<typeof VerifyReport>;

const lane = z.object({
  waiting: z
    .int()
    .nullable()
    .describe('events that are not in the index yet, of all tenants; null while they do not come: a consumer on the bus is missing'),
});

export const SearchStatus = z
  .object({
    state: z
      .enum(['ready', 'filling', 'interrupted', 'away'])
      .describe(
        'filling: the index is being rebuilt and is incomplete; interrupted: no changes arrive, because a consumer on the bus is missing; away: Meilisearch cannot be reached',
      ),
    writer: z.boolean().describe('whether a replica writes to the index at the timestampOrDate'),
    entries: z.int().nullable().describe('of this tenant, in the index; null while it is away'),
    fresh: z.int().describe('of this tenant: recent changes that are not merged into the index yet'),
    words: z.int().describe('of this tenant, in the dictionary, by field'),
    identifiers: z.int().describe('of this tenant: e-mails, phones, codes'),
    indexVersion: z.object({ index: z.int(), service: z.int() }).describe('the index is rebuilt automatically if they differ'),
    lag: z.object({ people: lane, bulk: lane }),
    rebuild: z.object(run).nullable().describe('of all tenants: the running one, else the last'),
    verify: z
      .object({ ...run, deep: z.boolean(), report: VerifyReport })
      .nullable()
      .describe('of this tenant: the running one, else the last'),
  })
  .meta({ id: 'SearchStatus' });
export type SearchStatus = z.output<typeof SearchStatus>;

export const getSearchStatus = request('search.get-search-status', empty, SearchStatus, {
  summary: 'Returns the state of the index, its running work, and the report of the last verification',
  audience: 'admins',
});
/** Of all tenants, into a new index that replaces the old one when it is complete. If one is running, the same one continues. */
export const rebuildIndex = request('search.rebuild-index', empty, SearchStatus, {
  summary: 'Rebuilds the index from the customer service; search works throughout',
  audience: 'admins',
});
/** Compares every entry of the tenant with the index and repairs what differs. If one is running, the same one continues. */
export const verifyIndex = request(
  'search.verify-index',
  z.strictObject({ deep: flag.default(false).describe('compares the content, not only the versions') }),
  SearchStatus,
  { summary: 'Compares the index with the customer service, repairs what differs, and reports it', audience: 'admins' },
);
