import { randomUUID } from 'node:crypto';
import type { createContact, createCustomer } from '@kontor/contracts';
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
