import { type CustomFieldValue, IMPORT_SOURCE, type ImportRow, joinList, perContactField, type Settings } from '@kontor/contracts';
import { applyImportedValues } from '../fields/imported-fields.js';
import { primaryOf } from '../fields/primary.js';
import { emptyValues, type Values } from '../fields/shared-fields.js';
import type { Noun } from '../sql/rows.js';
import { changedFields, valueColumns } from '../sql/rows.js';
import type { ContactRow } from '../tables/contact.table.js';
import type { CustomerRow } from '../tables/customer.table.js';

/** How many numbers of each kind have a column: phone, phone2, phone3, mobile, fax, fax2. */
const slots = { phone: 3, mobile: 1, fax: 2 } as const;
const kinds = ['phone', 'mobile', 'fax'] as const;

/** The readable columns of these values, as the row that the import reads from them. */
export function plainRow(values: Values, customFields: readonly string[]): ImportRow {
  const email = primaryOf(values.emails);
  const address = primaryOf(values.addresses);
  const link = primaryOf(values.links);
  return {
    emails: [...new Set([...(email ? [email] : []), ...values.emails])].slice(0, 2).map((one) => one.address),
    phones: kinds.flatMap((kind) =>
      values.phones
        .filter((phone) => phone.kind === kind)
        .slice(0, slots[kind])
        .map(({ number }, slot) => ({ number, kind, slot })),
    ),
    ...(address && { address: partsOf(address) }),
    website: link?.kind === 'website' ? link.url : undefined,
    type: values.type ?? undefined,
    tags: values.tags,
    // The import trims cells.
    notes: values.notes?.trim(),
    externalId: values.externalIds.find((one) => one.source === IMPORT_SOURCE)?.id,
    customFields: Object.fromEntries(
      customFields.flatMap((key) => {
        const value = values.customFields[key];
        const cell = value === undefined ? '' : cellOf(value).trim();
        return cell === '' ? [] : [[key, cell]];
      }),
    ),
    ownerId: values.ownerId ?? undefined,
  };
}

const partsOf = ({ label: _, primary: __, ...parts }: Values['addresses'][number]) => parts;
const cellOf = (value: CustomFieldValue): string => (Array.isArray(value) ? joinList(value) : String(value));

const { ownerId: _, ...exactColumns } = valueColumns;
/** No default country: what a number without a country code means must not depend on where the file is imported. */
const NOWHERE = '';

/** The values that the plain row cannot represent exactly, as JSON; undefined if there are none. Determined by running the import on the row. */
export function exactOf(values: Values, plain: ImportRow, settings: Settings, noun: Noun): string | undefined {
  const applied = applyImportedValues(emptyValues, plain, { ...settings, country: NOWHERE }, noun, []);
  const fields = changedFields(exactColumns, applied, values) as (keyof typeof exactColumns)[];
  if (fields.length === 0) return undefined;
  const exact: Record<string, unknown> = Object.fromEntries(fields.map((field) => [field, values[field]]));
  if (fields.includes('customFields')) {
    const keys = Object.keys(values.customFields);
    const columns = Object.fromEntries(keys.map((key) => [key, 'jsonb']));
    exact.customFields = Object.fromEntries(
      changedFields(columns, applied.customFields, values.customFields).map((key) => [key, values.customFields[key]]),
    );
  }
  return JSON.stringify(exact);
}

/** Converts a contact to a row of the file; what the readable columns cannot represent goes into `exact`. */
export function contactToRow(contact: ContactRow, customFields: readonly string[], settings: Settings): ImportRow {
  const plain = plainRow(contact, customFields);
  return {
    id: contact.id,
    ...perContactField((_, name) => contact[name] ?? undefined),
    ...plain,
    exact: exactOf(contact, plain, settings, 'contact'),
  };
}

/** The cells of a row by column: the inverse of the mapping of an import. */
export function cellsOf({
  emails,
  phones,
  address,
  tags,
  customFields,
  homeAddress: _,
  otherWebsites: __,
  ...texts
}: ImportRow): Record<string, string | undefined> {
  return {
    ...texts,
    email: emails?.[0],
    email2: emails?.[1],
    ...Object.fromEntries((phones ?? []).map(({ number, kind, slot }) => [slot === 0 ? kind : `${kind}${slot + 1}`, number])),
    ...address,
    tags: joinList(tags ?? []),
    ...Object.fromEntries(Object.entries(customFields ?? {}).map(([key, cell]) => [`customFields.${key}`, cell])),
  };
}

/** Converts a customer to the cells of its row. */
export function customerToCells(
  customer: CustomerRow,
  customFields: readonly string[],
  settings: Settings,
): Record<string, string | undefined> {
  const plain = plainRow(customer, customFields);
  return {
    ...cellsOf({ ...plain, id: customer.id, exact: exactOf(customer, plain, settings, 'customer') }),
    name: customer.name,
    domains: joinList(customer.domains),
    parentId: customer.parentId ?? undefined,
    primaryContactId: customer.primaryContactId ?? undefined,
  };
}
