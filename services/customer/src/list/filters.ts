import type { ListContacts, ListCustomers } from '@kontor/contracts';
import { emailKey, externalIdKey } from '../values/check-values.js';
import type { Noun } from '../values/keys.js';
import { phoneKey } from '../values/phone-number.js';
import { Conditions } from './page.js';

type SharedFilters = Pick<ListContacts & ListCustomers, 'type' | 'tag' | 'ownerId' | 'email' | 'phone' | 'externalId' | 'updatedSince'>;

/** The filters that lists of contacts and of customers share; all must hold. Lookups go through the key and tag tables, which have indexes. */
export function sharedFilters(input: SharedFilters, noun: Noun, country: string): Conditions {
  const where = Conditions.live(noun);
  const hasKey = (kind: string, value: string) =>
    where.add(`t.id in (select k.${noun}_id from ${noun}_key k where k.kind = '${kind}' and k.value = $)`, value);
  if (input.type !== undefined) where.add('t.type = $', input.type);
  for (const tag of input.tag ?? []) where.add(`t.id in (select g.${noun}_id from ${noun}_tag g where g.tag = $)`, tag);
  if (input.ownerId !== undefined) where.add('t.owner_id = $', input.ownerId);
  if (input.email !== undefined) hasKey('email', emailKey(input.email));
  if (input.phone !== undefined) hasKey('phone', phoneKey(input.phone, country));
  if (input.externalId !== undefined) {
    const colon = input.externalId.indexOf(':');
    hasKey('external', externalIdKey({ source: input.externalId.slice(0, Math.max(colon, 0)), id: input.externalId.slice(colon + 1) }));
  }
  if (input.updatedSince !== undefined) where.add('t.updated_at >= $', input.updatedSince);
  return where;
}
