import {
  codeText,
  ExternalId,
  emailAddress,
  isBlank,
  mailDomain,
  NewAddress,
  NewEmail,
  NewLink,
  NewPhone,
  nameText,
  type Phone,
  tag,
} from '@kontor/contracts';
import type { z } from 'zod';
import { domainKey, externalIdKey } from '../fields/lookup-keys.js';
import { toE164 } from '../fields/phone-number.js';
import { omitEmpty, uniqueBy, type Values } from '../fields/shared-fields.js';
import type { ContactRow } from '../tables/contact.table.js';
import type { CustomerRow } from '../tables/customer.table.js';
import type { RecordRow } from '../tables/record.table.js';

// How values that were written by older rules would be kept if they were written now. What would be refused now stays as it is: nothing is lost.

function today<T>(schema: z.ZodType, value: T): T {
  const read = schema.safeParse(value);
  return read.success ? (read.data as T) : value;
}
const nameToday = (name: string | null): string | null => name && (today(nameText, name) || null);

// Other numbers are read as they always were; they keep their E.164 form, which may be that of another country than the tenant has now.
const READ_IN_ANOTHER_WAY = /[^\d\s()+./-]|^\D*(\d\D*){0,6}$|^[0\D]*$/;

function phoneToday(phone: Phone, country: string): Phone {
  const kept = today(NewPhone, phone);
  if (!READ_IN_ANOTHER_WAY.test(phone.number)) return kept;
  return omitEmpty({ ...kept, e164: toE164(kept.number, country) }) as Phone;
}

type Listed = Pick<Values, 'externalIds' | 'emails' | 'phones' | 'addresses' | 'links' | 'tags'>;

/** Lists that are not there stay so. */
export function listsToday<T extends Partial<Listed>>(row: T, country: string): T {
  const { externalIds, emails, phones, addresses, links, tags } = row;
  return {
    ...row,
    ...(externalIds && {
      externalIds: uniqueBy(
        externalIds.map((one) => today(ExternalId, one)),
        externalIdKey,
      ),
    }),
    ...(emails && { emails: emails.map((one) => today(NewEmail, one)) }),
    ...(phones && { phones: phones.map((one) => phoneToday(one, country)) }),
    ...(addresses && { addresses: addresses.map((one) => omitEmpty(today(NewAddress, one))) }),
    ...(links && { links: links.map((one) => today(NewLink, one)) }),
    ...(tags && { tags: [...new Set(tags.map((one) => today(tag, one)).filter((one) => !isBlank(one)))] }),
  };
}

export function contactToday<T extends ContactRow>(row: T, country: string): T {
  return {
    ...listsToday(row, country),
    firstName: nameToday(row.firstName),
    middleName: nameToday(row.middleName),
    lastName: nameToday(row.lastName),
    companyName: nameToday(row.companyName),
    jobTitle: nameToday(row.jobTitle),
    employeeCode: row.employeeCode && (today(codeText, row.employeeCode) || null),
  };
}

export function customerToday<T extends CustomerRow>(row: T, country: string): T {
  return {
    ...listsToday(row, country),
    name: nameToday(row.name) ?? row.name,
    domains: uniqueBy(
      row.domains.map((one) => today(mailDomain, one)),
      domainKey,
    ),
  };
}

export function namedToday({ email, externalId }: NonNullable<RecordRow['named']>): RecordRow['named'] {
  return {
    ...(email !== undefined && { email: today(emailAddress, email) }),
    ...(externalId !== undefined && { externalId: today(ExternalId, externalId) }),
  };
}
