import { AppError, currentContext } from '@kontor/bus';
import type {
  copyToWorkSite,
  InputOf,
  ListRequests,
  NewServiceRequest,
  ServiceRequest,
  ServiceRequestPatch,
  ServiceRequestSummary,
  WorkSiteAddress,
} from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readOnly } from '../access/access.js';
import { refuseBadCustomer, refuseUnknownOwner, visibleCustomers } from '../contact/contact-rules.js';
import { omitEmpty } from '../fields/shared-fields.js';
import { addLinkFilters } from '../filters/link-filters.js';
import { Conditions, readPage } from '../paging/page.js';
import { readSettings } from '../settings/settings.service.js';
import { newId } from '../sql/new-id.js';
import type { StoredContact } from '../tables/contact.table.js';
import { readAndLockParents } from '../tables/lock-parents.js';
import { refuseStale } from '../tables/refuse-stale.js';
import { applyCallerPatch, callerView, fillFromContact, prefixCallerErrors, type StatedCaller } from './caller.js';
import { contactToLink, contactWithCode } from './caller-contact.js';
import {
  insertRequest,
  mayReadRequest,
  nextNumber,
  type RequestRow,
  readRequest,
  requestRead,
  requestSummary,
  requestView,
  type StoredRequest,
  updateRequest,
  withLink,
  writableRequest,
} from './request.table.js';

@Injectable()
export class RequestService {
  constructor(private readonly db: Database) {}

  create(input: NewServiceRequest): Promise<ServiceRequest> {
    return this.db.transaction(async (tx) => {
      const id = await idempotent(tx, input, async () => {
        const stated = await patchCaller(tx, {}, { ...input.caller, ...codeOf(input) });
        const contact = await this.findCallerContact(tx, input.contactId, stated, input.customerId);
        const row: RequestRow = {
          id: newId(),
          number: 0,
          subject: input.subject || null,
          description: input.description || null,
          status: input.status ?? 'open',
          caller: contact ? fillFromContact(stated, contact) : stated,
          contactId: contact?.id ?? null,
          people: contact ? [contact.id] : [],
          customerId: input.customerId === undefined ? (contact?.customerId ?? null) : input.customerId,
          workSiteAddress: input.workSiteAddress ? mergeWorkSite({}, input.workSiteAddress) : null,
          ownerId: input.ownerId === undefined ? (currentContext().agent?.id ?? null) : input.ownerId,
        };
        await refuseUnknownOwner(tx, input.ownerId);
        await insertRequest(tx, { ...row, number: await nextNumber(tx) });
        return row.id;
      });
      return requestView(await readRequest(tx, id));
    });
  }

  get(id: string): Promise<ServiceRequest> {
    return this.db.transaction(async (tx) => requestView(await readRequest(tx, id)));
  }

  change({ id, version, change }: { id: string; version?: number; change: ServiceRequestPatch }): Promise<ServiceRequest> {
    return this.db.transaction(async (tx) => {
      const { before, contact } = await this.readForChange(tx, id, version, change);
      await refuseUnknownOwner(tx, change.ownerId);
      await updateRequest(tx, before, await this.changed(tx, before, change, contact));
      return requestView(await readRequest(tx, id));
    });
  }

  /**
   * Locks the contact and customer before the request, to keep the lock order. Which ones they are depends on the request, so it is read first, and
   * everything again if it was linked to another contact meanwhile.
   */
  private async readForChange(
    tx: EntityManager,
    id: string,
    version: number | undefined,
    change: ServiceRequestPatch,
  ): Promise<{ before: StoredRequest; contact: StoredContact | undefined }> {
    const seen = await readRequest(tx, id);
    if (!seen.mayWrite) throw readOnly('request');
    await refuseStale(tx, requestView(seen), version, change);
    const contact = await this.findCallerContact(
      tx,
      change.contactId,
      { employeeCode: codeToLinkBy(seen, change) ?? null },
      change.customerId,
    );
    const before = await writableRequest(tx, id);
    if (before.contactId !== seen.contactId) return this.readForChange(tx, id, version, change);
    await refuseStale(tx, requestView(before), version, change);
    return { before, contact };
  }

  private async changed(
    tx: EntityManager,
    before: StoredRequest,
    change: ServiceRequestPatch,
    contact: StoredContact | undefined,
  ): Promise<RequestRow> {
    const { caller, contactId, workSiteAddress, ...rest } = change;
    const row: RequestRow = { ...before, ...withoutUndefined(rest) };
    row.subject ||= null;
    row.description ||= null;
    if (workSiteAddress !== undefined)
      row.workSiteAddress = workSiteAddress && mergeWorkSite(before.workSiteAddress ?? {}, workSiteAddress);
    if (caller === null) row.caller = {};
    if (caller) row.caller = await patchCaller(tx, before.caller, caller);
    if (contactId === null) row.contactId = null;
    if (contact) {
      Object.assign(row, withLink(row, contact.id));
      row.customerId = change.customerId === undefined ? (contact.customerId ?? before.customerId) : change.customerId;
    }
    if (contact && codeToLinkBy(before, change)) row.caller = fillFromContact(row.caller, contact);
    return row;
  }

  /** The contact given by id, else by employee code, locked together with the given customer. */
  private async findCallerContact(
    tx: EntityManager,
    id: string | null | undefined,
    { employeeCode }: StatedCaller,
    customerId: string | null | undefined,
  ): Promise<StoredContact | undefined> {
    const read = async () => {
      refuseBadCustomer(await visibleCustomers(tx, customerId ? [customerId] : []), customerId);
      if (id) return contactToLink(tx, id);
      return employeeCode ? contactWithCode(tx, employeeCode) : undefined;
    };
    return readAndLockParents(tx, read, (contact) => ({ customers: [customerId], contacts: contact ? [contact] : [] }));
  }

  copyToWorkSite({ id, version, from }: InputOf<typeof copyToWorkSite>): Promise<ServiceRequest> {
    return this.db.transaction(async (tx) => {
      await idempotent(tx, { id, from }, async () => {
        const before = await writableRequest(tx, id);
        await refuseStale(tx, requestView(before), version);
        const { addresses } = callerView(before.caller);
        const address = addresses[from - 1];
        if (!address) throw tooFewAddresses(from, addresses.length);
        const { primary: _, ...workSiteAddress } = address;
        await updateRequest(tx, before, { ...before, workSiteAddress });
        return id;
      });
      return requestView(await readRequest(tx, id));
    });
  }

  list({ sort, limit, cursor, ...input }: ListRequests): Promise<{ items: ServiceRequestSummary[]; nextCursor: string | null }> {
    return this.db.transaction(async (tx) => {
      const where = new Conditions().add('t.deleted_at is null').add(mayReadRequest());
      if (!(await addLinkFilters(tx, where, input))) return { items: [], nextCursor: null };
      const columns = { status: 't.status', ownerId: 't.owner_id', number: 't.number' };
      for (const [name, column] of Object.entries(columns)) where.addIf(`${column} = $`, input[name as keyof typeof columns]);
      where.addIf('t.updated_at >= $', input.updatedSince);
      const { rows, nextCursor } = await readPage<StoredRequest>(tx, { ...requestRead, where, sort, limit, cursor });
      return { items: rows.map(requestSummary), nextCursor };
    });
  }
}

/** The employee code to find the contact by. In a request that is linked already, a new code only corrects the data. */
const codeToLinkBy = (before: RequestRow, { contactId, caller }: ServiceRequestPatch): string | null | undefined =>
  contactId === undefined && !before.contactId ? caller?.employeeCode : undefined;

const patchCaller = async (
  tx: EntityManager,
  before: StatedCaller,
  given: Parameters<typeof applyCallerPatch>[1],
): Promise<StatedCaller> => {
  const settings = await readSettings(tx);
  return prefixCallerErrors(() => applyCallerPatch(before, given, settings));
};

/** The top-level `employeeCode` is a shorthand for that of the caller. */
function codeOf({ employeeCode, caller }: NewServiceRequest): { employeeCode?: string } {
  if (!employeeCode) return {};
  if (caller?.employeeCode && caller.employeeCode !== employeeCode) {
    const message = 'must equal caller.employeeCode; give only one of them';
    throw new AppError('invalid', `employeeCode: ${message}`, { errors: [{ path: 'employeeCode', message, code: 'invalid' }] });
  }
  return { employeeCode };
}

/** Applies a patch to a work-site address; null if nothing is left in it. */
function mergeWorkSite(before: WorkSiteAddress, given: object): WorkSiteAddress | null {
  const merged = Object.fromEntries(Object.entries({ ...before, ...withoutUndefined(given) }).filter(([, value]) => value !== null));
  const { label, ...place } = omitEmpty(merged) as WorkSiteAddress;
  return Object.keys(place).length > 0 ? { ...place, ...(label !== undefined && { label }) } : null;
}

function tooFewAddresses(from: number, there: number): AppError {
  const message = there === 0 ? 'the caller’s data has no address' : `the caller’s data has no address ${from}, only ${there}`;
  return new AppError('conflict', `from: ${message}; add it to caller.addresses first`, {
    errors: [{ path: 'from', message, code: 'unknown' }],
  });
}

const withoutUndefined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
