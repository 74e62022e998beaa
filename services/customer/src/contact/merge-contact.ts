import { AppError, invalid } from '@kontor/bus';
import { type ContactPatch, type FieldError, type NewContact, perContactField, type Settings } from '@kontor/contracts';
import { emptyValues, mergeValues } from '../fields/shared-fields.js';
import type { ContactRow } from '../tables/contact.table.js';

export const emptyContact: Omit<ContactRow, 'id'> = {
  ...emptyValues,
  ...perContactField(() => null),
};

/** Applies a patch to a contact (a new contact is a patch of an empty one). Throws `invalid` with every invalid field. */
export function mergeContact(before: ContactRow, given: ContactPatch | NewContact, settings: Settings): ContactRow {
  const row = mergePerson(before, given, settings);
  const problem = missingIdentity(row);
  if (problem) throw new AppError('invalid', problem, { errors: [{ path: '', message: problem, code: 'nobody' }] });
  return row;
}

/** The same without requiring that the person can be identified. */
export function mergePerson(before: ContactRow, given: ContactPatch | NewContact, settings: Settings): ContactRow {
  const errors: FieldError[] = [];
  const row: ContactRow = {
    id: before.id,
    ...perContactField((_, name) => (given[name] === undefined ? before[name] : given[name] || null)),
    ...mergeValues(before, given, settings, 'contact', errors),
  };
  if (errors.length > 0) throw invalid(errors);
  return row;
}

/** The error message if a contact has nothing to identify it by (docs/rules.md 2.1), else undefined. */
export function missingIdentity(row: ContactRow): string | undefined {
  const known = row.firstName || row.lastName || row.emails.length || row.phones.length || row.addresses.length || row.employeeCode;
  return known ? undefined : 'A contact needs at least one of: firstName, lastName, an entry in emails, phones or addresses, employeeCode';
}
