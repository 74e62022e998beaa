import { AppError, parseInput } from '@kontor/bus';
import { type BulkItem, type UpsertedRecord, UpsertRecord } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readOnly } from '../access/access.js';
import { noChanges, recordAndPublish } from '../changes/changes.js';
import { createContactIn, refusedItem } from '../contact/contact.service.js';
import { readSettings } from '../settings/settings.service.js';
import { newId } from '../sql/new-id.js';
import { retryOnUniqueViolation } from '../sql/retry-on-unique-violation.js';
import { keyOfRecord, lockRecords, type RecordRow, type StoredRecord } from '../tables/record.table.js';
import { applyRecordItem, linkedContact } from './apply-record-item.js';
import { contactFor, customerFor, findLinkables, isUnknownIdentity, type Linkables, mayCreateContacts } from './find-linkables.js';
import { type RecordWrite, rowOf, writeRecords } from './write-records.js';

@Injectable()
export class UpsertRecords {
  constructor(private readonly db: Database) {}

  /**
   * Validates each item separately: a refused one does not affect the others. Everything is retried if a concurrent call inserted the same key, or
   * took the address of the contact to be created, after it was checked.
   */
  async upsert(items: readonly unknown[]): Promise<{ items: UpsertedRecord[] }> {
    return { items: await retryOnUniqueViolation(() => this.db.transaction((tx) => this.upsertOnce(tx, items))) };
  }

  private async upsertOnce(tx: EntityManager, items: readonly unknown[]): Promise<UpsertedRecord[]> {
    const results: UpsertedRecord[] = [];
    const given = parseEach(items, results);
    const linkables = await findLinkables(tx, [...given.values()]);
    const before = await lockRecords(tx, [...given.values()]);
    const writes = new Map<string, RecordWrite>();
    for (const [index, item] of given) {
      const key = keyOfRecord(item);
      results[index] = attempt(index, () => {
        const write = applyItem(item, writes.get(key), before.get(key), linkables);
        writes.set(key, write);
        return { index, status: write.before ? 200 : 201, id: write.row.id };
      });
    }
    const [only] = [...given.values()];
    const made = items.length === 1 && only ? await this.createTicketContact(tx, only, writes.get(keyOfRecord(only)), results) : undefined;
    const accepted = new Set(results.map(({ id }) => id));
    const written = [...writes.values()].filter(({ row }) => accepted.has(row.id));
    const versions = await writeRecords(tx, written);
    const rows = new Map(written.map(({ row }) => [row.id, row]));
    return results.map((result) => ({ ...result, ...outcome(rows.get(result.id ?? ''), versions), ...(made && { contactCreated: true }) }));
  }

  /** A single ticket from an unknown address creates the contact (docs/rules.md 4.4), unless the tenant has disabled that. */
  private async createTicketContact(
    tx: EntityManager,
    item: UpsertRecord,
    write: RecordWrite | undefined,
    results: UpsertedRecord[],
  ): Promise<string | undefined> {
    const { email, externalId, firstName, lastName } = item.contact ?? {};
    const row = write?.row;
    if (!row?.named || !email || row.kind !== 'ticket' || !mayCreateContacts()) return undefined;
    if (!(await readSettings(tx)).contactFromTicket || !(await isUnknownIdentity(tx, row.named))) return undefined;
    try {
      const changes = noChanges();
      const contact = await createContactIn(
        tx,
        {
          firstName,
          lastName,
          emails: [{ address: email }],
          ...(externalId && { externalIds: [externalId] }),
          ...(row.customerId && { customerId: row.customerId }),
        },
        changes,
      );
      await recordAndPublish(tx, changes);
      Object.assign(row, { contactId: contact.id, named: null, customerId: row.customerId ?? contact.customerId });
      return contact.id;
    } catch (error) {
      results[0] = refusedItem(0, error);
      return undefined;
    }
  }
}

function parseEach(items: readonly unknown[], results: UpsertedRecord[]): Map<number, UpsertRecord> {
  const given = new Map<number, UpsertRecord>();
  items.forEach((item, index) => {
    try {
      given.set(index, parseInput(UpsertRecord, item));
    } catch (error) {
      results[index] = refusedItem(index, error);
    }
  });
  return given;
}

function attempt(index: number, work: () => BulkItem): BulkItem {
  try {
    return work();
  } catch (error) {
    return refusedItem(index, error);
  }
}

/** Applies one item to the record, or to the result of a preceding item of the same call. */
function applyItem(
  item: UpsertRecord,
  written: RecordWrite | undefined,
  before: StoredRecord | undefined,
  linkables: Linkables,
): RecordWrite {
  if (before && !before.mayRead)
    throw new AppError('conflict', 'This source, kind and externalId belong to a record that you may not see; ask an admin');
  if (before && !before.mayWrite) throw readOnly('record');
  const { source, externalId, kind, ...given } = item;
  const base = written?.row ?? (before ? rowOf(before) : { id: newId(), source, externalId, kind, ...emptyRecord });
  const contact = contactFor(given, linkables);
  return {
    row: applyRecordItem(base, given, {
      customerId: customerFor(given, linkables),
      contact: contact === undefined ? linkedContact(base, before) : contact,
    }),
    before,
  };
}

const emptyRecord: Omit<RecordRow, 'id' | 'source' | 'externalId' | 'kind'> = {
  title: null,
  status: null,
  amount: null,
  currency: null,
  dueAt: null,
  url: null,
  customerId: null,
  contactId: null,
  named: null,
  data: {},
};

const outcome = (row: RecordRow | undefined, versions: ReadonlyMap<string, number>): Partial<UpsertedRecord> =>
  row
    ? {
        version: versions.get(row.id),
        ...(row.contactId && { contactId: row.contactId }),
        ...(row.named && { waiting: true }),
      }
    : {};
