import { z } from 'zod';
import { cleanText, domainProblem } from './clean.js';
import { Change, Contact, ContactEntry, listFilters, NewContact, readers, recordDerivedFields, Summary } from './contact.js';
import { event, request } from './contract.js';
import { isFreeMail } from './free-mail.js';
import { maybeJob } from './job.js';
import { byId, empty, id, instant, listSort, nameText, page, paging, text, version } from './shapes.js';
import { bulkChange, bulkChangeFields, bulkChangeResult, newValues, patchValues, values } from './values.js';

const LIKE = 'must be a mail domain like firma.example';
export const mailDomain = text(253)
  .overwrite((given) =>
    cleanText(given)
      .toLowerCase()
      .replace(/^@|\.$/g, ''),
  )
  .regex(/^[^\s@/]+[.。．｡][^\s@/.]{2,}$/, LIKE)
  .refine((given) => domainProblem(given) === undefined, { error: ({ input }) => `${LIKE}: ${domainProblem(String(input))}` })
  .refine((given) => !isFreeMail(given), { error: ({ input }) => `${LIKE}: at ${String(input)} anybody can have an address` });

const company = {
  parentId: id.nullable().optional().describe('the customer this one is a department of'),
  domains: z
    .array(mailDomain)
    .max(50)
    .optional()
    .describe('new contacts with an e-mail in one of these domains are assigned to this customer'),
};
const name = nameText.min(1, 'is empty: a customer needs a name');

export const NewCustomer = z
  .strictObject({
    name,
    ...company,
    ...newValues,
    contacts: z.array(NewContact).max(200).optional().describe('created with the customer, in the same transaction'),
  })
  .meta({ id: 'NewCustomer' });
export type NewCustomer = z.output<typeof NewCustomer>;

export const CustomerPatch = z
  .strictObject({
    name: name.optional(),
    ...company,
    domains: company.domains.nullable(),
    primaryContactId: id.optional().describe('one of its contacts'),
    ...patchValues,
  })
  .meta({ id: 'CustomerPatch' });
export type CustomerPatch = z.output<typeof CustomerPatch>;

export const Customer = z
  .object({
    id: z.string(),
    version: z.int(),
    name: z.string(),
    displayName: z.string(),
    parentId: z.string().nullable(),
    domains: z.array(z.string()),
    primaryContactId: z.string().nullable(),
    ...values,
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Customer' });
export type Customer = z.output<typeof Customer>;

export const CustomerEntry = Customer.extend({ readers, ...recordDerivedFields });
export type CustomerEntry = z.output<typeof CustomerEntry>;

export const ListCustomers = z.strictObject({
  ...paging,
  sort: listSort.default('name'),
  ...listFilters,
  parentId: z
    .union([id, z.literal('none')])
    .optional()
    .describe('"none": customers that are not a department'),
  include: z.enum(['contacts']).optional().describe('"contacts": each customer with its first contacts by name, and how many it has'),
  contactsLimit: z.coerce.number().int().min(1).max(50).default(5).describe('how many contacts to give of each customer'),
});
export type ListCustomers = z.output<typeof ListCustomers>;

export const createCustomer = request('customer.create-customer', NewCustomer, Customer.extend({ contacts: z.array(Contact).optional() }), {
  summary: 'Creates a customer, with its contacts when they are given; its owner is the calling agent unless one is named',
  audience: 'agents',
});
export const getCustomer = request('customer.get-customer', byId, Customer, { summary: 'Returns one customer' });
export const changeCustomer = request(
  'customer.change-customer',
  z.strictObject({ id, version: version.optional(), change: CustomerPatch }),
  Customer,
  { summary: 'Changes a customer with a JSON merge patch', audience: 'agents' },
);
export const deleteCustomer = request('customer.delete-customer', z.strictObject({ id, version: version.optional() }), maybeJob, {
  summary:
    'Moves a customer, the departments below it, all their contacts, records and requests to the bin as one unit; as a job if there are many',
  audience: 'agents',
  timeoutMs: 30_000,
});

const group = {
  contacts: z.array(Summary).describe('the first ones by name; all are in the list of its contacts'),
  contactCount: z.int().describe('how many there are; 10,000 means 10,000 or more'),
};
export const ListedCustomer = Summary.extend({ contacts: group.contacts.optional(), contactCount: group.contactCount.optional() });
export type ListedCustomer = z.output<typeof ListedCustomer>;
export const ContactGroup = z.object(group);
export type ContactGroup = z.output<typeof ContactGroup>;

export const listCustomers = request(
  'customer.list-customers',
  ListCustomers,
  page(ListedCustomer).extend({
    withoutCustomer: ContactGroup.optional().describe(
      'with include=contacts, on the first page of a list without filters: the contacts that belong to no customer',
    ),
  }),
  { summary: 'Lists customers, with include=contacts as groups of contacts', timeoutMs: 10_000 },
);
export const changeCustomers = request(
  'customer.change-customers',
  bulkChange(
    ListCustomers.omit({ limit: true, cursor: true, sort: true, include: true, contactsLimit: true }),
    z.strictObject(bulkChangeFields),
  ),
  bulkChangeResult,
  {
    summary: 'Applies one change to up to 10,000 customers, each with its own result; as a job for more than 1,000',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);
export const listCustomerContacts = request(
  'customer.list-customer-contacts',
  z.strictObject({ id, ...paging, sort: listSort.default('name') }),
  page(Summary),
  { summary: 'Lists the contacts of a customer' },
);

/** A contact with the rights of the caller. */
const VisibleContact = ContactEntry.extend({ mayWrite: z.boolean().describe('whether the calling agent may change it') });
/**
 * The present state of these entries, for search and for mail recipients. Those that are in the bin, unknown or hidden from the calling agent are
 * omitted.
 */
export const getEntries = request(
  'customer.get-entries',
  z.strictObject({
    ids: z.array(id).max(1000),
    records: z.boolean().default(true).describe('with the fields derived from records: hasOpportunities, projectIds'),
  }),
  z.object({ contacts: z.array(VisibleContact), customers: z.array(CustomerEntry) }),
  { summary: 'Returns many contacts and customers by id', timeoutMs: 15_000 },
);
/** The same without access checks, for an index of the whole tenant. */
export const getIndexEntries = request('customer.get-index-entries', getEntries.input, getEntries.output, {
  summary: 'Returns many contacts and customers by id, without access checks',
  audience: 'services',
  timeoutMs: 15_000,
});
/**
 * Visible entries all of whose opportunities are hidden from the calling agent, because those also belong to hidden entries. Search needs them,
 * because it only knows whether an entry has any opportunities. More than 10,000 are refused with `too-large`.
 */
export const listHiddenOpportunities = request(
  'customer.list-hidden-opportunities',
  empty,
  z.object({ ids: z.array(z.string()).max(10_000) }),
  {
    summary: 'Lists the contacts and customers whose opportunities are all hidden from the caller',
    timeoutMs: 10_000,
  },
);
/**
 * All contacts of a customer in one response, for services that decide something about each of them; API clients page through `listCustomerContacts`.
 * Only those visible to the calling agent, by name; a customer with more than 1,000 is refused with `too-large`.
 */
export const getCustomerContacts = request(
  'customer.get-customer-contacts',
  z.strictObject({ customerId: id }),
  z.object({ contacts: z.array(Summary).max(1000) }),
  { summary: 'Returns all contacts of a customer, up to 1,000' },
);
/** The ids of a customer's contacts in id order, so that all of them can be indexed again when the customer is renamed. */
export const listContactIds = request(
  'customer.list-contact-ids',
  z.strictObject({ customerId: id, after: id.optional(), limit: z.int().min(1).max(1000).default(1000) }),
  z.object({ ids: z.array(z.string()) }),
  { summary: 'Lists the ids of a customer’s contacts', audience: 'services' },
);

/** All known tenants, for rebuilding an index. */
export const listTenants = request('customer.list-tenants', empty, z.object({ tenants: z.array(z.string()) }), {
  summary: 'Lists the tenants',
  audience: 'services',
});
/**
 * Ids and versions of the contacts or customers of the tenant in id order, without the bin, for comparing an index with them. `total` is their
 * number, if requested.
 */
export const listVersions = request(
  'customer.list-versions',
  z.strictObject({
    kind: z.enum(['contact', 'customer']),
    after: id.optional(),
    limit: z.int().min(1).max(5000).default(1000),
    count: z.boolean().default(false),
  }),
  z.object({ items: z.array(z.object({ id: z.string(), version: z.int() })), total: z.int().optional() }),
  { summary: 'Lists the versions of contacts or customers', audience: 'services', timeoutMs: 30_000 },
);

export const customersChanged = event('events.customer.changed.v1', z.object({ changes: z.array(Change).min(1).max(1000) }), {
  summary: 'Customers were created, changed or deleted; the customer service has their present state',
  lanes: true,
});
