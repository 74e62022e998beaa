import { z } from 'zod';
import { Summary } from './contact.js';
import { request } from './contract.js';
import { byId, id, page, paging } from './shapes.js';

/** Two contacts that may be one person. */
export const DuplicatePair = z
  .object({
    id: z.string(),
    contacts: z.tuple([Summary, Summary]),
    score: z.number().describe('how sure it is, from 0 to 1; from 0.5 on more likely than not'),
    reasons: z.array(z.string()),
  })
  .meta({ id: 'DuplicatePair' });
export type DuplicatePair = z.output<typeof DuplicatePair>;

/** Pairs below it are hardly worth a look; those a little below can still be asked for. */
export const DEFAULT_MIN_SCORE = 0.5;

export const ListDuplicates = z.strictObject({
  ...paging,
  minScore: z.coerce.number().min(0).max(1).default(DEFAULT_MIN_SCORE).describe('pairs below 0.3 are not kept'),
  contactId: id.optional().describe('pairs of this contact'),
});
export type ListDuplicates = z.output<typeof ListDuplicates>;

export const listDuplicates = request('customer.list-duplicates', ListDuplicates, page(DuplicatePair), {
  summary: 'Lists pairs of contacts that are likely one person, the likeliest first, without those that were dismissed',
  timeoutMs: 10_000,
});
export const dismissDuplicate = request('customer.dismiss-duplicate', byId, DuplicatePair, {
  summary: 'Says that two contacts are not the same person; the pair is not listed again, also when they change',
  audience: 'agents',
});
