import { AppError, invalid } from '@kontor/bus';
import type { changeContacts, FieldError, InputOf, Settings } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { mergeAccess, refuseUnknownGrantees, unrestricted } from '../access/access.js';
import { refuseUnknownCustomer, refuseUnknownOwner } from '../contact/contact-rules.js';
import { emptyValues, mergeValues } from '../fields/shared-fields.js';
import type { Noun } from '../sql/rows.js';

type Change = InputOf<typeof changeContacts>['change'];

/** Refuses a type, custom field, owner, customer or grantee that is invalid for every contact or customer. */
export async function refuseBadChange(tx: EntityManager, noun: Noun, change: Change, settings: Settings): Promise<void> {
  const errors: FieldError[] = [];
  const { addTags: _, removeTags: __, customerId, ...given } = change;
  try {
    mergeValues(emptyValues, given, settings, noun, errors);
    if (errors.length > 0) throw invalid(errors);
    await refuseUnknownOwner(tx, change.ownerId);
    await refuseUnknownGrantees(tx, mergeAccess(unrestricted, change.access));
    await refuseUnknownCustomer(tx, customerId);
  } catch (error) {
    throw error instanceof AppError ? inChange(error) : error;
  }
}

/** Prefixes the paths of errors with `change`. */
const inChange = ({ code, message, details }: AppError): AppError =>
  details.errors
    ? new AppError(code, `change.${message}`, { ...details, errors: details.errors.map((one) => ({ ...one, path: `change.${one.path}` })) })
    : new AppError(code, message, details);
