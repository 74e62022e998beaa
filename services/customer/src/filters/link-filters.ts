import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import type { Conditions } from '../paging/page.js';
import { readContact } from '../tables/contact.table.js';
import { readCustomer } from '../tables/customer.table.js';

/** The present id of an entry, following merges; null if it does not exist for the caller. */
export const currentIdOf = (reading: Promise<{ id: string }>): Promise<string | null> =>
  reading.then(
    ({ id }) => id,
    (error: unknown) => {
      if (error instanceof AppError && error.code === 'not-found') return null;
      throw error;
    },
  );

/**
 * Restricts a list to rows linked to this contact and customer. Returns false if one of them does not exist for the caller, so that nothing can
 * match.
 */
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
