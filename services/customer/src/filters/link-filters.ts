import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import type { Conditions } from '../paging/page.js';
import { readContact } from '../tables/contact.table.js';
import { readCustomer } from '../tables/customer.table.js';

/** The id that this one has now, also when it was merged; null when it is not there for the caller. */
export const currentIdOf = (reading: Promise<{ id: string }>): Promise<string | null> =>
  reading.then(
    ({ id }) => id,
    (error: unknown) => {
      if (error instanceof AppError && error.code === 'not-found') return null;
      throw error;
    },
  );

/** Only what is linked to this contact and customer; false when one of them is not there for the caller, and so has nothing. */
export async function addLinkFilters(
  tx: EntityManager,
  where: Conditions,
  { contactId, customerId }: { contactId?: string; customerId?: string },
): Promise<boolean> {
  const contact = contactId && (await currentIdOf(readContact(tx, contactId)));
  const customer = customerId && (await currentIdOf(readCustomer(tx, customerId)));
  if (contact === null || customer === null) return false;
  if (contact) where.add('t.contact_id = $', contact);
  if (customer) where.add('t.customer_id = $', customer);
  return true;
}
