import { z } from 'zod';
import { Summary } from './contact.js';
import { request } from './contract.js';
import {
  bulkItem,
  byId,
  date,
  empty,
  flag,
  id,
  instant,
  listSort,
  nameText,
  notes,
  page,
  paging,
  shortText,
  text,
  version,
} from './shapes.js';
import { ExternalId, emailAddress } from './values.js';

export const recordKinds = [
  'ticket',
  'call',
  'task',
  'event',
  'time_entry',
  'contract',
  'invoice',
  'estimate',
  'proposal',
  'credit_note',
  'project',
  'opportunity',
] as const;
export const RecordKind = z.enum(recordKinds);
export type RecordKind = z.output<typeof RecordKind>;

const MAX_DATA = 16 * 1024;
const MAX_LEVELS = 32;

/** Whether PostgreSQL can store all strings and keys of a value, and the value is not nested too deeply. */
function isStorable(value: unknown, levels = MAX_LEVELS): boolean {
  if (typeof value === 'string') return !value.includes('\u0000') && value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.entries(value).every(([key, inner]) => isStorable(key) && isStorable(inner, levels - 1));
}

/** Additional data of a record. */
export const RecordData = z
  .record(z.string(), z.unknown())
  .refine((value) => isStorable(value), `must not contain a NUL character, half of a surrogate pair, or more than ${MAX_LEVELS} levels`)
  .refine(
    (value) => !isStorable(value) || new TextEncoder().encode(JSON.stringify(value)).length <= MAX_DATA,
    'must not be larger than 16 KB',
  );

const DECIMAL = /^-?\d{1,15}(\.\d{1,6})?$/;
const notDecimal = 'must be a decimal number like "1234.56", with up to 15 digits before the point and 6 after it';
/** Numbers are exact up to 15 digits; larger ones must be given as text. */
const amount = z
  .union([
    z.string().trim().regex(DECIMAL, notDecimal),
    z
      .number()
      .transform(String)
      .refine((value) => DECIMAL.test(value), notDecimal)
      .refine((value) => value.replace(/\D/g, '').length <= 15, 'must be given as text if it has more than 15 digits'),
  ])
  .describe('an exact decimal number; returned as text');

const inRange = (value: string) => /^(1[6-9]|2\d)\d\d-/.test(value);
const dueAt = z
  .union([date, z.iso.datetime({ offset: true, error: 'must be a date like 2026-01-31 or a date-time like 2026-01-31T12:00:00Z' })])
  .refine(inRange, 'must be between the years 1600 and 2999')
  .describe('a timestamp or a date');

/** References a contact by a key that another system has for it. The record waits if no contact has it yet. */
const named = z
  .strictObject({
    email: emailAddress.optional(),
    externalId: ExternalId.optional(),
    firstName: nameText.optional().describe('for the contact that a single ticket creates'),
    lastName: nameText.optional().describe('for the contact that a single ticket creates'),
  })
  .refine((value) => value.email !== undefined || value.externalId !== undefined, 'must have an email or an externalId')
  .meta({ id: 'NamedContact' });
export type NamedContact = z.output<typeof named>;

const fields = {
  title: shortText.trim().nullable().optional(),
  status: text(100).trim().nullable().optional(),
  amount: amount.nullable().optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 currency code of three capital letters like EUR')
    .nullable()
    .optional(),
  dueAt: dueAt.nullable().optional(),
  url: text(2048)
    .trim()
    .refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value), 'must be an http(s) URL')
    .nullable()
    .optional(),
  customerId: id.nullable().optional().describe('by default that of the contact'),
  contactId: id.nullable().optional(),
  contact: named.nullable().optional().describe('instead of contactId'),
};
const oneContact = (value: { contactId?: unknown; contact?: unknown }) => value.contactId === undefined || value.contact === undefined;
const twoContacts = { message: 'must not be combined with contactId', path: ['contact'] };

export const recordSource = text(100).trim().min(1, 'is empty');
export const recordExternalId = text(255).trim().min(1, 'is empty');

/** An upsert of a record. Absent fields stay unchanged, null clears; `data` is replaced as a whole. */
export const UpsertRecord = z
  .strictObject({
    source: recordSource.describe('the system that the record belongs to'),
    externalId: recordExternalId.describe('its id there; source, kind and externalId are the key'),
    kind: RecordKind,
    ...fields,
    data: RecordData.nullable().optional().describe('anything else, up to 16 KB'),
  })
  .refine(oneContact, twoContacts)
  .meta({ id: 'UpsertRecord' });
export type UpsertRecord = z.output<typeof UpsertRecord>;

/** A JSON merge patch, in `data` too. */
export const RecordPatch = z
  .strictObject({ ...fields, data: RecordData.nullable().optional() })
  .refine(oneContact, twoContacts)
  .meta({ id: 'RecordPatch' });
export type RecordPatch = z.output<typeof RecordPatch>;

/** Something that belongs to a customer or contact and usually lives in another system (docs/rules.md 4). */
export const BusinessRecord = z
  .object({
    id: z.string(),
    version: z.int(),
    source: z.string(),
    externalId: z.string(),
    kind: RecordKind,
    title: z.string().nullable(),
    status: z.string().nullable(),
    amount: z.string().nullable().describe('an exact decimal number'),
    currency: z.string().nullable(),
    dueAt: z.string().nullable().describe('a timestamp or a date, as it was given'),
    url: z.string().nullable(),
    customerId: z.string().nullable(),
    contactId: z.string().nullable(),
    contact: z
      .object({ email: z.string().optional(), externalId: z.object({ source: z.string(), id: z.string() }).optional() })
      .nullable()
      .describe('the keys of its contact, while it waits for that contact'),
    data: z.record(z.string(), z.unknown()),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Record' });
export type BusinessRecord = z.output<typeof BusinessRecord>;

export const upsertedRecord = bulkItem.extend({
  contactId: z.string().optional().describe('the contact that it belongs to'),
  contactCreated: z.boolean().optional().describe('true: the ticket has created that contact'),
  waiting: z.boolean().optional().describe('true: its contact is not known yet'),
});
export type UpsertedRecord = z.output<typeof upsertedRecord>;

/** Each item is validated and written separately, keyed by source, kind and externalId; the same call again changes nothing. */
export const upsertRecords = request(
  'customer.upsert-records',
  // Invalid items are refused individually, by the customer service.
  z.strictObject({
    items: z
      .array(z.union([UpsertRecord, z.unknown()]))
      .min(1)
      .max(1000),
  }),
  z.object({ items: z.array(upsertedRecord) }),
  {
    summary: 'Creates or changes up to 1,000 records; each has its own result, and a refused one does not affect the others',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);

const recordSort = listSort.extract(['createdAt', '-createdAt', 'updatedAt', '-updatedAt']);
export const ListRecords = z.strictObject({
  ...paging,
  sort: recordSort.default('createdAt'),
  customerId: id.optional(),
  contactId: id.optional(),
  kind: RecordKind.optional(),
  status: shortText.optional(),
  source: shortText.optional(),
  externalId: shortText.optional(),
  memberId: id.optional().describe('projects that this contact is a member of'),
  waiting: flag.optional().describe('true: those whose contact is not known yet'),
  updatedSince: z.iso.datetime({ offset: true }).optional(),
});
export type ListRecords = z.output<typeof ListRecords>;

export const listRecords = request('customer.list-records', ListRecords, page(BusinessRecord), {
  summary: 'Lists records of customers and contacts',
  timeoutMs: 10_000,
});
export const getRecord = request('customer.get-record', byId, BusinessRecord, { summary: 'Returns one record' });
export const changeRecord = request(
  'customer.change-record',
  z.strictObject({ id, version: version.optional(), change: RecordPatch }),
  BusinessRecord,
  { summary: 'Changes a record with a JSON merge patch', audience: 'agents' },
);
export const deleteRecord = request('customer.delete-record', z.strictObject({ id, version: version.optional() }), empty, {
  summary: 'Moves a record to the bin',
  audience: 'agents',
});

/** A comment that only agents see, never the contact. */
export const RecordComment = z
  .object({
    id: z.string(),
    recordId: z.string(),
    text: z.string(),
    agent: z.object({ id: z.string(), name: z.string().nullable() }),
    createdAt: instant,
  })
  .meta({ id: 'RecordComment' });
export type RecordComment = z.output<typeof RecordComment>;

export const createRecordComment = request(
  'customer.create-record-comment',
  z.strictObject({ id, text: notes.trim().min(1, 'is empty') }),
  RecordComment,
  { summary: 'Adds a private comment to a record; light agents may, too' },
);
export const listRecordComments = request('customer.list-record-comments', z.strictObject({ id, ...paging }), page(RecordComment), {
  summary: 'Lists the private comments on a record, oldest first',
});
export const deleteRecordComment = request('customer.delete-record-comment', z.strictObject({ id, commentId: id }), empty, {
  summary: 'Deletes a private comment: your own, or as an admin any',
});

const membership = z.strictObject({ id, contactId: id });
export const addProjectMember = request('customer.add-project-member', membership, empty, {
  summary: 'Makes a contact a member of a project',
  audience: 'agents',
});
export const removeProjectMember = request('customer.remove-project-member', membership, empty, {
  summary: 'Removes a contact from a project',
  audience: 'agents',
});
export const listProjectMembers = request(
  'customer.list-project-members',
  z.strictObject({ id, ...paging, sort: listSort.default('name') }),
  page(Summary),
  { summary: 'Lists the contacts that are members of a project' },
);
