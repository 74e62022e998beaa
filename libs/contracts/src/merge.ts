import { z } from 'zod';
import { Contact } from './contact.js';
import { request } from './contract.js';
import { Customer } from './customer.js';
import { Job } from './job.js';
import { byId, id, instant, page, paging, text } from './shapes.js';

const what = {
  into: id.describe('the one that stays'),
  from: z.array(id).min(1).max(100).describe('those that are merged into it; their ids then answer with it'),
  fields: z
    .record(text(80), id)
    .optional()
    .describe(
      'whose value is taken, by field: lastName, customFields.<key>, emails …; else the values of `into` stay, gaps are filled from the others, lists are united',
    ),
};
const dryRun = z.enum(['true', 'false']).optional().describe('true: says what the merge would give, and changes nothing');

const counts = z
  .object({ records: z.int(), requests: z.int(), memberships: z.int(), contacts: z.int(), departments: z.int() })
  .describe('how many things were given to the one that stays');
export type MovedCounts = z.output<typeof counts>;

const leftBehind = z
  .array(z.object({ id: z.string(), field: z.string() }))
  .describe('values that the merged one does not have, because another one was taken; undoing brings them back');
export type LeftBehind = z.output<typeof leftBehind>[number];

const result = z.object({
  id: z.string().optional().describe('the merge, for undoing it; none for a dry run'),
  contact: Contact.optional().describe('the one that stays, as it is now'),
  customer: Customer.optional().describe('the one that stays, as it is now'),
  moved: counts.optional(),
  leftBehind: leftBehind.optional(),
  job: Job.optional().describe('instead of all the rest, when so much is to be moved that it takes longer'),
});

export const mergeContacts = request('customer.merge-contacts', z.strictObject({ ...what, dryRun }), result, {
  summary: 'Merges contacts into one: their values, records, requests, memberships, permissions and history; a job when that is much',
  audience: 'agents',
  timeoutMs: 30_000,
});
export const mergeCustomers = request('customer.merge-customers', z.strictObject({ ...what, dryRun }), result, {
  summary: 'Merges customers into one: their values, contacts, departments, records, requests and history; a job when that is much',
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

export const getMerge = request('customer.get-merge', byId, Merge, { summary: 'Gives one merge' });
export const listMerges = request(
  'customer.list-merges',
  z.strictObject({ contactId: id.optional(), customerId: id.optional(), ...paging }),
  page(Merge),
  { summary: 'Lists what was merged into a contact or a customer, the newest first; one of the two must be named' },
);

/** What could not be taken back, and why. */
const conflict = z.object({ id: z.string(), field: z.string(), message: z.string() });
export type UndoConflict = z.output<typeof conflict>;

export const undoMerge = request(
  'customer.undo-merge',
  byId,
  z.object({
    merge: Merge.optional(),
    conflicts: z.array(conflict).optional().describe('what stays as it is now, because it was changed after the merge'),
    job: Job.optional().describe('instead of all the rest, when so much is to be moved that it takes longer'),
  }),
  {
    summary: 'Undoes a merge: those that were merged are there again; what was changed since stays and is listed',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);
