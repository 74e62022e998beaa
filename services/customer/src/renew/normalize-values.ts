import {
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
  perContactField,
  tag,
} from '@kontor/contracts';
import type { z } from 'zod';
import { domainKey, externalIdKey } from '../fields/lookup-keys.js';
import { toE164 } from '../fields/phone-number.js';
import { omitEmpty, uniqueBy, type Values } from '../fields/shared-fields.js';
import type { ContactRow } from '../tables/contact.table.js';
import type { CustomerRow } from '../tables/customer.table.js';
import type { RecordRow } from '../tables/record.table.js';

// Normalizes values stored by older rules as if they were written now. Values that would be refused now stay unchanged, so that nothing is lost.

function normalize<T>(schema: z.ZodType, value: T): T {
  const read = schema.safeParse(value);
  return read.success ? (read.data as T) : value;
}

// Other numbers are parsed as before; they keep their E.164 form, which may be of another country than the present one of the tenant.
const PARSED_DIFFERENTLY = /[^\d\s()+./-]|^\D*(\d\D*){0,6}$|^[0\D]*$/;

function normalizePhone(phone: Phone, country: string): Phone {
  const kept = normalize(NewPhone, phone);
  if (!PARSED_DIFFERENTLY.test(phone.number)) return kept;
  return omitEmpty({ ...kept, e164: toE164(kept.number, country) }) as Phone;
}

type Listed = Pick<Values, 'externalIds' | 'emails' | 'phones' | 'addresses' | 'links' | 'tags'>;

/** Absent lists stay absent. */
export function normalizeLists<T extends Partial<Listed>>(row: T, country: string): T {
  const { externalIds, emails, phones, addresses, links, tags } = row;
  return {
    ...row,
    ...(externalIds && {
      externalIds: uniqueBy(
        externalIds.map((one) => normalize(ExternalId, one)),
        externalIdKey,
      ),
    }),
    ...(emails && { emails: emails.map((one) => normalize(NewEmail, one)) }),
    ...(phones && { phones: phones.map((one) => normalizePhone(one, country)) }),
    ...(addresses && { addresses: addresses.map((one) => omitEmpty(normalize(NewAddress, one))) }),
    ...(links && { links: links.map((one) => normalize(NewLink, one)) }),
    ...(tags && { tags: [...new Set(tags.map((one) => normalize(tag, one)).filter((one) => !isBlank(one)))] }),
  };
}

export function normalizeContact<T extends ContactRow>(row: T, country: string): T {
  return {
    ...normalizeLists(row, country),
    ...perContactField(({ given }, name) => row[name] && (normalize(given, row[name]) || null)),
  };
}

export function normalizeCustomer<T extends CustomerRow>(row: T, country: string): T {
  return {
    ...normalizeLists(row, country),
    name: normalize(nameText, row.name) || row.name,
    domains: uniqueBy(
      row.domains.map((one) => normalize(mailDomain, one)),
      domainKey,
    ),
  };
}

export function normalizeNamed({ email, externalId }: NonNullable<RecordRow['named']>): RecordRow['named'] {
  return {
    ...(email !== undefined && { email: normalize(emailAddress, email) }),
    ...(externalId !== undefined && { externalId: normalize(ExternalId, externalId) }),
  };
}
