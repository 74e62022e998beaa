import { AppError, currentContext, parseInput } from '@kontor/bus';
import {
  type BulkItem,
  type Contact,
  type ContactPatch,
  type CreatedContact,
  NewContact,
  type Settings,
  statusOf,
} from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { refuseChangingAccess, refuseGrantees, refuseUnknownGrantees } from '../access/access.js';
import { type Changes, noChanges, recordAndPublish, updated } from '../changes/changes.js';
import { hintsFor, writeDuplicateKeys } from '../duplicate/hints.js';
import { externalIdKey } from '../fields/lookup-keys.js';
import { readSettings } from '../settings/settings.service.js';
import { newId } from '../sql/new-id.js';
import { retryOnUniqueViolation, retryOrRefuseTaken } from '../sql/retry-on-unique-violation.js';
import {
  type ContactRow,
  contactColumns,
  insertContacts,
  readContact,
  readContacts,
  type StoredContact,
  updateContacts,
  writableContact,
} from '../tables/contact.table.js';
import { ensurePrimaryContacts, lockCustomersOf } from '../tables/primary-contact.js';
import { refuseStale } from '../tables/refuse-stale.js';
import {
  customersByDomain,
  knownAgents,
  lockVisibleCustomers,
  noSuchAgent,
  primaryEmail,
  refuseBadCustomer,
  refuseTakenEmail,
  refuseUnknownCustomer,
  refuseUnknownOwner,
} from './contact-rules.js';
import { KeyHolders } from './key-holders.js';
import { emptyContact, mergeContact } from './merge-contact.js';

@Injectable()
export class ContactService {
  constructor(private readonly db: Database) {}

  create(input: NewContact): Promise<CreatedContact> {
    return retryOrRefuseTaken(() =>
      this.db.transaction(async (tx) => {
        const id = await idempotent(tx, input, async () => {
          const changes = noChanges();
          const row = await createContactIn(tx, input, changes);
          await recordAndPublish(tx, changes);
          await writeDuplicateKeys(tx, row);
          return row.id;
        });
        const contact = await readJustWritten(tx, id);
        return { ...contact, duplicates: await hintsFor(tx, contact) };
      }),
    );
  }

  get(id: string): Promise<Contact> {
    return this.db.transaction((tx) => readContact(tx, id));
  }

  change({ id, version, change }: { id: string; version?: number; change: ContactPatch }): Promise<Contact> {
    return retryOrRefuseTaken(() =>
      this.db.transaction(async (tx) => {
        if (change.customerId !== undefined) await lockCustomersOf(tx, [id], [change.customerId]);
        const before = await writableContact(tx, id);
        await refuseStale(tx, before, version, change);
        const changes = noChanges();
        await changeContactIn(tx, before, change, changes);
        await recordAndPublish(tx, changes);
        return readJustWritten(tx, before.id);
      }),
    );
  }

  /** Moves a contact into a customer, to another one, or out (docs/rules.md 1.4). */
  move({ id, version, customerId }: { id: string; version?: number; customerId: string | null }): Promise<Contact> {
    return this.change({ id, version, change: { customerId } });
  }

  /**
   * Validates each item separately: a refused one does not affect the others. The accepted ones are written in one transaction and published in one
   * event.
   */
  createMany(items: readonly unknown[]): Promise<{ items: BulkItem[] }> {
    return retryOnUniqueViolation(() =>
      this.db.transaction(async (tx) => {
        const results: BulkItem[] = [];
        const answered = await idempotent(tx, items, async () => {
          const settings = await readSettings(tx);
          const rows = new Map<number, { row: ContactRow; input: NewContact }>();
          items.forEach((item, index) => {
            try {
              const input = parseInput(NewContact, item);
              rows.set(index, { row: newContact(input, settings), input });
            } catch (error) {
              results[index] = refusedItem(index, error);
            }
          });
          await this.refuseEach(tx, rows, results);
          const accepted = [...rows.values()];
          const changes = noChanges();
          await addContacts(
            tx,
            accepted.map(({ row }) => row),
            accepted.filter(({ input }) => input.customerId === undefined).map(({ row }) => row),
            settings,
            changes,
          );
          await recordAndPublish(tx, changes);
          for (const [index, { row }] of rows) results[index] = { index, status: 201, id: row.id, version: 1 };
          return results;
        });
        return { items: answered };
      }),
    );
  }

  private async refuseEach(
    tx: EntityManager,
    rows: Map<number, { row: ContactRow; input: NewContact }>,
    results: BulkItem[],
  ): Promise<void> {
    const all = [...rows.values()];
    const holders = await KeyHolders.read(tx, {
      emails: all.flatMap(({ row }) => primaryEmail(row) ?? []),
      externals: all.flatMap(({ row }) => row.externalIds.map(externalIdKey)),
      codes: [],
    });
    const customers = await lockVisibleCustomers(
      tx,
      all.flatMap(({ input }) => input.customerId ?? []),
    );
    const agents = await knownAgents(
      tx,
      all.flatMap(({ input, row }) => [...(input.ownerId ? [input.ownerId] : []), ...row.access.agents.map(({ id }) => id)]),
    );
    for (const [index, { row, input }] of rows) {
      try {
        refuseBadCustomer(customers, input.customerId);
        if (input.ownerId && !agents.has(input.ownerId)) throw noSuchAgent();
        refuseGrantees(row.access, agents);
        holders.refuseTaken(undefined, row, input);
        holders.apply(undefined, row);
      } catch (error) {
        results[index] = refusedItem(index, error);
        rows.delete(index);
      }
    }
  }
}

/** Reads what the caller has just written, even if the change removed its own read access. */
async function readJustWritten(tx: EntityManager, id: string): Promise<StoredContact> {
  const [contact] = await readContacts(tx, [id], 'unfiltered');
  return contact ?? readContact(tx, id);
}

/** Creates one contact within a larger transaction. Adds to `changes`, which the caller records and publishes. */
export async function createContactIn(tx: EntityManager, input: NewContact, changes: Changes): Promise<ContactRow> {
  const settings = await readSettings(tx);
  const row = newContact(input, settings);
  await refuseUnknownCustomer(tx, row.customerId);
  await refuseUnknownOwner(tx, input.ownerId);
  await refuseUnknownGrantees(tx, row.access);
  await refuseTakenEmail(tx, row);
  await addContacts(tx, [row], input.customerId === undefined ? [row] : [], settings, changes);
  return row;
}

/** Changes one contact, read with `writableContact`, within a larger transaction. Writes nothing if nothing differs. */
export async function changeContactIn(tx: EntityManager, before: StoredContact, change: ContactPatch, changes: Changes): Promise<void> {
  const after = mergeContact(before, change, await readSettings(tx));
  const step = updated(contactColumns, before, after);
  if (!step) return;
  const fields = Object.keys(step.fields ?? {});
  refuseChangingAccess(before, fields);
  if (fields.includes('customerId')) await refuseUnknownCustomer(tx, after.customerId);
  if (fields.includes('ownerId')) await refuseUnknownOwner(tx, after.ownerId);
  if (fields.includes('access')) await refuseUnknownGrantees(tx, after.access);
  if (fields.includes('emails')) await refuseTakenEmail(tx, after);
  await updateContacts(tx, [after]);
  changes.contacts.push(step);
  if (fields.includes('customerId')) await ensurePrimaryContacts(tx, customerIdsOf([before, after]), changes, new Set([before.id]));
}

export const refusedItem = (index: number, error: unknown): BulkItem => {
  if (!(error instanceof AppError)) throw error;
  return {
    index,
    status: statusOf[error.code],
    problem: { code: error.code, detail: error.message, ...error.details },
  };
};

/** The row of a new contact; its owner is the calling agent unless another was named. */
export function newContact(input: NewContact, settings: Settings): ContactRow {
  const row = mergeContact({ id: newId(), ...emptyContact }, input, settings);
  return { ...row, ownerId: row.ownerId ?? currentContext().agent?.id ?? null };
}

/** Inserts contacts. Those in `unassigned` are assigned to customers by mail domain; customers without a primary contact get one. */
export async function addContacts(
  tx: EntityManager,
  rows: readonly ContactRow[],
  unassigned: readonly ContactRow[],
  settings: Settings,
  changes: Changes,
): Promise<void> {
  const customers = await customersByDomain(tx, unassigned, settings);
  for (const row of unassigned) row.customerId = customers.get(row.id) ?? row.customerId;
  await insertContacts(tx, rows);
  for (const { id } of rows) changes.contacts.push({ id, version: 1, change: 'created' });
  await ensurePrimaryContacts(tx, customerIdsOf(rows), changes, new Set(rows.map((row) => row.id)));
}

export const customerIdsOf = (rows: readonly { customerId: string | null }[]): string[] => rows.flatMap((row) => row.customerId ?? []);
