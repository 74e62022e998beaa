import { emailKey } from '../fields/lookup-keys.js';
import { isDistinctiveNumber, sameNumberKey } from '../fields/phone-number.js';
import type { ContactRow } from '../tables/contact.table.js';
import { type Text, textOf } from './likeness.js';

/** The compared fields of a contact. */
export type Compared = Pick<
  ContactRow,
  | 'id'
  | 'firstName'
  | 'middleName'
  | 'lastName'
  | 'birthday'
  | 'employeeCode'
  | 'companyName'
  | 'customerId'
  | 'emails'
  | 'phones'
  | 'addresses'
> & { version?: number };

/** A contact prepared for comparison with many others. */
export interface Person {
  id: string;
  /** The version of the contact. */
  version: number;
  first: Text | undefined;
  last: Text | undefined;
  /** All names together, for names that are split differently. */
  whole: Text | undefined;
  /** yyyy-mm-dd */
  birthday: string | null;
  code: string | null;
  emails: string[];
  phones: string[];
  customerId: string | null;
  company: Text | undefined;
  places: Place[];
}

/** An address: its lines without numbers, and the numbers separately, because they are mistyped in other ways. */
export interface Place {
  lines: Text[];
  number: string;
  city: Text | undefined;
  state: Text | undefined;
  postcode: string;
}

// More values add no evidence; the limits bound the cost of a comparison.
const MAX_VALUES = 10;
const MAX_PLACES = 4;

export function personOf(contact: Compared): Person {
  const { id, firstName, middleName, lastName, birthday, employeeCode, companyName, customerId } = contact;
  return {
    id,
    version: contact.version ?? 1,
    first: textOf(firstName, middleName),
    last: textOf(lastName),
    whole: textOf(firstName, middleName, lastName),
    birthday,
    code: employeeCode,
    emails: contact.emails.slice(0, MAX_VALUES).map((email) => emailKey(email.address)),
    phones: contact.phones.filter(isDistinctiveNumber).slice(0, MAX_VALUES).map(sameNumberKey),
    customerId,
    company: textOf(companyName),
    places: contact.addresses.slice(0, MAX_PLACES).map(placeOf),
  };
}

function placeOf({ line1, line2, city, state, postalCode }: Compared['addresses'][number]): Place {
  const lines = [textOf(line1), textOf(line2)];
  const isNumber = (word: string) => /^\d/.test(word);
  return {
    lines: lines.flatMap((line) => textOf(line?.words.filter((word) => !isNumber(word)).join(' ')) ?? []),
    number: lines.flatMap((line) => line?.words.find(isNumber) ?? [])[0] ?? '',
    city: textOf(city),
    state: textOf(state),
    postcode: textOf(postalCode)?.joined ?? '',
  };
}
