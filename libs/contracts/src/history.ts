import { z } from 'zod';
import { ChangeKind } from './contact.js';
import { request } from './contract.js';
import { id, instant, page, paging } from './shapes.js';

/** The channel by which a change was made. */
export const doors = ['api', 'import', 'merge', 'sync', 'portal'] as const;
export type Door = (typeof doors)[number];

/** One change: who, when, by which door, and the old and new value of each field (docs/rules.md 2.13). */
export const HistoryEntry = z
  .object({
    entryId: z.string().describe('differs from the requested id for entries that were merged into it'),
    version: z.int(),
    at: instant,
    change: ChangeKind,
    door: z.enum(doors),
    requestId: z.string(),
    agent: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    fields: z.array(z.object({ field: z.string(), from: z.unknown(), to: z.unknown() })),
  })
  .meta({ id: 'HistoryEntry' });
export type HistoryEntry = z.output<typeof HistoryEntry>;

export const getContactHistory = request('customer.get-contact-history', z.strictObject({ id, ...paging }), page(HistoryEntry), {
  summary: 'Lists the changes of a contact: by whom, when and by which door, newest first',
});
export const getCustomerHistory = request('customer.get-customer-history', z.strictObject({ id, ...paging }), page(HistoryEntry), {
  summary: 'Lists the changes of a customer: by whom, when and by which door, newest first',
});
