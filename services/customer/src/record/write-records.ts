import type { EntityManager } from 'typeorm';
import { publishDerivedChange } from '../changes/changes.js';
import { insertRecords, type RecordRow, type StoredRecord, updateRecords } from '../tables/record.table.js';
import { writeWaiting } from '../tables/waiting-records.js';

/** A record to write, and its previous state if it exists. */
export interface RecordWrite {
  row: RecordRow;
  before?: StoredRecord;
}

/**
 * Writes records and what they wait for, and publishes changes of entries that got or lost opportunities. Returns the new versions, which are higher
 * only if something changed.
 */
export async function writeRecords(tx: EntityManager, writes: readonly RecordWrite[]): Promise<Map<string, number>> {
  const inserted = writes.filter(({ before }) => !before);
  const known = writes.filter(({ before }) => before);
  await insertRecords(
    tx,
    inserted.map(({ row }) => row),
  );
  const raised = await updateRecords(
    tx,
    known.map(({ row }) => row),
  );
  const changed = known.filter(({ row }) => raised.has(row.id));
  await writeWaiting(
    tx,
    [...inserted, ...changed].map(({ row }) => row),
    changed.map(({ row }) => row.id),
  );
  await publishOpportunityChanges(tx, [...inserted, ...changed]);
  return new Map(writes.map(({ row, before }) => [row.id, raised.get(row.id) ?? before?.version ?? 1]));
}

/** Publishes a change of every entry that got or lost an opportunity, even if it has others: a concurrent transaction may be changing those. */
async function publishOpportunityChanges(tx: EntityManager, writes: readonly RecordWrite[]): Promise<void> {
  const contacts: string[] = [];
  const customers: string[] = [];
  for (const { row, before } of writes) {
    if (row.kind !== 'opportunity') continue;
    const was = before?.linked;
    if (was?.contactId !== row.contactId) contacts.push(...[was?.contactId, row.contactId].flatMap((id) => id ?? []));
    if (was?.customerId !== row.customerId) customers.push(...[was?.customerId, row.customerId].flatMap((id) => id ?? []));
  }
  await publishDerivedChange(tx, 'contact', contacts, 'hasOpportunities');
  await publishDerivedChange(tx, 'customer', customers, 'hasOpportunities');
}

/** Converts a record as it is read to its stored form. */
export const rowOf = ({ linked, contact, ...record }: StoredRecord): RecordRow => ({
  ...record,
  customerId: linked.customerId,
  contactId: linked.contactId,
  named: contact,
});
