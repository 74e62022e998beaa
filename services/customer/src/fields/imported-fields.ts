import { fieldErrors } from '@kontor/bus';
import {
  type Address,
  type CustomField,
  ExactValues,
  type ExternalId,
  emailProblem,
  type FieldError,
  IMPORT_SOURCE,
  type ImportRow,
  type Phone,
  type Settings,
  truncate,
} from '@kontor/contracts';
import { readCustomField } from './custom-fields.js';
import { emailKey, externalIdKey } from './lookup-keys.js';
import { phoneKeys, sameNumberKey, samePhoneKey, toE164 } from './phone-number.js';
import { withPrimary } from './primary.js';
import { mergeValues, omitEmpty, type Values } from './shared-fields.js';

/**
 * Applies the values of an import row; only fields of the row change. The `exact` column is applied first, then the plain cells; a cell that equals
 * the present value changes nothing. Unusable values are dropped with a warning.
 */
export function applyImportedValues<T extends Values>(
  before: T,
  row: ImportRow,
  settings: Settings,
  noun: CustomField['for'],
  warnings: string[],
  source = IMPORT_SOURCE,
): T {
  const next: T = { ...before, ...(row.exact && applyExactValues(before, row.exact, settings, noun, warnings)) };
  // Cells are trimmed; stored notes may not be.
  if (row.notes && row.notes !== next.notes?.trim()) next.notes = row.notes;
  if (row.type) {
    const type =
      settings.types.find((one) => one === row.type) ?? settings.types.find((one) => one.toLowerCase() === row.type?.toLowerCase());
    if (type) next.type = type;
    else warnings.push(`type: "${row.type}" must be one of ${settings.types.join(', ')}; left out`);
  }
  if (row.tags?.length) next.tags = [...new Set([...next.tags, ...row.tags])].slice(0, 200);
  if (row.emails?.length) next.emails = withEmails(next.emails, row.emails, warnings);
  if (row.phones?.length) next.phones = withPhones(next.phones, row.phones, settings.country, warnings);
  if (row.address && Object.keys(row.address).length > 0) next.addresses = withAddress(next.addresses, row.address);
  if (row.homeAddress && Object.keys(row.homeAddress).length > 0) next.addresses = withHomeAddress(next.addresses, row.homeAddress);
  for (const website of [row.website ?? '', ...(row.otherWebsites ?? [])])
    if (website) next.links = withWebsite(next.links, website, warnings);
  if (row.externalId) next.externalIds = withExternalId(next.externalIds, { source, id: row.externalId });
  if (row.customFields) next.customFields = withCustomFields(next.customFields, row.customFields, settings, noun, warnings);
  return next;
}

/** Applies each field separately, so that one that is invalid, or unknown in this tenant, does not affect the others. */
function applyExactValues(before: Values, json: string, settings: Settings, noun: CustomField['for'], warnings: string[]): Values {
  const given = parseObject(json);
  if (!given) {
    warnings.push('exact: is not a JSON object; left out');
    return before;
  }
  const { customFields, ...lists } = given;
  const own = typeof customFields === 'object' && customFields !== null ? Object.entries(customFields) : [];
  const parts: Record<string, unknown>[] = [
    ...Object.entries(lists).map(([field, value]) => ({ [field]: value })),
    ...own.map(([key, value]) => ({ customFields: { [key]: value } })),
  ];
  return parts.reduce((values: Values, part) => {
    const errors: FieldError[] = [];
    const read = ExactValues.strict().safeParse(part);
    if (!read.success) errors.push(...fieldErrors(read.error.issues));
    const after = read.success ? mergeValues(values, read.data, settings, noun, errors) : values;
    if (errors.length === 0) return { ...after, ...(part.phones !== undefined && { phones: keepExportedE164(after.phones, part.phones) }) };
    warnings.push(`exact.${errors[0]?.path}: ${errors[0]?.message}; left out`);
    return values;
  }, before);
}

/** Keeps the E.164 form of the export: the country of this tenant must not change what a number without a country code means. */
function keepExportedE164(phones: readonly Phone[], given: unknown): Phone[] {
  const exported = given as { e164?: unknown }[] | null;
  return phones.map((phone, i) => {
    const e164 = exported?.[i]?.e164;
    return omitEmpty({ ...phone, e164: typeof e164 === 'string' && /^\+\d{2,15}$/.test(e164) ? e164 : undefined }) as Phone;
  });
}

/** The addresses and external ids in the `exact` column of a row, as far as they can be parsed. */
export function exactKeys({ exact = '' }: ImportRow): { emails: string[]; externals: string[] } {
  const { emails, externalIds } = parseObject(exact) ?? {};
  const [addresses, externals] = [
    ExactValues.shape.emails.safeParse(emails).data,
    ExactValues.shape.externalIds.safeParse(externalIds).data,
  ];
  return { emails: (addresses ?? []).map(({ address }) => emailKey(address)), externals: (externals ?? []).map(externalIdKey) };
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function withEmails(before: Values['emails'], addresses: readonly string[], warnings: string[]): Values['emails'] {
  const emails = [...before];
  for (const address of addresses) {
    const problem = emailProblem(address);
    if (problem) warnings.push(`email: "${truncate(address, 100)}" ${problem}; left out`);
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

/** A number that the contact already has stays unchanged; a new one replaces the number in the same slot of its kind, or is added. */
function withPhones(before: readonly Phone[], given: NonNullable<ImportRow['phones']>, country: string, warnings: string[]): Phone[] {
  const phones = [...before];
  for (const { number, kind, slot, label } of given) {
    if (!/\p{Nd}/u.test(number) || number.length > 64) {
      warnings.push(`phone: "${truncate(number, 100)}" is not a phone number; left out`);
      continue;
    }
    const phone = omitEmpty({ number, e164: toE164(number, country), kind, label: label && truncate(label, 100) }) as Omit<
      Phone,
      'primary'
    >;
    if (phoneKeys(phone).length === 0)
      warnings.push(`phone: "${number}" is not a number that can be dialled; kept as written, but contacts are not found by it`);
    const key = samePhoneKey(phone);
    // The column does not change the kind of a known number; the same number in two columns means that both kinds are intended.
    const isNamedTwice = given.some(
      (one) => one.kind !== kind && sameNumberKey({ ...phone, ...one, e164: toE164(one.number, country) }) === sameNumberKey(phone),
    );
    if (!isNamedTwice && phones.some((one) => one.number === number)) continue;
    if (phones.some((one) => (isNamedTwice ? samePhoneKey(one) === key : sameNumberKey(one) === sameNumberKey(phone)))) continue;
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

/** The plain columns hold one address, which is merged into the primary one column by column. */
function withAddress(before: readonly Address[], given: NonNullable<ImportRow['address']>): Address[] {
  const index = Math.max(
    before.findIndex((one) => one.primary),
    0,
  );
  const address = { ...before[index], ...omitEmpty(given), primary: true } as Address;
  return before.length === 0 ? [address] : before.map((one, i) => (i === index ? address : one));
}

/** The second address of a row becomes the one with this label, unless the contact already has it. */
function withHomeAddress(before: readonly Address[], given: NonNullable<ImportRow['homeAddress']>): Address[] {
  const parts = Object.entries(omitEmpty(given)) as [keyof Address, string][];
  if (before.some((one) => parts.every(([part, text]) => one[part] === text))) return [...before];
  const index = before.findIndex((one) => one.label === HOME);
  const address = { ...(before[index] ?? { label: HOME, primary: before.length === 0 }), ...Object.fromEntries(parts) } as Address;
  return index === -1 ? [...before, address] : before.map((one, i) => (i === index ? address : one));
}
const HOME = 'home';

function withWebsite(before: Values['links'], website: string, warnings: string[]): Values['links'] {
  const url = /^https?:\/\//i.test(website) ? website : `https://${website}`;
  if (!URL.canParse(url) || /\s/.test(url) || url.length > 1024) {
    warnings.push(`website: "${truncate(website, 100)}" is not a web address; left out`);
    return before;
  }
  return before.some((one) => one.url === url) ? before : [...before, { url, kind: 'website', primary: before.length === 0 }];
}

/** A contact has one id per source; those of other sources stay. */
function withExternalId(before: Values['externalIds'], given: ExternalId): Values['externalIds'] {
  if (before.some((one) => externalIdKey(one) === externalIdKey(given))) return before;
  return [...before.filter(({ source }) => source !== given.source), given];
}

function withCustomFields(
  before: Values['customFields'],
  cells: Record<string, string>,
  settings: Settings,
  noun: CustomField['for'],
  warnings: string[],
): Values['customFields'] {
  const fields = { ...before };
  for (const [key, cell] of Object.entries(cells)) {
    const field = settings.customFields.find((one) => one.key === key && one.for === noun);
    const present = fields[key];
    if (typeof present === 'string' && present.trim() === cell) continue;
    const value = field && readCustomField(field, cell);
    if (value !== undefined) fields[key] = value;
    else
      warnings.push(
        field
          ? `customFields.${key}: "${truncate(cell, 100)}" is not a ${field.kind.replace('_', ' ')}; left out`
          : `customFields.${key} is not a custom field of a ${noun} here; left out`,
      );
  }
  return fields;
}
