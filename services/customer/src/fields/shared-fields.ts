import {
  type Access,
  type Address,
  type CustomField,
  type CustomFieldValue,
  type Email,
  type ExternalId,
  type FieldError,
  type Link,
  type NewContact,
  type Phone,
  type Settings,
} from '@kontor/contracts';
import { mergeAccess, unrestricted } from '../access/access.js';
import { checkCustomFields } from './custom-fields.js';
import { externalIdKey } from './lookup-keys.js';
import { toE164 } from './phone-number.js';
import { withPrimary } from './primary.js';

/** The fields that customers and contacts share, as they are stored. */
export interface Values {
  externalIds: ExternalId[];
  emails: Email[];
  phones: Phone[];
  addresses: Address[];
  links: Link[];
  type: string | null;
  tags: string[];
  notes: string | null;
  customFields: Record<string, CustomFieldValue>;
  ownerId: string | null;
  access: Access;
}

type NewValues = { [K in keyof Values]?: K extends keyof NewContact ? NewContact[K] | null : never };

export const emptyValues: Values = {
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
  access: unrestricted,
};

/**
 * Applies a JSON merge patch (absent fields stay, null clears, a list replaces the list, custom fields are merged by key) and normalizes the result:
 * one primary value per list, E.164 numbers, no duplicate tags.
 */
export function mergeValues(before: Values, given: NewValues, settings: Settings, noun: CustomField['for'], errors: FieldError[]): Values {
  const { country } = settings;
  const list = <T extends { primary?: boolean; kind?: string }, R>(
    key: 'emails' | 'phones' | 'addresses' | 'links',
    values: readonly T[] | null | undefined,
    finish: (value: T & { primary: boolean }) => R,
  ): R[] =>
    values === undefined
      ? (before[key] as R[])
      : withPrimary(values ?? [], key, errors).map((value) => finish(value as T & { primary: boolean }));
  const phones = list(
    'phones',
    given.phones,
    ({ number, kind, label, primary }) =>
      omitEmpty({ number, e164: toE164(number, country), kind: kind ?? 'phone', label, primary }) as Phone,
  );
  const type = given.type === undefined ? before.type : given.type || null;
  if (given.type && !settings.types.includes(given.type))
    errors.push({ path: 'type', message: `must be one of ${settings.types.join(', ')}`, code: 'unknown-type' });
  return {
    externalIds: given.externalIds === undefined ? before.externalIds : uniqueBy(given.externalIds ?? [], externalIdKey),
    emails: list('emails', given.emails, (value) => omitEmpty(value) as Email),
    phones,
    addresses: list('addresses', given.addresses, (value) => omitEmpty(value) as Address),
    links: list('links', given.links, (value) => omitEmpty({ ...value, kind: value.kind ?? 'website' }) as Link),
    type,
    tags: given.tags === undefined ? before.tags : [...new Set(given.tags ?? [])],
    notes: given.notes === undefined ? before.notes : given.notes || null,
    customFields:
      given.customFields === undefined
        ? before.customFields
        : given.customFields === null
          ? {}
          : withoutNulls(
              { ...before.customFields, ...checkCustomFields(given.customFields, settings.customFields, noun, errors) },
              given.customFields,
            ),
    ownerId: given.ownerId === undefined ? before.ownerId : given.ownerId,
    access: mergeAccess(before.access, given.access ?? undefined),
  };
}

/** Without the fields that the patch sets to null. */
const withoutNulls = (merged: Record<string, CustomFieldValue>, given: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(merged).filter(([key]) => given[key] !== null));

/** Drops empty members. */
export const omitEmpty = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined && v !== '')) as Partial<T>;

export const uniqueBy = <T>(list: readonly T[], key: (value: T) => string): T[] => [
  ...new Map(list.map((value) => [key(value), value])).values(),
];
