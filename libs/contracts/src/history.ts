import { z } from 'zod';
import { ChangeKind } from './contact.js';
import { request } from './contract.js';
import { id, instant, page, paging } from './shapes.js';

/** Which way a change came in. */
export const doors = ['api', 'import', 'merge', 'sync', 'portal'] as const;
export type Door = (typeof doors)[number];

/** One change: who, when, through which door, and each field from what to what (docs/rules.md 2.13). */
export const HistoryEntry = z
  .object({
    entryId: z.string().describe('another one than asked for when it was merged into that one'),
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
  summary: 'Lists what was changed of a contact, by whom, when and through which door, the newest first',
});
export const getCustomerHistory = request('customer.get-customer-history', z.strictObject({ id, ...paging }), page(HistoryEntry), {
  summary: 'Lists what was changed of a customer, by whom, when and through which door, the newest first',
});
