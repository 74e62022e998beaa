import type { RecordPatch } from '@kontor/contracts';
import type { RecordRow, StoredRecord } from '../tables/record.table.js';

/** A contact or customer that a record may be linked to, and the customer of that contact. */
export interface Linkable {
  id: string;
  customerId: string | null;
}

/**
 * Applies the given fields to a record: absent fields stay, null clears. `contact` is the one that was found, null if the referenced one is unknown.
 */
export function applyRecordItem(
  before: RecordRow,
  given: RecordPatch,
  found: { customerId?: string; contact?: Linkable | null },
): RecordRow {
  const text = (name: 'title' | 'status' | 'url' | 'amount' | 'currency') =>
    given[name] === undefined ? before[name] : given[name] || null;
  const row: RecordRow = {
    ...before,
    title: text('title'),
    status: text('status'),
    amount: text('amount'),
    currency: text('currency'),
    url: text('url'),
    dueAt: given.dueAt === undefined ? before.dueAt : given.dueAt && normalizeDueAt(given.dueAt),
    customerId: given.customerId === undefined ? before.customerId : (found.customerId ?? null),
    data: given.data === undefined ? before.data : (given.data ?? {}),
  };
  if (given.contactId !== undefined || given.contact !== undefined) {
    const { email, externalId } = given.contact ?? {};
    row.contactId = found.contact?.id ?? null;
    row.named = given.contact && !found.contact ? { ...(email && { email }), ...(externalId && { externalId }) } : null;
  }
  row.customerId ??= found.contact?.customerId ?? null;
  return row;
}

/** The contact that a record is linked to already. */
export const linkedContact = ({ contactId }: RecordRow, before: StoredRecord | undefined): Linkable | undefined =>
  contactId && before?.linked.contactId === contactId ? { id: contactId, customerId: before.linked.contactsCustomerId } : undefined;

/** Dates stay dates; timestamps are stored in UTC with millisecond precision. */
const normalizeDueAt = (dueAt: string): string => (dueAt.includes('T') ? new Date(dueAt).toISOString() : dueAt);

/** Applies a JSON merge patch (RFC 7396): null removes a member, objects are merged, anything else replaces. */
export function mergeData(before: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const merged = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(patch)) {
    const was = merged.get(name);
    if (value === null) merged.delete(name);
    else merged.set(name, isObject(value) ? mergeData(isObject(was) ? was : {}, value) : value);
  }
  return Object.fromEntries(merged);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
