import { randomUUID } from 'node:crypto';
import { type ContactEntry, type CustomerEntry, type createContact, type createCustomer, perContactField } from '@kontor/contracts';
import type { z } from 'zod';

/** A new contact that clashes with no other. */
export const aContact = (given: Partial<z.input<(typeof createContact)['input']>> = {}): z.input<(typeof createContact)['input']> => ({
  firstName: 'Anna',
  lastName: 'Müller',
  emails: [{ address: `anna.${randomUUID()}@post.example` }],
  ...given,
});

/** A new customer. */
export const aCustomer = (given: Partial<z.input<(typeof createCustomer)['input']>> = {}): z.input<(typeof createCustomer)['input']> => ({
  name: `Beispiel ${randomUUID().slice(0, 8)} GmbH`,
  ...given,
});

/** What contacts and customers share, of which nothing is known. */
const emptyEntry = {
  version: 1,
  externalIds: [],
  emails: [],
  phones: [],
  addresses: [],
  links: [],
  type: null,
  tags: [],
  notes: null,
  customFields: {},
  ownerId: null,
  access: { restricted: false, agents: [], teams: [] },
  readers: null,
  createdAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
};

/** A contact as the customer service answers it, of which nothing is known but what is given. */
export const aContactEntry = (given: Partial<ContactEntry> = {}): ContactEntry => ({
  ...emptyEntry,
  id: randomUUID(),
  displayName: [given.firstName, given.middleName, given.lastName].filter(Boolean).join(' ') || 'nobody',
  ...perContactField(() => null),
  customerName: null,
  isPrimaryContact: false,
  customerReaders: null,
  ...given,
});

/** The same for a customer. */
export const aCustomerEntry = (given: Partial<CustomerEntry> & { name: string }): CustomerEntry => ({
  ...emptyEntry,
  id: randomUUID(),
  displayName: given.name,
  parentId: null,
  domains: [],
  primaryContactId: null,
  ...given,
});
