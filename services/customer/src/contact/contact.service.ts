import { AppError, currentContext, fieldErrors, invalid } from '@kontor/bus';
import { type Contact, type ContactPatch, NewContact, type Settings } from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Changes, settlePrimaryContacts } from '../customer/primary-contact.js';
import { tell } from '../customer/tell.js';
import { readSettings } from '../settings/settings.service.js';
import { deleteKeys } from '../values/keys.js';
import { mindingTaken } from '../values/minding-taken.js';
import { newId } from '../values/new-id.js';
import { refuseStale } from '../values/refuse-stale.js';
import { changedFields } from '../values/rows.js';
import { type ContactRow, contactColumns, insertContacts, readContact, type StoredContact, updateContacts } from './contact.table.js';
import {
  customersByDomain,
  emailTaken,
  existingCustomers,
  holdersOf,
  knownAgents,
  noSuchAgent,
  noSuchCustomer,
  primaryEmail,
  refuseTakenEmail,
  refuseUnknownCustomer,
  refuseUnknownOwner,
} from './contact-rules.js';
import { mergeContact, noContact } from './merge-contact.js';

@Injectable()
export class ContactService {
  constructor(@Inject(Database) private readonly db: Database) {}

  create(input: NewContact): Promise<Contact> {
    return mindingTaken(() =>
      this.db.transaction(async (tx) => {
        const [id = ''] = await idempotent(tx, input, async () => {
          const settings = await readSettings(tx);
          const row = newContact(input, settings);
          await refuseUnknownCustomer(tx, row.customerId);
          await refuseUnknownOwner(tx, input.ownerId);
          await refuseTakenEmail(tx, row);
          const changes: Changes = { contacts: [], customers: [] };
          await addContacts(tx, [row], input.customerId === undefined ? [row] : [], settings, changes);
          await tell(tx, changes);
          return [row.id];
        });
        return readContact(tx, id);
      }),
    );
  }

  get(id: string): Promise<Contact> {
    return this.db.transaction((tx) => readContact(tx, id));
  }

  change({ id, version, change }: { id: string; version?: number; change: ContactPatch }): Promise<Contact> {
    return mindingTaken(() =>
      this.db.transaction(async (tx) => {
        const before = await readContact(tx, id, 'lock');
        refuseStale(before, version, change);
        const settings = await readSettings(tx);
        const after = mergeContact(before, change, settings);
        const fields = changedFields(contactColumns, before, after);
        if (fields.length === 0) return before;
        if (fields.includes('customerId')) await refuseUnknownCustomer(tx, after.customerId);
        if (fields.includes('ownerId')) await refuseUnknownOwner(tx, after.ownerId);
        if (fields.includes('emails')) await refuseTakenEmail(tx, after);
        await updateContacts(tx, [after]);
        const changes: Changes = { contacts: [{ id, version: before.version + 1, change: 'updated', fields }], customers: [] };
        if (fields.includes('customerId')) await settlePrimaryContacts(tx, customersOf([before, after]), changes, new Set([id]));
        await tell(tx, changes);
        return readContact(tx, id);
      }),
    );
  }

  async delete({ id, version }: { id: string; version?: number }): Promise<Record<string, never>> {
    await this.db.transaction(async (tx) => {
      const before = await readContact(tx, id, 'lock');
      refuseStale(before, version);
      const changes: Changes = { contacts: [], customers: [] };
      await binContacts(tx, [before], changes);
      await settlePrimaryContacts(tx, customersOf([before]), changes, new Set());
      await tell(tx, changes);
    });
    return {};
  }

  /** Each item alone: what is refused costs no other. All that are accepted are written in one transaction and told in one event. */
  createMany(items: readonly unknown[]): Promise<{ items: BulkItem[] }> {
    return mindingTaken(() =>
      this.db.transaction(async (tx) => {
        const results: BulkItem[] = [];
        const ids = await idempotent(tx, items, async () => {
          const settings = await readSettings(tx);
          const rows = new Map<number, { row: ContactRow; input: NewContact }>();
          items.forEach((item, index) => {
            try {
              const parsed = NewContact.safeParse(item);
              if (!parsed.success) throw invalid(fieldErrors(parsed.error.issues));
              rows.set(index, { row: newContact(parsed.data, settings), input: parsed.data });
            } catch (error) {
              results[index] = refused(index, error);
            }
          });
          await this.refuseOneByOne(tx, rows, results);
          const accepted = [...rows.values()];
          const changes: Changes = { contacts: [], customers: [] };
          await addContacts(
            tx,
            accepted.map(({ row }) => row),
            accepted.filter(({ input }) => input.customerId === undefined).map(({ row }) => row),
            settings,
            changes,
          );
          await tell(tx, changes);
          for (const [index, { row }] of rows) results[index] = { index, status: 201, id: row.id, version: 1 };
          return results.map((result) => JSON.stringify(result));
        });
        return { items: ids.map((result) => JSON.parse(result) as BulkItem) };
      }),
    );
  }

  private async refuseOneByOne(
    tx: EntityManager,
    rows: Map<number, { row: ContactRow; input: NewContact }>,
    results: BulkItem[],
  ): Promise<void> {
    const all = [...rows.values()];
    const holders = await holdersOf(
      tx,
      all.flatMap(({ row }) => primaryEmail(row) ?? []),
    );
    const customers = await existingCustomers(
      tx,
      all.flatMap(({ input }) => input.customerId ?? []),
    );
    const agents = await knownAgents(
      tx,
      all.flatMap(({ input }) => input.ownerId ?? []),
    );
    for (const [index, { row, input }] of rows) {
      try {
        if (input.customerId && !customers.has(input.customerId)) throw noSuchCustomer();
        if (input.ownerId && !agents.has(input.ownerId)) throw noSuchAgent();
        const email = primaryEmail(row);
        const holder = email === undefined ? undefined : holders.get(email);
        if (holder) throw emailTaken(holder);
        if (email) holders.set(email, { id: row.id, displayName: `item ${index} of this call` });
      } catch (error) {
        results[index] = refused(index, error);
        rows.delete(index);
      }
    }
  }
}

export interface BulkItem {
  index: number;
  status: number;
  id?: string;
  version?: number;
  problem?: { code: string; detail: string };
}

const refused = (index: number, error: unknown): BulkItem => {
  if (!(error instanceof AppError)) throw error;
  return {
    index,
    status: error.code === 'email-taken' ? 409 : 400,
    problem: { code: error.code, detail: error.message, ...error.details },
  };
};

/** The row of a new contact; its owner is the calling agent unless another was named. */
export function newContact(input: NewContact, settings: Settings): ContactRow {
  const row = mergeContact({ id: newId(), ...noContact }, input, settings);
  return { ...row, ownerId: row.ownerId ?? currentContext().agent?.id ?? null };
}

/** Adds contacts: those in `unassigned` fall to customers by their mail domain; customers without a primary contact get one. */
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
  await settlePrimaryContacts(tx, customersOf(rows), changes, new Set(rows.map((row) => row.id)));
}

/** Moves contacts to the bin: they are in no list any more, and their e-mails are free. */
export async function binContacts(
  tx: EntityManager,
  contacts: readonly Pick<StoredContact, 'id' | 'version'>[],
  changes: Changes,
): Promise<void> {
  const ids = contacts.map((contact) => contact.id);
  await tx.query('update contact set deleted_at = now(), updated_at = now(), version = version + 1 where id = any($1)', [ids]);
  await deleteKeys(tx, 'contact', ids);
  for (const { id, version } of contacts) changes.contacts.push({ id, version: version + 1, change: 'binned' });
}

export const customersOf = (rows: readonly { customerId: string | null }[]): string[] => rows.flatMap((row) => row.customerId ?? []);
