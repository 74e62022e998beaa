import { z } from 'zod';
import { perContactField } from './contact-fields.js';
import { request } from './contract.js';
import { id } from './shapes.js';
import { externalSource, IMPORT_SOURCE } from './values.js';

// What the import service and the customer service say to each other: rows of a file, a batch at a time.

const rowAddress = z.object({
  line1: z.string().optional(),
  line2: z.string().optional(),
  city: z.string().optional(),
  state: z.string().optional(),
  postalCode: z.string().optional(),
  country: z.string().optional(),
  alias: z.string().optional(),
});

/** One row of an imported file, with the fields that the file has. `slot` is the index among the numbers of one kind (phone, phone2 …), from 0. */
export const ImportRow = z.object({
  id: z.string().optional().describe('the id of the contact, if it is one of this tenant'),
  ...perContactField(() => z.string().optional()),
  externalId: z.string().optional(),
  type: z.string().optional(),
  notes: z.string().optional(),
  tags: z.array(z.string()).optional(),
  emails: z.array(z.string()).optional(),
  phones: z
    .array(z.object({ number: z.string(), kind: z.enum(['phone', 'mobile', 'fax']), slot: z.int(), label: z.string().optional() }))
    .optional(),
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
  warnings: z.array(z.string()).optional().describe('what was left out or changed in an accepted row'),
});
export type RowOutcome = z.output<typeof RowOutcome>;

/**
 * One batch of an import: one transaction, one event. The outcome is stored by (importId, number) in the same transaction, so that the same batch
 * sent again gets the same response and changes nothing.
 */
export const importContacts = request(
  'customer.import-contacts',
  z.strictObject({
    importId: id,
    number: z.int().nonnegative(),
    onKnown: z.enum(['update', 'skip', 'create']),
    source: externalSource.default(IMPORT_SOURCE).describe('the system that the external ids of the rows belong to'),
    rows: z.array(ImportRow).max(1000),
  }),
  z.object({ outcomes: z.array(RowOutcome) }),
  { summary: 'Imports one batch', audience: 'agents', timeoutMs: 60_000, outlivesCaller: true },
);
