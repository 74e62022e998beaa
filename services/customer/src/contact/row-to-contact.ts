import type { Address, ImportRow, Phone, Settings } from '@kontor/contracts';
import { emailKey, externalIdKey, tidy } from '../values/check-values.js';
import { readCustomField } from '../values/custom-fields.js';
import { keyOf, toE164 } from '../values/phone-number.js';
import { withPrimary } from '../values/primary.js';
import type { ContactRow } from './contact.table.js';

/** Rows of a file carry ids of the file's own numbering; they are kept under this source. */
export const IMPORT_SOURCE = 'import';
const isEmail = (text: string) => text.length <= 254 && /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(text);

/**
 * Lays a row of a file over a contact: only what the row has changes; nothing that the contact has is lost.
 * What cannot be used is left out with a warning. Gives undefined in `reason`'s place when the row can stay.
 */
export function layRowOver(
  contact: ContactRow,
  row: ImportRow,
  settings: Settings,
): { contact: ContactRow; warnings: string[]; reason?: string } {
  const warnings: string[] = [];
  const tooLong = longest(row);
  if (tooLong) return { contact, warnings, reason: tooLong };
  const next: ContactRow = { ...contact };
  for (const key of ['firstName', 'middleName', 'lastName', 'employeeCode', 'companyName', 'jobTitle', 'birthday', 'notes'] as const)
    if (row[key]) next[key] = row[key];
  if (row.language) {
    const language = canonicalLanguage(row.language);
    if (language) next.language = language;
    else warnings.push(`language: "${row.language}" is no language tag like de or en-GB; left out`);
  }
  if (row.type) {
    const type = settings.types.find((one) => one.toLowerCase() === row.type?.toLowerCase());
    if (type) next.type = type;
    else warnings.push(`type: "${row.type}" is none of ${settings.types.join(', ')}; left out`);
  }
  if (row.tags?.length) next.tags = [...new Set([...contact.tags, ...row.tags])].slice(0, 200);
  if (row.emails?.length) next.emails = withEmails(contact.emails, row.emails, warnings);
  if (row.phones?.length) next.phones = withPhones(contact.phones, row.phones, settings.country, warnings);
  if (row.address && Object.keys(row.address).length > 0) next.addresses = withAddress(contact.addresses, row.address);
  if (row.website) next.links = withWebsite(contact.links, row.website, warnings);
  if (row.externalId) {
    const external = { source: IMPORT_SOURCE, id: row.externalId };
    next.externalIds = [...contact.externalIds.filter((one) => one.source !== IMPORT_SOURCE), external];
  }
  for (const [key, cell] of Object.entries(row.customFields ?? {})) {
    const field = settings.customFields.find((one) => one.key === key && one.for === 'contact');
    const value = field && readCustomField(field, cell);
    if (value === undefined)
      warnings.push(
        field
          ? `customFields.${key}: "${cell.slice(0, 100)}" is no ${field.kind.replace('_', ' ')}; left out`
          : `customFields.${key} is no custom field of a contact here; left out`,
      );
    else next.customFields = { ...next.customFields, [key]: value };
  }
  return { contact: next, warnings };
}

function canonicalLanguage(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

/** The limits of product.md 10 hold for rows too; a row over them is refused rather than cut. */
function longest(row: ImportRow): string | undefined {
  for (const [key, value] of Object.entries(row)) {
    const texts =
      typeof value === 'string'
        ? [value]
        : Array.isArray(value)
          ? value.map((one) => (typeof one === 'string' ? one : one.number))
          : Object.values(value ?? {});
    const most = key === 'notes' || key === 'customFields' ? 32 * 1024 : 1024;
    for (const text of texts) {
      if (typeof text !== 'string') continue;
      if (text.length > most) return `${key}: is longer than ${most} characters`;
      if (text.includes('\u0000')) return `${key}: has a NUL character`;
    }
  }
  return undefined;
}

function withEmails(before: ContactRow['emails'], addresses: readonly string[], warnings: string[]): ContactRow['emails'] {
  const emails = [...before];
  for (const address of addresses) {
    if (!isEmail(address)) warnings.push(`email: "${address.slice(0, 100)}" is no e-mail address; left out`);
    else if (!emails.some((one) => emailKey(one.address) === emailKey(address))) emails.push({ address, primary: false });
  }
  return emails.some((one) => one.primary)
    ? emails
    : withPrimary(
        emails.map(({ primary: _, ...one }) => one),
        'emails',
        [],
      );
}

/** A number the contact has already stays as it is; else it takes the place of the number in the same slot of its kind, or is added. */
function withPhones(before: readonly Phone[], given: NonNullable<ImportRow['phones']>, country: string, warnings: string[]): Phone[] {
  const phones = [...before];
  for (const { number, kind, slot } of given) {
    if (!/\d/.test(number) || number.length > 64) {
      warnings.push(`phone: "${number.slice(0, 100)}" is no phone number; left out`);
      continue;
    }
    const e164 = toE164(number, country);
    const key = keyOf({ number, e164 });
    if (phones.some((one) => keyOf(one) === key)) continue;
    const phone = tidy({ number, e164, kind }) as Omit<Phone, 'primary'>;
    const same = before.filter((one) => one.kind === kind)[slot];
    const place = same ? phones.indexOf(same) : -1;
    if (place >= 0) phones[place] = { ...phone, primary: phones[place]?.primary ?? false };
    else phones.push({ ...phone, primary: false });
  }
  return phones.some((one) => one.primary)
    ? phones
    : (withPrimary(
        phones.map(({ primary: _, ...one }) => one),
        'phones',
        [],
      ) as Phone[]);
}

/** A file has one address: it is laid over the primary one, column by column. */
function withAddress(before: readonly Address[], given: NonNullable<ImportRow['address']>): Address[] {
  const index = Math.max(
    before.findIndex((one) => one.primary),
    0,
  );
  const address = { ...before[index], ...tidy(given), primary: true } as Address;
  return before.length === 0 ? [address] : before.map((one, i) => (i === index ? address : one));
}

function withWebsite(before: ContactRow['links'], website: string, warnings: string[]): ContactRow['links'] {
  const url = /^https?:\/\//i.test(website) ? website : `https://${website}`;
  if (!URL.canParse(url) || /\s/.test(url)) {
    warnings.push(`website: "${website.slice(0, 100)}" is no web address; left out`);
    return before;
  }
  return before.some((one) => one.url === url) ? before : [...before, { url, kind: 'website', primary: before.length === 0 }];
}

/** What a row is known by, in this order (product.md 7.5): the address that will be its primary one, then its id. */
export const rowKeys = (row: ImportRow): { email?: string; external?: string } => {
  const email = row.emails?.find(isEmail);
  return {
    email: email && emailKey(email),
    external: row.externalId ? externalIdKey({ source: IMPORT_SOURCE, id: row.externalId }) : undefined,
  };
};
