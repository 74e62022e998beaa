import { z } from 'zod';
import { Summary } from './contact.js';
import { request } from './contract.js';
import { id, shortText } from './shapes.js';

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

const many = z.union([shortText.transform((one) => [one]), z.array(shortText).max(50)]);
const facetNames = ['type', 'tag', 'kind', 'city'] as const;

export const SearchQuery = z.strictObject({
  q: z.string().default(''),
  kind: z.enum(['contact', 'customer']).optional(),
  type: shortText.optional(),
  tag: many.optional().describe('may be repeated: all of them'),
  customerId: id.optional(),
  facets: z
    .string()
    .optional()
    .transform((value) => (value ? value.split(',') : []))
    .pipe(z.array(z.enum(facetNames)))
    .describe('type,tag,kind,city'),
  limit: z.coerce.number().int().min(1).max(200).default(25),
  cursor: z.string().max(1024).optional(),
});
export type SearchQuery = z.output<typeof SearchQuery>;

export const SearchAnswer = z
  .object({
    hits: z.array(Hit),
    nextCursor: z.string().nullable(),
    total: z.object({ value: z.int(), relation: z.enum(['exact', 'at_least']) }),
    facets: z.record(z.string(), z.record(z.string(), z.int())).optional(),
    tookMs: z.number(),
  })
  .meta({ id: 'SearchAnswer' });
export type SearchAnswer = z.output<typeof SearchAnswer>;

export const search = request('search.find-entries', SearchQuery, SearchAnswer, {
  summary: 'Finds contacts and customers: words, ? and *, "phrases", ~ alike, parts of phones and e-mails',
  timeoutMs: 10_000,
});
