import { z } from 'zod';
import { givenContactFields, perContactField } from './contact-fields.js';
import { event, request } from './contract.js';
import {
  bulkResult,
  byId,
  codeText,
  empty,
  flag,
  id,
  instant,
  listSort,
  page,
  paging,
  shortText,
  tagFilter,
  text,
  version,
} from './shapes.js';
import { changedMany, changeOfMany, externalSource, IMPORT_SOURCE, manyChange, newValues, Phone, patchValues, values } from './values.js';

/** Accepted with at least one of: a first or last name, an e-mail, a phone, an address, an employee code (docs/rules.md 2.1). */
export const NewContact = z.strictObject({ ...givenContactFields, ...newValues }).meta({ id: 'NewContact' });
export type NewContact = z.output<typeof NewContact>;

/** A JSON merge patch: null clears, a list replaces the list, customFields are merged key by key. */
export const ContactPatch = z
  .strictObject({
    ...givenContactFields,
    ...patchValues,
  })
  .meta({ id: 'ContactPatch' });
export type ContactPatch = z.output<typeof ContactPatch>;

export const Contact = z
  .object({
    id: z.string(),
    version: z.int(),
    displayName: z.string(),
    ...perContactField(() => z.string().nullable()),
    isPrimaryContact: z.boolean(),
    ...values,
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Contact' });
export type Contact = z.output<typeof Contact>;

/** What lists, search hits and recipients show of a contact or customer: the primary values only. */
export const Summary = z
  .object({
    id: z.string(),
    kind: z.enum(['contact', 'customer']),
    displayName: z.string(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    companyName: z.string().nullable(),
    customer: z.object({ id: z.string(), name: z.string() }).nullable(),
    city: z.string().nullable(),
    type: z.string().nullable(),
    tags: z.array(z.string()),
    employeeCode: z.string().nullable(),
    updatedAt: instant,
  })
  .meta({ id: 'Summary' });
export type Summary = z.output<typeof Summary>;

/** Another contact that may be the same person. */
export const DuplicateHint = z
  .object({
    contact: Summary,
    score: z.number().describe('how sure it is, from 0 to 1; from 0.5 on more likely than not'),
    reasons: z.array(z.string()),
  })
  .meta({ id: 'DuplicateHint' });
export type DuplicateHint = z.output<typeof DuplicateHint>;
export const CreatedContact = Contact.extend({
  duplicates: z.array(DuplicateHint).describe('contacts that this one may be a duplicate of, the likeliest first, at most 10').optional(),
}).meta({ id: 'CreatedContact' });
export type CreatedContact = z.output<typeof CreatedContact>;

/** Filters that lists of contacts and customers share; all of them must hold. */
export const listFilters = {
  type: shortText.optional(),
  tag: tagFilter.optional(),
  ownerId: id.optional(),
  email: shortText.optional().describe('an e-mail address, compared without case'),
  phone: shortText.optional().describe('a phone number in any written form'),
  externalId: codeText.optional().describe('source:id'),
  updatedSince: z.iso.datetime({ offset: true }).optional(),
  projectId: id.optional().describe('members of this project, or customers whose contacts are; the id of a record of the kind project'),
  hasOpportunities: flag.optional(),
};
export const ListContacts = z.strictObject({
  ...paging,
  sort: listSort.default('name'),
  ...listFilters,
  employeeCode: codeText.optional(),
  customerId: z
    .union([id, z.literal('none')])
    .optional()
    .describe('"none": contacts that belong to no customer'),
});
export type ListContacts = z.output<typeof ListContacts>;

export const createContact = request('customer.create-contact', NewContact, CreatedContact, {
  summary: 'Creates a contact; its owner is the calling agent. Says which contacts it may be a duplicate of',
  audience: 'agents',
});
export const getContact = request('customer.get-contact', byId, Contact, { summary: 'Gives one contact' });
export const changeContact = request(
  'customer.change-contact',
  z.strictObject({ id, version: version.optional(), change: ContactPatch }),
  Contact,
  { summary: 'Changes a contact with a JSON merge patch', audience: 'agents' },
);
export const deleteContact = request('customer.delete-contact', z.strictObject({ id, version: version.optional() }), empty, {
  summary: 'Moves a contact to the bin',
  audience: 'agents',
});
export const listContacts = request('customer.list-contacts', ListContacts, page(Summary), {
  summary: 'Lists contacts',
  timeoutMs: 10_000,
});

/** A contact that has the number of somebody who calls. */
export const CallerFound = Summary.extend({ matched: Phone.describe('the number that was asked for, as this contact has it') }).meta({
  id: 'CallerFound',
});
export type CallerFound = z.output<typeof CallerFound>;
export const lookUpCaller = request(
  'customer.look-up-caller',
  z.strictObject({
    phone: text(64)
      .regex(/\p{Nd}/u, 'has no digit')
      .describe('a phone number in any written form'),
  }),
  z.object({ items: z.array(CallerFound) }),
  { summary: 'Gives the contacts with exactly this phone number, the best first, at most 50; none when nobody has it' },
);

/** What the change says is looked up and checked once for all; what each contact is, and whether the caller may change it, one by one. */
export const changeContacts = request(
  'customer.change-contacts',
  changeOfMany(
    ListContacts.omit({ limit: true, cursor: true, sort: true }),
    z.strictObject({ ...manyChange, customerId: id.nullable().optional().describe('null: out of its customer') }),
  ),
  changedMany,
  {
    summary: 'Changes up to 10,000 contacts by one change, each with its own result; a job when they are more than 1,000',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);
export const moveContact = request(
  'customer.move-contact',
  z.strictObject({ id, version: version.optional(), customerId: id.nullable().describe('null: out of its customer') }),
  Contact,
  { summary: 'Moves a contact into a customer, to another one, or out', audience: 'agents' },
);

/** Each item is checked and created alone; up to 1,000. */
export const createContacts = request(
  'customer.create-contacts',
  z.strictObject({ items: z.array(z.unknown()).min(1).max(1000) }),
  bulkResult,
  {
    summary: 'Creates up to 1,000 contacts; each has its own result, and one that is refused costs no other',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);

/** What an item of a bulk upsert is known by. */
export const upsertKey = z.enum(['email', 'externalId', 'employeeCode']);

/**
 * Each item is checked alone and laid over the contact that has its primary e-mail, its first external id or its employee code like a
 * merge patch; where nobody has it, a contact is created. In the order of the items: a later one with the same key changes what an earlier one made.
 */
export const upsertContacts = request(
  'customer.upsert-contacts',
  z.strictObject({ match: upsertKey.default('email'), items: z.array(z.unknown()).min(1).max(1000) }),
  bulkResult,
  {
    summary: 'Creates or changes up to 1,000 contacts by a unique key; sent twice it is the same as once',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);

const rowAddress = z.object({
  line1: z.string().optional(),
  line2: z.string().optional(),
  city: z.string().optional(),
  state: z.string().optional(),
  postalCode: z.string().optional(),
  country: z.string().optional(),
  alias: z.string().optional(),
});

/** One row of an imported file: only what the file has. Slots say which of the numbers of a kind it is (phone, phone2 …), from 0. */
export const ImportRow = z.object({
  id: z.string().optional().describe('which contact it is, where that is one of this tenant'),
  ...perContactField(() => z.string().optional()),
  externalId: z.string().optional(),
  type: z.string().optional(),
  notes: z.string().optional(),
  tags: z.array(z.string()).optional(),
  emails: z.array(z.string()).optional(),
  phones: z.array(z.object({ number: z.string(), kind: z.enum(['phone', 'mobile', 'fax']), slot: z.int() })).optional(),
  address: rowAddress.optional(),
  homeAddress: rowAddress.optional().describe('a second address, beside the first'),
  website: z.string().optional(),
  otherWebsites: z.array(z.string()).optional(),
  customFields: z.record(z.string(), z.string()).optional(),
  ownerId: z.string().optional(),
  exact: z.string().optional().describe('JSON of ExactValues, as an export writes it'),
});
export type ImportRow = z.output<typeof ImportRow>;

export const RowOutcome = z.object({
  status: z.enum(['created', 'updated', 'skipped', 'rejected']),
  id: z.string().optional(),
  reasons: z.array(z.string()).optional().describe('why it was rejected'),
  warnings: z.array(z.string()).optional().describe('what was left out or changed, though the row stayed'),
});
export type RowOutcome = z.output<typeof RowOutcome>;

/**
 * One batch of an import: one transaction, one event. The outcome is kept by (importId, number) in the same transaction,
 * so the same batch sent again gives the same answer and changes nothing.
 */
export const importContacts = request(
  'customer.import-contacts',
  z.strictObject({
    importId: id,
    number: z.int().nonnegative(),
    onKnown: z.enum(['update', 'skip', 'create']),
    source: externalSource.default(IMPORT_SOURCE).describe('which system the external ids of the rows are of'),
    rows: z.array(ImportRow).max(1000),
  }),
  z.object({ outcomes: z.array(RowOutcome) }),
  { summary: 'Takes in one batch of an import', audience: 'agents', timeoutMs: 60_000, outlivesCaller: true },
);

/**
 * Which agents and teams may read an entry, as ids; null: everybody. A contact needs to be readable by both: its own list and that of its customer.
 * Search and others keep them with what they tell about the entry.
 */
export const readers = z.array(z.string()).nullable();

/** What records say of an entry; `getEntries` gives it. A change of it is told like one of the entry, but leaves the entry's version as it is. */
export const fromRecords = { hasOpportunities: z.boolean().optional() };

/** An entry as search indexes and shows it: whole, with the name of the contact's customer. */
export const ContactEntry = Contact.extend({
  customerName: z.string().nullable(),
  readers,
  customerReaders: readers,
  ...fromRecords,
  projectIds: z.array(z.string()).optional().describe('the projects that the contact is a member of'),
});
export type ContactEntry = z.output<typeof ContactEntry>;

export const ChangeKind = z.enum(['created', 'updated', 'binned', 'restored', 'merged', 'erased', 'purged']);
export type ChangeKind = z.output<typeof ChangeKind>;

export const Change = z.object({
  id: z.string(),
  version: z.int(),
  change: ChangeKind,
  /** names of the fields that changed, for `updated` */
  fields: z.array(text(64)).optional(),
  /** what it was merged into, for `merged` */
  into: z.string().optional(),
});
export type Change = z.output<typeof Change>;

export const contactsChanged = event('events.contact.changed.v1', z.object({ changes: z.array(Change).min(1).max(1000) }), {
  summary: 'Contacts were created, changed or deleted; ask the customer service what they are now',
  lanes: true,
});
