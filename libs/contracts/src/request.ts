import { z } from 'zod';
import { Contact, ContactPatch, NewContact } from './contact.js';
import { request } from './contract.js';
import { byId, empty, id, instant, notes, page, paging, shortText, version } from './shapes.js';
import { Address, NewAddress } from './values.js';

// Requests of the call centre (docs/rules.md 3). The schema is called ServiceRequest, because `request` declares contracts here.

const links = { customerId: true, ownerId: true, access: true } as const;
/** The fields of a new contact without its links and access; unlike a contact it may be empty. */
export const NewCaller = NewContact.omit(links).meta({ id: 'NewCaller' });
export type NewCaller = z.output<typeof NewCaller>;
export const CallerPatch = ContactPatch.omit(links).meta({ id: 'CallerPatch' });
export type CallerPatch = z.output<typeof CallerPatch>;
/** The caller data of a request, its own copy. */
export const Caller = Contact.omit({ ...links, id: true, version: true, isPrimaryContact: true, createdAt: true, updatedAt: true }).meta({
  id: 'Caller',
});
export type Caller = z.output<typeof Caller>;

const { primary: _, ...addressShape } = NewAddress.shape;
const NewWorkSiteAddress = z.strictObject({
  line1: addressShape.line1.nullable(),
  line2: addressShape.line2.nullable(),
  city: addressShape.city.nullable(),
  state: addressShape.state.nullable(),
  postalCode: addressShape.postalCode.nullable(),
  country: addressShape.country.nullable(),
  alias: addressShape.alias.nullable(),
  label: addressShape.label.nullable(),
});
export const WorkSiteAddress = Address.omit({ primary: true }).meta({ id: 'WorkSiteAddress' });
export type WorkSiteAddress = z.output<typeof WorkSiteAddress>;

export const requestStatuses = ['open', 'in_progress', 'waiting', 'closed'] as const;
export const RequestStatus = z.enum(requestStatuses);

const writableFields = {
  subject: shortText.trim().nullable().optional(),
  description: notes.nullable().optional(),
  status: RequestStatus.optional(),
  workSiteAddress: NewWorkSiteAddress.nullable().optional().describe('where the work is to be done; merged member by member'),
  customerId: id.nullable().optional().describe('by default the customer of the contact'),
  ownerId: id.nullable().optional(),
};

export const NewServiceRequest = z
  .strictObject({
    ...writableFields,
    contactId: id.nullable().optional().describe('a known contact, whose data is copied'),
    employeeCode: NewCaller.shape.employeeCode.describe(
      'fills fields that were not given from the contact with this code; short for caller.employeeCode',
    ),
    caller: NewCaller.optional().describe('takes precedence over copied data'),
  })
  .meta({ id: 'NewServiceRequest' });
export type NewServiceRequest = z.output<typeof NewServiceRequest>;

/** A JSON merge patch, also within `caller` and `workSiteAddress`. */
export const ServiceRequestPatch = z
  .strictObject({
    ...writableFields,
    contactId: id.nullable().optional().describe('links the request to a contact without copying data; null: to none'),
    caller: CallerPatch.nullable().optional().describe('an employee code given to a request without a contact fills the other fields'),
  })
  .meta({ id: 'ServiceRequestPatch' });
export type ServiceRequestPatch = z.output<typeof ServiceRequestPatch>;

const commonFields = {
  id: z.string(),
  version: z.int(),
  number: z.int().describe('sequential within the tenant'),
  subject: z.string().nullable(),
  status: RequestStatus,
  contactId: z.string().nullable(),
  customerId: z.string().nullable(),
  ownerId: z.string().nullable(),
  createdAt: instant,
  updatedAt: instant,
};
export const ServiceRequest = z
  .object({ ...commonFields, description: z.string().nullable(), caller: Caller, workSiteAddress: WorkSiteAddress.nullable() })
  .meta({ id: 'ServiceRequest' });
export type ServiceRequest = z.output<typeof ServiceRequest>;

/** What lists show of a request. */
export const ServiceRequestSummary = z
  .object({
    ...commonFields,
    caller: z.object({ displayName: z.string(), email: z.string().nullable(), phone: z.string().nullable() }),
  })
  .meta({ id: 'ServiceRequestSummary' });
export type ServiceRequestSummary = z.output<typeof ServiceRequestSummary>;

export const ListRequests = z.strictObject({
  ...paging,
  sort: z.enum(['createdAt', '-createdAt', 'updatedAt', '-updatedAt', 'number', '-number']).default('-createdAt'),
  status: RequestStatus.optional(),
  contactId: id.optional(),
  customerId: id.optional(),
  ownerId: id.optional(),
  number: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
  updatedSince: z.iso.datetime({ offset: true }).optional(),
});
export type ListRequests = z.output<typeof ListRequests>;

export const createRequest = request('customer.create-request', NewServiceRequest, ServiceRequest, {
  summary: 'Starts a request with a copy of the contact’s data; its owner is the calling agent unless one is named',
  audience: 'agents',
});
export const getRequest = request('customer.get-request', byId, ServiceRequest, { summary: 'Returns one request' });
export const changeRequest = request(
  'customer.change-request',
  z.strictObject({ id, version: version.optional(), change: ServiceRequestPatch }),
  ServiceRequest,
  { summary: 'Changes a request with a JSON merge patch; contacts stay as they are', audience: 'agents' },
);
export const deleteRequest = request('customer.delete-request', z.strictObject({ id, version: version.optional() }), empty, {
  summary: 'Moves a request to the bin',
  audience: 'agents',
});
export const listRequests = request('customer.list-requests', ListRequests, page(ServiceRequestSummary), {
  summary: 'Lists requests, newest first',
  timeoutMs: 10_000,
});
export const copyToWorkSite = request(
  'customer.copy-to-work-site',
  z.strictObject({ id, version: version.optional(), from: z.union([z.literal(1), z.literal(2)]).describe('the first or second address') }),
  ServiceRequest,
  { summary: 'Copies the caller’s address 1 or address 2 into the work-site address', audience: 'agents' },
);

export const Difference = z
  .object({
    field: z.string().describe('custom fields one by one: customFields.<key>'),
    request: z.unknown(),
    contact: z.unknown(),
  })
  .meta({ id: 'Difference' });
export type Difference = z.output<typeof Difference>;
export const getRequestDifferences = request(
  'customer.get-request-differences',
  byId,
  z.object({ contactId: z.string(), items: z.array(Difference) }),
  { summary: 'Shows field by field what saving the caller’s data to the linked contact would change' },
);

export const callerFields = Object.keys(NewCaller.shape) as (keyof NewCaller)[];
const callerField = z
  .string()
  .max(80)
  .refine(
    (name) => (callerFields as string[]).includes(name) || /^customFields\../.test(name),
    `must be one of ${callerFields.join(', ')}, customFields.<key>`,
  );
export const saveCaller = request(
  'customer.save-caller',
  z.strictObject({
    id,
    version: version.optional(),
    save: z.enum(['new', 'changes']).describe('as a new contact, to which the request is then linked, or as changes to the linked contact'),
    fields: z.array(callerField).min(1).max(200).optional().describe('only these of the caller’s fields'),
  }),
  ServiceRequest.extend({
    saved: z.object({ as: z.enum(['new', 'changes']), contactId: z.string(), fields: z.array(z.string()).describe('what was written') }),
  }),
  { summary: 'Saves the caller’s data as a new contact, or as changes to the linked contact', audience: 'agents' },
);
