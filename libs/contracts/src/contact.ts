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
import { bulkChange, bulkChangeFields, bulkChangeResult, newValues, Phone, patchValues, values } from './values.js';

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
    score: z.number().describe('how likely it is, from 0 to 1; from 0.5 on more likely than not'),
    reasons: z.array(z.string()),
  })
  .meta({ id: 'DuplicateHint' });
export type DuplicateHint = z.output<typeof DuplicateHint>;
export const CreatedContact = Contact.extend({
  duplicates: z.array(DuplicateHint).describe('contacts that this one may be a duplicate of, likeliest first, at most 10').optional(),
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
  summary: 'Creates a contact, owned by the calling agent; returns possible duplicates',
  audience: 'agents',
});
export const getContact = request('customer.get-contact', byId, Contact, { summary: 'Returns one contact' });
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

/** A contact with the phone number of a caller. */
export const CallerFound = Summary.extend({ matched: Phone.describe('the requested number, as this contact has it') }).meta({
  id: 'CallerFound',
});
export type CallerFound = z.output<typeof CallerFound>;
export const lookUpCaller = request(
  'customer.look-up-caller',
  z.strictObject({
    phone: text(64)
      .regex(/\p{Nd}/u, 'must have a digit')
      .describe('a phone number in any written form'),
  }),
  z.object({ items: z.array(CallerFound) }),
  { summary: 'Returns the contacts with exactly this phone number, best first, at most 50' },
);

/** The change itself is validated once; the state of each contact, and whether the caller may change it, individually. */
export const changeContacts = request(
  'customer.change-contacts',
  bulkChange(
    ListContacts.omit({ limit: true, cursor: true, sort: true }),
    z.strictObject({ ...bulkChangeFields, customerId: id.nullable().optional().describe('null: removes it from its customer') }),
  ),
  bulkChangeResult,
  {
    summary: 'Applies one change to up to 10,000 contacts, each with its own result; as a job for more than 1,000',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);
export const moveContact = request(
  'customer.move-contact',
  z.strictObject({ id, version: version.optional(), customerId: id.nullable().describe('null: removes it from its customer') }),
  Contact,
  { summary: 'Moves a contact into a customer, to another one, or out', audience: 'agents' },
);

/** Each item is validated and created separately. */
export const createContacts = request(
  'customer.create-contacts',
  z.strictObject({ items: z.array(z.unknown()).min(1).max(1000) }),
  bulkResult,
  {
    summary: 'Creates up to 1,000 contacts; each has its own result, and a refused one does not affect the others',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);

/** The key by which an item of a bulk upsert is matched. */
export const upsertKey = z.enum(['email', 'externalId', 'employeeCode']);

/**
 * Each item is validated separately and applied, like a merge patch, to the contact that has its primary e-mail, its first external id or its
 * employee code; if no contact has it, one is created. Items are applied in order: a later one with the same key changes what an earlier one created.
 */
export const upsertContacts = request(
  'customer.upsert-contacts',
  z.strictObject({ match: upsertKey.default('email'), items: z.array(z.unknown()).min(1).max(1000) }),
  bulkResult,
  {
    summary: 'Creates or changes up to 1,000 contacts by a unique key; idempotent',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);

/**
 * The ids of the agents and teams that may read an entry; null: everybody. A contact must be readable according to both its own list and that of its
 * customer. Other services store them with their data about the entry.
 */
export const readers = z.array(z.string()).nullable();

/**
 * Fields of an entry derived from its records, as returned by `getEntries`. Their changes are published like those of the entry, but do not change
 * its version.
 */
export const recordDerivedFields = { hasOpportunities: z.boolean().optional() };

/** A contact as search indexes and shows it: all fields, with the name of its customer. */
export const ContactEntry = Contact.extend({
  customerName: z.string().nullable(),
  readers,
  customerReaders: readers,
  ...recordDerivedFields,
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
  summary: 'Contacts were created, changed or deleted; the customer service has their present state',
  lanes: true,
});
