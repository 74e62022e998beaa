import { isDeepStrictEqual } from 'node:util';
import { AppError } from '@kontor/bus';
import {
  type Caller,
  type CallerPatch,
  type ContactPatch,
  type CustomFieldValue,
  callerFields,
  type Difference,
  type NewCaller,
  type NewContact,
  type Settings,
} from '@kontor/contracts';
import { emptyContact, mergePerson } from '../contact/merge-contact.js';
import { displayName } from '../fields/names.js';
import type { ContactRow } from '../tables/contact.table.js';

type Person = Pick<ContactRow, keyof NewCaller & keyof ContactRow>;
type Custom = Record<string, CustomFieldValue | null>;
/**
 * The caller data stated in a request. An absent field was never stated and changes no contact; null or an empty list states that there is no value.
 * The same holds for each custom field.
 */
export type StatedCaller = Partial<Omit<Person, 'customFields'> & { customFields: Custom }>;

/** The caller data as the API returns it: all fields, empty if they were not stated. */
export function callerView(stated: StatedCaller): Caller {
  const person: Person = { ...pick(emptyContact, callerFields), ...stated, customFields: withoutNulls(stated.customFields) };
  return { ...person, displayName: displayName(person) };
}

/** Applies a merge patch to the stated data, with the rules of contacts. Throws `invalid` with every invalid field. */
export function applyCallerPatch(stated: StatedCaller, given: NewCaller | CallerPatch, settings: Settings): StatedCaller {
  const person = mergePerson({ id: '', ...emptyContact, ...callerView(stated) }, given, settings);
  const names = callerFields.filter((field) => given[field] !== undefined && field !== 'customFields');
  const after: StatedCaller = { ...stated, ...pick(person, names) };
  const { customFields } = given;
  if (customFields === undefined) return after;
  const cleared = Object.keys(customFields === null ? (stated.customFields ?? {}) : only(customFields, (value) => value === null));
  return {
    ...after,
    customFields: { ...stated.customFields, ...person.customFields, ...Object.fromEntries(cleared.map((key) => [key, null])) },
  };
}

/** Fills the fields that were not stated from a contact. */
export const fillFromContact = (stated: StatedCaller, contact: ContactRow): StatedCaller => ({
  ...pick(contact, callerFields),
  ...stated,
  customFields: { ...contact.customFields, ...stated.customFields },
});

/** What saving to this contact would change, field by field; a list replaces the list. */
export function differences(stated: StatedCaller, contact: Person): Difference[] {
  const { customFields = {}, ...fields } = stated;
  const all: [string, unknown, unknown][] = [
    ...callerFields.flatMap((field): [string, unknown, unknown][] =>
      field !== 'customFields' && field in fields ? [[field, fields[field], contact[field]]] : [],
    ),
    ...Object.entries(customFields).map(([key, value]): [string, unknown, unknown] => [
      `customFields.${key}`,
      value,
      contact.customFields[key],
    ]),
  ];
  return all.flatMap(([field, request, current]) =>
    isDeepStrictEqual(request ?? null, current ?? null) ? [] : [{ field, request: request ?? null, contact: current ?? null }],
  );
}

/** The names of the stated fields that `wanted` allows; `customFields` stands for all custom fields. */
export const statedFields = (stated: StatedCaller, wanted?: readonly string[]): string[] =>
  differences(stated, emptyContact).flatMap(({ field }) => (isWanted(field, wanted) ? field : []));

export const isWanted = (field: string, wanted: readonly string[] | undefined): boolean =>
  !wanted || wanted.includes(field) || (field.startsWith('customFields.') && wanted.includes('customFields'));

/** These fields as a patch of a contact. */
export function toContactPatch(stated: StatedCaller, names: readonly string[]): ContactPatch & NewContact {
  const keys = new Set(names.flatMap((name) => (name.startsWith('customFields.') ? name.slice('customFields.'.length) : [])));
  const custom = only(stated.customFields ?? {}, (_, key) => keys.has(key));
  return { ...pick(stated, names as (keyof StatedCaller)[]), ...(keys.size > 0 && { customFields: custom }) } as ContactPatch & NewContact;
}

/** Prefixes the paths of errors with `caller`. */
export async function prefixCallerErrors<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || !error.details.errors) throw error;
    const errors = error.details.errors.map((one) => ({ ...one, path: one.path ? `caller.${one.path}` : 'caller' }));
    throw new AppError(error.code, `caller: ${error.message}`, { ...error.details, errors });
  }
}

const pick = <T extends object, K extends keyof T>(value: T, keys: readonly K[]): Pick<T, K> =>
  Object.fromEntries(keys.flatMap((key) => (key in value ? [[key, value[key]]] : []))) as Pick<T, K>;
const only = <T>(value: Record<string, T>, keep: (value: T, key: string) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(value).filter(([key, one]) => keep(one, key)));
const withoutNulls = (custom: Custom = {}): Record<string, CustomFieldValue> =>
  only(custom, (value) => value !== null) as Record<string, CustomFieldValue>;
