import { z } from 'zod';
import { Contact } from './contact.js';
import { request } from './contract.js';
import { Customer } from './customer.js';
import { Job } from './job.js';
import { byId, id, instant, page, paging, text } from './shapes.js';

const what = {
  into: id.describe('the surviving entry'),
  from: z.array(id).min(1).max(100).describe('the entries merged into it; their ids then lead to it'),
  fields: z
    .record(text(80), id)
    .optional()
    .describe(
      'by field, the entry whose value is taken: lastName, customFields.<key>, emails …; by default the values of `into` stay, empty ones are filled from the others, and lists are combined',
    ),
};
const dryRun = z.enum(['true', 'false']).optional().describe('true: returns the result without changing anything');

const counts = z
  .object({ records: z.int(), requests: z.int(), memberships: z.int(), contacts: z.int(), departments: z.int() })
  .describe('how many things were moved to the surviving entry');
export type MovedCounts = z.output<typeof counts>;

const leftBehind = z
  .array(z.object({ id: z.string(), field: z.string() }))
  .describe('values that the merged entry does not have, because another one was taken; undoing restores them');
export type LeftBehind = z.output<typeof leftBehind>[number];

const result = z.object({
  id: z.string().optional().describe('the id for undoing the merge; absent in a dry run'),
  contact: Contact.optional().describe('the surviving entry in its present state'),
  customer: Customer.optional().describe('the surviving entry in its present state'),
  moved: counts.optional(),
  leftBehind: leftBehind.optional(),
  job: Job.optional().describe('instead of the other properties, if so much is moved that it runs as a job'),
});

export const mergeContacts = request('customer.merge-contacts', z.strictObject({ ...what, dryRun }), result, {
  summary: 'Merges contacts into one: their values, records, requests, memberships, permissions and history; as a job if there is much',
  audience: 'agents',
  timeoutMs: 30_000,
});
export const mergeCustomers = request('customer.merge-customers', z.strictObject({ ...what, dryRun }), result, {
  summary: 'Merges customers into one: their values, contacts, departments, records, requests and history; as a job if there is much',
  audience: 'agents',
  timeoutMs: 30_000,
});

export const Merge = z
  .object({
    id: z.string(),
    kind: z.enum(['contact', 'customer']),
    into: z.string(),
    from: z.array(z.string()),
    moved: counts,
    leftBehind,
    at: instant,
    by: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    undoneAt: instant.nullable(),
  })
  .meta({ id: 'Merge' });
export type Merge = z.output<typeof Merge>;

export const getMerge = request('customer.get-merge', byId, Merge, { summary: 'Returns one merge' });
export const listMerges = request(
  'customer.list-merges',
  z.strictObject({ contactId: id.optional(), customerId: id.optional(), ...paging }),
  page(Merge),
  { summary: 'Lists what was merged into a contact or a customer, newest first; requires one of the two ids' },
);

/** What could not be undone, and why. */
const conflict = z.object({ id: z.string(), field: z.string(), message: z.string() });
export type UndoConflict = z.output<typeof conflict>;

export const undoMerge = request(
  'customer.undo-merge',
  byId,
  z.object({
    merge: Merge.optional(),
    conflicts: z.array(conflict).optional().describe('what stays unchanged, because it was changed after the merge'),
    job: Job.optional().describe('instead of the other properties, if so much is moved that it runs as a job'),
  }),
  {
    summary: 'Undoes a merge: restores the merged entries; what was changed since stays and is listed',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);
