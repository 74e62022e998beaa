import { z } from 'zod';
import { Summary } from './contact.js';
import { request } from './contract.js';
import { byId, id, page, paging } from './shapes.js';

/** Two contacts that may be one person. */
export const DuplicatePair = z
  .object({
    id: z.string(),
    contacts: z.tuple([Summary, Summary]),
    score: z.number().describe('how likely it is, from 0 to 1; from 0.5 on more likely than not'),
    reasons: z.array(z.string()),
  })
  .meta({ id: 'DuplicatePair' });
export type DuplicatePair = z.output<typeof DuplicatePair>;

/** The default minimum score of lists; pairs slightly below can be requested. */
export const DEFAULT_MIN_SCORE = 0.5;

export const ListDuplicates = z.strictObject({
  ...paging,
  minScore: z.coerce.number().min(0).max(1).default(DEFAULT_MIN_SCORE).describe('pairs below 0.3 are not stored'),
  contactId: id.optional().describe('pairs of this contact'),
});
export type ListDuplicates = z.output<typeof ListDuplicates>;

export const listDuplicates = request('customer.list-duplicates', ListDuplicates, page(DuplicatePair), {
  summary: 'Lists pairs of contacts that are likely one person, likeliest first, without dismissed ones',
  timeoutMs: 10_000,
});
export const dismissDuplicate = request('customer.dismiss-duplicate', byId, DuplicatePair, {
  summary: 'Marks two contacts as not the same person; the pair is not listed again, even if they change',
  audience: 'agents',
});
