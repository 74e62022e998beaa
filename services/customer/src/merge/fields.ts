import { isDeepStrictEqual } from 'node:util';
import { type Address, type Phone, perContactField } from '@kontor/contracts';
import { unrestricted } from '../access/access.js';
import { domainKey, emailKey, externalIdKey } from '../fields/lookup-keys.js';
import { sameNumberKey, samePhoneKey } from '../fields/phone-number.js';
import type { Values } from '../fields/shared-fields.js';
import type { Noun } from '../sql/rows.js';
import type { CustomerRow } from '../tables/customer.table.js';

/** A contact or customer as merging sees it: an id and its fields. */
export type MergeRow = Values & { id: string; version: number };
export type Fields = Record<string, unknown>;
export const fieldsOf = (row: MergeRow) => row as unknown as Fields;

/**
 * How a field of several entries is merged. `fill`: the value of the surviving entry, or the first one of the others if it has none; `own`: the value
 * of the surviving entry even if it is empty, because that is meaningful; `union`: the values of all; `join`: the texts, concatenated; `byKey`:
 * `fill` for each key.
 */
type Rule = 'fill' | 'own' | 'union' | 'join' | 'byKey';

const shared: Record<keyof Values, Rule> = {
  externalIds: 'union',
  emails: 'union',
  phones: 'union',
  addresses: 'union',
  links: 'union',
  type: 'fill',
  tags: 'union',
  notes: 'join',
  customFields: 'byKey',
  ownerId: 'own',
  access: 'own',
};
const customer: Record<keyof Omit<CustomerRow, 'id'>, Rule> = {
  name: 'fill',
  parentId: 'own',
  primaryContactId: 'fill',
  domains: 'union',
  ...shared,
};
export const rulesOf: Record<Noun, Record<string, Rule>> = { contact: { ...perContactField(({ merge }) => merge), ...shared }, customer };

export const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a ?? null, b ?? null);
export const isEmpty = (value: unknown): boolean => value === null || value === undefined || same(value, []) || same(value, unrestricted);

const plain = (text: string | undefined) => (text ?? '').trim().replace(/\s+/g, ' ').toLowerCase();
const addressKey = ({ line1, line2, city, state, postalCode, country, alias }: Address) =>
  JSON.stringify([line1, line2, city, state, postalCode, country, alias].map(plain));

const keys: Record<string, (value: never) => string> = {
  emails: ({ address }: { address: string }) => emailKey(address),
  phones: sameNumberKey,
  domains: domainKey,
  addresses: addressKey,
  links: ({ url }: { url: string }) => url.replace(/\/$/, ''),
  externalIds: externalIdKey,
};
/** The key by which two values of a list are the same. */
export const keyIn = (field: string, value: unknown): string => (keys[field] ?? String)(value as never);

/** The key by which a dropped value counts as lost: unlike in `keyIn`, the kind of a phone number matters. */
export const lostKeyIn = (field: string, value: unknown): string =>
  field === 'phones' ? samePhoneKey(value as Phone) : keyIn(field, value);

/** Whether all of these readers are among the others; null stands for everybody. */
export function isSubset(readers: readonly string[] | null, others: readonly string[] | null): boolean {
  if (others === null) return true;
  return readers?.every((one) => others.includes(one)) ?? false;
}
