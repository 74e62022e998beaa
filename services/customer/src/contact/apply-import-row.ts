import {
  cleanEmail,
  cleanText,
  contactFieldNames,
  contactFields,
  emailProblem,
  IMPORT_SOURCE,
  type ImportRow,
  isBlank,
  type Settings,
  truncate,
} from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { applyImportedValues } from '../fields/imported-fields.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { ContactRow } from '../tables/contact.table.js';
import { knownAgents, lockVisibleCustomers } from './contact-rules.js';

/** The existing customers and agents that rows reference. */
export interface ReferencedIds {
  customers: ReadonlySet<string>;
  agents: ReadonlySet<string>;
}
const noReferences: ReferencedIds = { customers: new Set(), agents: new Set() };

export const parseUuid = (text: string | undefined): string | undefined =>
  text && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;

export async function readReferenced(tx: EntityManager, rows: readonly ImportRow[]): Promise<ReferencedIds> {
  const ids = (key: 'customerId' | 'ownerId') => [...new Set(rows.flatMap((row) => parseUuid(row[key]) ?? []))];
  const customers = await lockVisibleCustomers(tx, ids('customerId'));
  // Adding a contact to a customer requires write access to it.
  const open = [...customers].flatMap(([id, { mayWrite }]) => (mayWrite ? [id] : []));
  return { customers: new Set(open), agents: await knownAgents(tx, ids('ownerId')) };
}

/** Normalizes the values of a row for storing and comparing. Of `Ada Stone <ada@a.example>` only the address is used. */
export function cleanRow(row: ImportRow): ImportRow {
  const clean: ImportRow = { ...row };
  for (const key of contactFieldNames('text')) if (row[key] && isBlank(row[key])) delete clean[key];
  for (const key of [...contactFieldNames('code'), 'externalId', 'website'] as const) if (row[key]) clean[key] = cleanText(row[key]);
  if (row.emails) clean.emails = row.emails.map((one) => cleanEmail(one.replace(/^[^<>@]*<([^<>]+)>\s*$/, '$1')));
  if (row.phones) clean.phones = row.phones.map((phone) => ({ ...phone, number: cleanText(phone.number) }));
  if (row.tags) clean.tags = row.tags.map(cleanText).filter(Boolean);
  if (row.address) clean.address = Object.fromEntries(Object.entries(row.address).map(([key, line]) => [key, line && cleanText(line)]));
  return clean;
}

const plainFields = contactFieldNames('text', 'code', 'date');

/**
 * Applies a row of a file to a contact. Only fields of the row change, and no value is deleted. Unusable values are dropped with a warning; `reason`
 * is set if the row must be rejected.
 */
export function applyImportRow(
  contact: ContactRow,
  row: ImportRow,
  settings: Settings,
  referenced: ReferencedIds = noReferences,
  source = IMPORT_SOURCE,
): { contact: ContactRow; warnings: string[]; reason?: string } {
  const warnings: string[] = [];
  const tooLong = findTooLong(row);
  if (tooLong) return { contact, warnings, reason: tooLong };
  let next: ContactRow = { ...contact };
  for (const name of plainFields) {
    const value = row[name];
    if (!value || value === contact[name]) continue;
    const { data, error } = contactFields[name].given.safeParse(value);
    if (data) next[name] = data;
    else if (error) warnings.push(`${name}: "${truncate(value, 100)}" ${error.issues[0]?.message}; left out`);
  }
  next = applyImportedValues(next, row, settings, 'contact', warnings, source);
  const customerId = parseUuid(row.customerId);
  if (customerId && referenced.customers.has(customerId)) next.customerId = customerId;
  else if (row.customerId) warnings.push('customerId: is not the id of a customer; left out');
  const ownerId = parseUuid(row.ownerId);
  if (ownerId && referenced.agents.has(ownerId)) next.ownerId = ownerId;
  else if (row.ownerId) warnings.push('ownerId: is not the id of an agent; left out');
  return { contact: next, warnings };
}

// `exact` is parsed field by field, each with its own limit.
const maxLengths: Partial<Record<string, number>> = { notes: 32 * 1024, customFields: 32 * 1024, exact: 512 * 1024 };

/** Applies the limits of docs/rules.md 10 to a row: one that exceeds them is rejected, not truncated. */
function findTooLong(row: ImportRow): string | undefined {
  for (const [key, value] of Object.entries(row)) {
    const texts =
      typeof value === 'string'
        ? [value]
        : Array.isArray(value)
          ? value.flatMap((one) => (typeof one === 'string' ? one : [one.number, one.label]))
          : Object.values(value ?? {});
    const limit = maxLengths[key] ?? 1024;
    for (const text of texts) {
      if (typeof text !== 'string') continue;
      if (text.length > limit) return `${key}: is longer than ${limit} characters`;
      if (text.includes('\u0000')) return `${key}: must not contain a NUL character`;
    }
  }
  return undefined;
}

/** The keys by which a row is matched, in this order (docs/rules.md 7.5): contact id, the address that will be its primary one, external id. */
export const rowKeys = (row: ImportRow, source: string): { id?: string; email?: string; external?: string } => {
  const email = row.emails?.find((one) => emailProblem(one) === undefined);
  return {
    id: parseUuid(row.id),
    email: email && emailKey(email),
    external: row.externalId ? externalIdKey({ source, id: row.externalId }) : undefined,
  };
};
