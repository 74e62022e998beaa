import { AppError, currentContext, invalid } from '@kontor/bus';
import type { Contact, Customer, CustomerPatch, FieldError, NewContact, NewCustomer, Settings } from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readOnly, refuseChangingAccess, refuseUnknownGrantees } from '../access/access.js';
import { type Changes, noChanges, recordAndPublish, updated } from '../changes/changes.js';
import { addContacts, newContact } from '../contact/contact.service.js';
import { emailTaken, holdersOf, lockVisibleCustomers, primaryEmail, refuseUnknownOwner } from '../contact/contact-rules.js';
import { domainKey } from '../fields/lookup-keys.js';
import { emptyValues, mergeValues, uniqueBy } from '../fields/shared-fields.js';
import { readSettings } from '../settings/settings.service.js';
import { newId } from '../sql/new-id.js';
import { retryOrRefuseTaken } from '../sql/retry-on-unique-violation.js';
import { readContacts } from '../tables/contact.table.js';
import {
  type CustomerRow,
  customerColumns,
  insertCustomer,
  readCustomer,
  readCustomers,
  type StoredCustomer,
  updateCustomer,
  writableCustomer,
} from '../tables/customer.table.js';
import { serializeParentChanges } from '../tables/lock-parents.js';
import { refuseStale } from '../tables/refuse-stale.js';

@Injectable()
export class CustomerService {
  constructor(private readonly db: Database) {}

  create(input: NewCustomer): Promise<Customer & { contacts?: Contact[] }> {
    return retryOrRefuseTaken(() =>
      this.db.transaction(async (tx) => {
        const { id, contactIds } = await idempotent(tx, input, async () => {
          const settings = await readSettings(tx);
          const customer = mergeCustomer({ id: newId(), ...emptyCustomer, ownerId: currentContext().agent?.id ?? null }, input, settings);
          await refuseUnknownOwner(tx, input.ownerId);
          await refuseUnknownGrantees(tx, customer.access);
          if (customer.parentId) await serializeParentChanges(tx);
          await refuseBadParent(tx, customer);
          await insertCustomer(tx, customer);
          const changes: Changes = { ...noChanges(), customers: [{ id: customer.id, version: 1, change: 'created' }] };
          const contacts = await this.newContactsOf(tx, customer, input.contacts ?? [], settings);
          await refuseUnknownGrantees(tx, { ...customer.access, agents: contacts.flatMap(({ access }) => access.agents) });
          await addContacts(tx, contacts, [], settings, changes);
          await recordAndPublish(tx, changes);
          return { id: customer.id, contactIds: contacts.map((contact) => contact.id) };
        });
        const customer = await readJustWritten(tx, id);
        if (!input.contacts) return customer;
        const contacts = new Map((await readContacts(tx, contactIds, 'unfiltered')).map((contact) => [contact.id, contact]));
        return { ...customer, contacts: contactIds.flatMap((one) => contacts.get(one) ?? []) };
      }),
    );
  }

  /** The contacts created together with a customer; an invalid one refuses the whole call, with its path. */
  private async newContactsOf(tx: EntityManager, customer: CustomerRow, given: readonly NewContact[], settings: Settings) {
    const rows = given.map((contact, i) => {
      if (contact.customerId)
        throw new AppError('invalid', `contacts[${i}].customerId: must be left out; the contact is put into the new customer`);
      return { ...withPathPrefix(`contacts[${i}]`, () => newContact(contact, settings)), customerId: customer.id };
    });
    const holders = await holdersOf(
      tx,
      rows.flatMap((row) => primaryEmail(row) ?? []),
    );
    rows.forEach((row, i) => {
      const email = primaryEmail(row);
      const holder = email === undefined ? undefined : holders.get(email);
      if (holder) throw emailTaken(holder, `contacts[${i}].emails`);
      if (email) holders.set(email, { id: row.id, displayName: `contacts[${i}] of this call` });
    });
    return rows;
  }

  get(id: string): Promise<Customer> {
    return this.db.transaction((tx) => readCustomer(tx, id));
  }

  change({ id, version, change }: { id: string; version?: number; change: CustomerPatch }): Promise<Customer> {
    return retryOrRefuseTaken(() =>
      this.db.transaction(async (tx) => {
        if (change.parentId) await serializeParentChanges(tx);
        const before = await writableCustomer(tx, id);
        await refuseStale(tx, before, version, change);
        const changes = noChanges();
        await this.changeIn(tx, before, change, changes);
        await recordAndPublish(tx, changes);
        return readJustWritten(tx, before.id);
      }),
    );
  }

  /** Changes one customer, read with `writableCustomer`, within a larger transaction. Writes nothing if nothing differs. */
  async changeIn(tx: EntityManager, before: StoredCustomer, change: CustomerPatch, changes: Changes): Promise<void> {
    const after = mergeCustomer(before, change, await readSettings(tx));
    const step = updated(customerColumns, before, after);
    if (!step) return;
    const fields = Object.keys(step.fields ?? {});
    refuseChangingAccess(before, fields);
    if (fields.includes('access')) await refuseUnknownGrantees(tx, after.access);
    if (fields.includes('ownerId')) await refuseUnknownOwner(tx, after.ownerId);
    if (fields.includes('parentId')) await refuseBadParent(tx, after);
    if (fields.includes('primaryContactId')) await this.changePrimaryContact(tx, before.primaryContactId, after, changes);
    await updateCustomer(tx, after);
    changes.customers.push(step);
  }

  /** Choosing another primary contact changes both contacts, the previous and the new one. */
  private async changePrimaryContact(tx: EntityManager, was: string | null, customer: CustomerRow, changes: Changes): Promise<void> {
    const [chosen] = await readContacts(tx, customer.primaryContactId ? [customer.primaryContactId] : []);
    if (!chosen || chosen.customerId !== customer.id) {
      const message = 'must be one of the contacts of this customer';
      throw new AppError('invalid', `primaryContactId: ${message}`, { errors: [{ path: 'primaryContactId', message, code: 'unknown' }] });
    }
    const raised: [{ id: string; version: number }[]] = await tx.query(
      'update contact set version = version + 1, updated_at = now() where id = any($1) and deleted_at is null returning id, version',
      [[was, chosen.id].filter(Boolean)],
    );
    for (const { id, version } of raised[0])
      changes.contacts.push({ id, version, change: 'updated', fields: { isPrimaryContact: [id === was, id !== was] } });
  }
}

/** Reads what the caller has just written, even if the change removed its own read access. */
async function readJustWritten(tx: EntityManager, id: string): Promise<StoredCustomer> {
  const [customer] = await readCustomers(tx, [id], 'unfiltered');
  return customer ?? readCustomer(tx, id);
}

const emptyCustomer: Omit<CustomerRow, 'id'> = { ...emptyValues, name: '', parentId: null, primaryContactId: null, domains: [] };

/** Applies a patch to a customer; throws `invalid` with every invalid field. */
export function mergeCustomer(before: CustomerRow, given: CustomerPatch | NewCustomer, settings: Settings): CustomerRow {
  const errors: FieldError[] = [];
  const row: CustomerRow = {
    id: before.id,
    name: given.name ?? before.name,
    parentId: given.parentId === undefined ? before.parentId : given.parentId,
    primaryContactId: ('primaryContactId' in given && given.primaryContactId) || before.primaryContactId,
    domains: given.domains === undefined ? before.domains : uniqueBy(given.domains ?? [], domainKey),
    ...mergeValues(before, given, settings, 'customer', errors),
  };
  if (errors.length > 0) throw invalid(errors);
  return row;
}

/** Refuses a parent that would create a cycle, or that the caller may not see or change. To be called after `serializeParentChanges`. */
async function refuseBadParent(tx: EntityManager, { id, parentId }: CustomerRow): Promise<void> {
  if (!parentId) return;
  const refuse = (message: string, code: string) =>
    new AppError('invalid', `parentId: ${message}`, { errors: [{ path: 'parentId', message, code }] });
  const parent = (await lockVisibleCustomers(tx, [parentId])).get(parentId);
  if (!parent) throw refuse('must be the id of a customer', 'unknown');
  if (!parent.mayWrite) throw readOnly('customer');
  const ancestors: { id: string }[] = await tx.query(
    `with recursive up as (
       select id, parent_id from customer where id = $1
       union select k.id, k.parent_id from customer k join up on k.id = up.parent_id
     ) select id from up`,
    [parentId],
  );
  if (ancestors.some((one) => one.id === id))
    throw refuse('would create a cycle: that customer is this one, or a department below it', 'circle');
}

/** Prefixes the paths of the errors in a nested object. */
function withPathPrefix<T>(prefix: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const errors = error.details.errors?.map((one) => ({ ...one, path: one.path ? `${prefix}.${one.path}` : prefix }));
    throw new AppError(error.code, `${prefix}: ${error.message}`, { ...error.details, ...(errors && { errors }) });
  }
}
