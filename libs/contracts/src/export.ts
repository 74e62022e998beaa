import { z } from 'zod';
import { ListContacts } from './contact.js';
import { request } from './contract.js';
import { ListCustomers } from './customer.js';
import { text } from './shapes.js';
import { newValues } from './values.js';

/**
 * The column `exact` of an exported file: the stored values of fields that the other columns cannot represent exactly (a label, a third e-mail, an
 * order). A list in it is complete.
 */
export const ExactValues = z.object({
  externalIds: newValues.externalIds,
  emails: newValues.emails,
  phones: newValues.phones,
  addresses: newValues.addresses,
  links: newValues.links,
  type: newValues.type,
  tags: newValues.tags,
  notes: newValues.notes,
  customFields: newValues.customFields,
});

// Without `customFields` it is the first page, which has the header. The caller repeats the returned `customFields` for further pages, so that all
// have the same columns.
const pages = { cursor: z.string().max(1024).optional(), customFields: z.array(text(64)).max(200).optional() };
const csvPage = z.object({
  csv: z.string().describe('lines of the file, with the header on the first page'),
  customFields: z.array(z.string()).describe('keys of the custom fields that have a column'),
  nextCursor: z.string().nullable(),
});

/** The filters and the order of an export: those of the list, without its paging. */
export const WhichContacts = ListContacts.omit({ limit: true, cursor: true });
export const exportContacts = request('customer.export-contacts', WhichContacts.extend(pages), csvPage, {
  summary: 'Returns the contacts of a list as CSV that can be imported again without loss',
  timeoutMs: 30_000,
});

/** The filters and the order of an export of customers. */
export const WhichCustomers = ListCustomers.omit({ limit: true, cursor: true });
export const exportCustomers = request('customer.export-customers', WhichCustomers.extend(pages), csvPage, {
  summary: 'Returns the customers of a list as CSV',
  timeoutMs: 30_000,
});
