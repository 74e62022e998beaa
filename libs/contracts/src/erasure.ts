import { z } from 'zod';
import { ContactEntry } from './contact.js';
import { request } from './contract.js';
import { CustomerEntry } from './customer.js';
import { Job } from './job.js';
import { byId, id, instant, page, paging, version } from './shapes.js';

// Erasing somebody and collecting everything about somebody (docs/rules.md 6.3, 6.4) are jobs of the customer service, which asks each other service in turn.

/** By what a contact or customer is known where the id is not: in files and in rows of them. */
export const EntryKeys = z.strictObject({
  emails: z.array(z.string()),
  phones: z.array(z.string()).describe('E.164, or digits as they are dialled'),
  externalIds: z.array(z.object({ source: z.string(), id: z.string() })),
  employeeCode: z.string().nullable().optional(),
});
export type EntryKeys = z.output<typeof EntryKeys>;

/** A row of an import that went to the customer service: the number of its batch and its place in that. */
export const TakenRow = z.strictObject({ importId: id, batch: z.int().nonnegative(), index: z.int().nonnegative() });
export type TakenRow = z.output<typeof TakenRow>;

const about = {
  id,
  keys: EntryKeys,
  rows: z.array(TakenRow).describe('the rows of imports that it came from'),
  formerly: z.array(z.string()).default([]).describe('texts that stood in it before, as far as its history knows them'),
};

/** One contact or customer, as it was before it went to the bin. */
export const AboutEntry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('contact'), entry: ContactEntry, ...about }),
  z.strictObject({ kind: z.literal('customer'), entry: CustomerEntry, ...about }),
]);
export type AboutEntry = z.output<typeof AboutEntry>;

/** How much was there and is gone. Asked again, a service that has forgotten everything answers with zeros. */
export const Forgotten = z.object({ counts: z.record(z.string(), z.int()) });
export type Forgotten = z.output<typeof Forgotten>;

/** All that a service holds about a contact, as it is shown to people. */
export const Collected = z.object({ data: z.unknown() });
export type Collected = z.output<typeof Collected>;

const forgets = (subject: string, what: string, timeoutMs?: number) =>
  request(subject, AboutEntry, Forgotten, { summary: `Drops ${what}, for ever`, audience: 'services', ...(timeoutMs && { timeoutMs }) });
const collects = (subject: string, what: string, timeoutMs?: number) =>
  request(subject, AboutEntry, Collected, { summary: `Gives ${what}`, audience: 'services', ...(timeoutMs && { timeoutMs }) });

// Files that wait to be imported are read through, as when they came.
const READING_MS = 300_000;

export const forgetInContactPermission = forgets('contact-permission.forget-entry', 'what a contact may see in the portal');
export const forgetInNotification = forgets('notification.forget-entry', 'which mail a contact gets');
export const forgetInImport = forgets('import.forget-entry', 'what is left of a contact or customer of files and their rows', READING_MS);
export const forgetInSearch = forgets(
  'search.forget-entry',
  'a contact or customer from the index, with the words that only it had',
  30_000,
);

export const collectInContactPermission = collects('contact-permission.collect-entry', 'what a contact may see in the portal');
export const collectInNotification = collects('notification.collect-entry', 'which mail a contact gets');
export const collectInImport = collects(
  'import.collect-entry',
  'what is left of a contact or customer of files and their rows',
  READING_MS,
);

/** The proof that something was erased: no personal data, only what, when, by whom, and how much in each service. */
export const Erasure = z
  .object({
    id: z.string(),
    kind: z.enum(['contact', 'customer']),
    erasedAt: instant,
    erasedBy: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    counts: z.record(z.string(), z.record(z.string(), z.int())).describe('how much was there, by service'),
  })
  .meta({ id: 'Erasure' });
export type Erasure = z.output<typeof Erasure>;

const toErase = z.strictObject({ id, version: version.optional().describe('obligatory: erasing cannot be undone') });
export const eraseContact = request('customer.erase-contact', toErase, z.object({ job: Job }), {
  summary: 'Erases a contact and everything about it from every service; cannot be undone. Needs If-Match. Goes on as a job',
  audience: 'admins',
});
export const eraseCustomer = request('customer.erase-customer', toErase, z.object({ job: Job }), {
  summary: 'Erases a customer without contacts and departments from every service; cannot be undone. Needs If-Match. Goes on as a job',
  audience: 'admins',
});
export const listErasures = request('customer.list-erasures', z.strictObject(paging), page(Erasure), {
  summary: 'Lists the proofs of what was erased, the newest first',
  audience: 'admins',
});
export const getEverything = request('customer.get-everything', byId, z.looseObject({ exportedAt: instant }), {
  summary: 'Gives everything that Kontor holds about a contact as one JSON document',
  audience: 'admins',
  timeoutMs: 60_000,
});
