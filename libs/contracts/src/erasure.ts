import { z } from 'zod';
import { ContactEntry } from './contact.js';
import { request } from './contract.js';
import { CustomerEntry } from './customer.js';
import { Job } from './job.js';
import { byId, id, instant, page, paging, version } from './shapes.js';

// Erasures and subject-access exports (docs/rules.md 6.3, 6.4) are run by the customer service, which calls each other service in turn.

/** Keys that identify a contact or customer where its id is not known: in files and their rows. */
export const EntryKeys = z.strictObject({
  emails: z.array(z.string()),
  phones: z.array(z.string()).describe('E.164, or digits as they are dialled'),
  externalIds: z.array(z.object({ source: z.string(), id: z.string() })),
  employeeCode: z.string().nullable().optional(),
});
export type EntryKeys = z.output<typeof EntryKeys>;

/** A row of an import that was sent to the customer service: the number of its batch and its index in it. */
export const TakenRow = z.strictObject({ importId: id, batch: z.int().nonnegative(), index: z.int().nonnegative() });
export type TakenRow = z.output<typeof TakenRow>;

const about = {
  id,
  keys: EntryKeys,
  rows: z.array(TakenRow).describe('the rows of imports that it came from'),
  formerly: z.array(z.string()).default([]).describe('former texts of the entry, as far as its history has them'),
};

/** A contact or customer in its state before it was moved to the bin. */
export const AboutEntry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('contact'), entry: ContactEntry, ...about }),
  z.strictObject({ kind: z.literal('customer'), entry: CustomerEntry, ...about }),
]);
export type AboutEntry = z.output<typeof AboutEntry>;

/** The numbers of erased items. A repeated call returns zeros. */
export const Forgotten = z.object({ counts: z.record(z.string(), z.int()) });
export type Forgotten = z.output<typeof Forgotten>;

/** All data that a service holds about a contact, in readable form. */
export const Collected = z.object({ data: z.unknown() });
export type Collected = z.output<typeof Collected>;

const forgets = (subject: string, what: string, timeoutMs?: number) =>
  request(subject, AboutEntry, Forgotten, {
    summary: `Permanently deletes ${what}`,
    audience: 'services',
    ...(timeoutMs && { timeoutMs }),
  });
const collects = (subject: string, what: string, timeoutMs?: number) =>
  request(subject, AboutEntry, Collected, { summary: `Returns ${what}`, audience: 'services', ...(timeoutMs && { timeoutMs }) });

// Includes scanning the files that wait to be imported.
const SCAN_TIMEOUT_MS = 300_000;

export const forgetInContactPermission = forgets('contact-permission.forget-entry', 'what a contact may see in the portal');
export const forgetInNotification = forgets('notification.forget-entry', 'which mail a contact gets');
export const forgetInImport = forgets(
  'import.forget-entry',
  'what remains of a contact or customer in imported files and rows',
  SCAN_TIMEOUT_MS,
);
export const forgetInSearch = forgets('search.forget-entry', 'a contact or customer in the index, with words that only it had', 30_000);

export const collectInContactPermission = collects('contact-permission.collect-entry', 'what a contact may see in the portal');
export const collectInNotification = collects('notification.collect-entry', 'which mail a contact gets');
export const collectInImport = collects(
  'import.collect-entry',
  'what remains of a contact or customer in imported files and rows',
  SCAN_TIMEOUT_MS,
);

/** The proof of an erasure, without personal data: only what, when, by whom, and how much in each service. */
export const Erasure = z
  .object({
    id: z.string(),
    kind: z.enum(['contact', 'customer']),
    erasedAt: instant,
    erasedBy: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    counts: z.record(z.string(), z.record(z.string(), z.int())).describe('how much was erased, by service'),
  })
  .meta({ id: 'Erasure' });
export type Erasure = z.output<typeof Erasure>;

const toErase = z.strictObject({ id, version: version.optional().describe('required: erasing cannot be undone') });
export const eraseContact = request('customer.erase-contact', toErase, z.object({ job: Job }), {
  summary: 'Erases a contact and everything about it from every service; cannot be undone. Requires If-Match. Runs as a job',
  audience: 'admins',
});
export const eraseCustomer = request('customer.erase-customer', toErase, z.object({ job: Job }), {
  summary: 'Erases a customer without contacts and departments from every service; cannot be undone. Requires If-Match. Runs as a job',
  audience: 'admins',
});
export const listErasures = request('customer.list-erasures', z.strictObject(paging), page(Erasure), {
  summary: 'Lists the proofs of erasures, newest first',
  audience: 'admins',
});
export const getEverything = request('customer.get-everything', byId, z.looseObject({ exportedAt: instant }), {
  summary: 'Returns everything that Kontor holds about a contact as one JSON document',
  audience: 'admins',
  timeoutMs: 60_000,
});
