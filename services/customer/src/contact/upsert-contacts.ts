import { AppError, invalid, parseInput } from '@kontor/bus';
import {
  type BulkItem,
  ContactPatch,
  type InputOf,
  type NewContact,
  type Settings,
  statusOf,
  type upsertContacts,
} from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readOnly, refuseChangingAccess, refuseGrantees } from '../access/access.js';
import { noChanges, recordAndPublish, updated } from '../changes/changes.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import { readSettings } from '../settings/settings.service.js';
import { retryOnUniqueViolation } from '../sql/retry-on-unique-violation.js';
import { changedFields } from '../sql/rows.js';
import { type ContactRow, contactColumns, readContacts, type StoredContact, updateContacts } from '../tables/contact.table.js';
import { ensurePrimaryContacts, lockCustomersOf } from '../tables/primary-contact.js';
import { addContacts, customerIdsOf, newContact } from './contact.service.js';
import { knownAgents, lockCustomersOfDomains, lockVisibleCustomers, noSuchAgent, refuseBadCustomer } from './contact-rules.js';
import { KeyHolders } from './key-holders.js';
import { mergeContact } from './merge-contact.js';
import { unionKeys } from './union-keys.js';

type Batch = InputOf<typeof upsertContacts>;
type Match = Batch['match'];

@Injectable()
export class UpsertContacts {
  constructor(private readonly db: Database) {}

  /**
   * Validates each item separately. The accepted ones are written in one transaction, with one statement per table, and published in one event. The
   * whole batch is retried if a concurrent call took a key after it was checked.
   */
  async upsert(batch: Batch): Promise<{ items: BulkItem[] }> {
    return { items: await retryOnUniqueViolation(() => this.db.transaction((tx) => upsertBatch(tx, batch))) };
  }
}

async function upsertBatch(tx: EntityManager, { match, items }: Batch): Promise<BulkItem[]> {
  const settings = await readSettings(tx);
  const results: BulkItem[] = [];
  const patches = parse(items, match, results);
  const plan = await makePlan(tx, match, patches, settings, results);
  const versions = await write(tx, plan, settings);
  for (const result of results) if (result.id) result.version = versions.get(result.id);
  return results;
}

/** The valid items by index; the others are refused. */
function parse(items: readonly unknown[], match: Match, results: BulkItem[]): Map<number, { patch: ContactPatch; key: string }> {
  const patches = new Map<number, { patch: ContactPatch; key: string }>();
  items.forEach((item, index) => {
    attempt(index, results, () => {
      const patch = parseInput(ContactPatch, item);
      patches.set(index, { patch, key: keyOf(patch, match) });
    });
  });
  return patches;
}

function keyOf({ emails, externalIds, employeeCode }: ContactPatch, match: Match): string {
  const email = emails?.find((one) => one.primary) ?? emails?.[0];
  const external = externalIds?.[0];
  if (match === 'email' && email) return emailKey(email.address);
  if (match === 'externalId' && external) return externalIdKey(external);
  if (match === 'employeeCode' && employeeCode) return employeeCode;
  const path = match === 'email' ? 'emails' : match === 'externalId' ? 'externalIds' : match;
  throw invalid([{ path, message: `is missing: contacts are matched by it (match is ${match})`, code: 'missing' }]);
}

/** What will be written. A contact that several items are about appears once, in its final state. */
interface Plan {
  known: Map<string, StoredContact>;
  created: Map<string, ContactRow>;
  updated: Map<string, ContactRow>;
  /** New contacts whose customer was not specified. */
  unassigned: Set<string>;
}

async function makePlan(
  tx: EntityManager,
  match: Match,
  patches: ReadonlyMap<number, { patch: ContactPatch; key: string }>,
  settings: Settings,
  results: BulkItem[],
): Promise<Plan> {
  const all = [...patches.values()];
  const holders = await KeyHolders.read(tx, {
    emails: all.flatMap(({ patch }) => (patch.emails ?? []).map((one) => emailKey(one.address))),
    externals: all.flatMap(({ patch }) => (patch.externalIds ?? []).map(externalIdKey)),
    codes: match === 'employeeCode' ? all.map(({ key }) => key) : [],
  });
  const ids = new Set(all.flatMap(({ key }) => holders.of(match, key)));
  const customerIds = all.flatMap(({ patch }) => patch.customerId ?? []);
  if (all.some(({ patch }) => patch.customerId !== undefined)) await lockCustomersOf(tx, [...ids], customerIds);
  await lockCustomersOfDomains(
    tx,
    all.flatMap(({ patch }) => (patch.emails ?? []).map(({ address }) => address)),
    settings,
  );
  const contacts = ids.size > 0 ? await readContacts(tx, [...ids], 'lock') : [];
  const customers = await lockVisibleCustomers(tx, [...new Set(customerIds)]);
  const agents = await knownAgents(tx, [
    ...new Set(
      all.flatMap(({ patch }) => [...(patch.ownerId ? [patch.ownerId] : []), ...(patch.access?.agents ?? []).map(({ id }) => id)]),
    ),
  ]);
  const plan: Plan = {
    known: new Map(contacts.map((contact) => [contact.id, contact])),
    created: new Map(),
    updated: new Map(),
    unassigned: new Set(),
  };
  for (const [index, { patch, key }] of patches)
    attempt(index, results, () => {
      const before = find(plan, holders, match, key);
      const after = before ? mergeContact(before, unionKeys(before, patch), settings) : newContact(toNewContact(patch), settings);
      refuseBadCustomer(customers, patch.customerId);
      if (before) refuseChangingAccess(before, changedFields({ ownerId: 'uuid', access: 'jsonb' }, before, after));
      if (patch.ownerId && !agents.has(patch.ownerId)) throw noSuchAgent();
      refuseGrantees({ agents: patch.access?.agents ?? [] }, agents);
      holders.refuseTaken(before, after, patch);
      holders.apply(before, after);
      if (!before && patch.customerId === undefined) plan.unassigned.add(after.id);
      else if (patch.customerId !== undefined) plan.unassigned.delete(after.id);
      const isNew = !plan.known.has(after.id);
      (isNew ? plan.created : plan.updated).set(after.id, after);
      results[index] = { index, status: before ? 200 : 201, id: after.id };
    });
  return plan;
}

/** The contact that has this key after the preceding items have been applied. */
function find({ known, created, updated }: Plan, holders: KeyHolders, match: Match, key: string): ContactRow | undefined {
  const seen = (one: string) => updated.get(one) ?? created.get(one) ?? known.get(one);
  const isUnique = match === 'externalId' || (match === 'email' && holders.emails.has(key));
  // Keys that several contacts may share are matched only among the contacts that the caller may see.
  const [id, ...others] = holders.of(match, key).filter((one) => isUnique || seen(one));
  if (id === undefined) return undefined;
  // An address that is nobody's primary one and belongs to several contacts matches none of them.
  if (others.length > 0 && match === 'email') return undefined;
  if (others.length > 0)
    throw new AppError('conflict', `${match}: ${others.length + 1} contacts have it, so the match is ambiguous`, {
      errors: [{ path: match, message: `belongs to ${others.length + 1} contacts`, code: 'ambiguous' }],
    });
  const found = seen(id);
  if (!found) throw new AppError('conflict', `${match}: belongs to a contact that you may not see`);
  if (known.get(id)?.mayWrite === false) throw readOnly('contact');
  return found;
}

/** For a new contact, a cleared field is the same as an absent one, except that `customerId: null` means: no customer. */
const toNewContact = (patch: ContactPatch): NewContact =>
  Object.fromEntries(Object.entries(patch).filter(([key, value]) => value !== null || key === 'customerId')) as NewContact;

/** Writes the plan and returns the new versions of its contacts. Updates come first, so that keys are released before they are taken. */
async function write(tx: EntityManager, plan: Plan, settings: Settings): Promise<Map<string, number>> {
  const changes = noChanges();
  const moved: ContactRow[] = [];
  const different = [...plan.updated.values()].flatMap((row) => {
    const before = plan.known.get(row.id);
    const step = before && updated(contactColumns, before, row);
    if (!step) return [];
    changes.contacts.push(step);
    if (before.customerId !== row.customerId) moved.push(before, row);
    return [row];
  });
  await updateContacts(tx, different);
  await ensurePrimaryContacts(tx, customerIdsOf(moved), changes, new Set(different.map(({ id }) => id)));
  const created = [...plan.created.values()];
  await addContacts(
    tx,
    created,
    created.filter((row) => plan.unassigned.has(row.id)),
    settings,
    changes,
  );
  await recordAndPublish(tx, changes);
  const versions = new Map([...plan.known.values()].map(({ id, version }) => [id, version]));
  for (const { id, version } of changes.contacts) versions.set(id, version);
  return versions;
}

/** Runs the work for one item; a refusal becomes its result and does not affect the other items. */
function attempt(index: number, results: BulkItem[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    results[index] = { index, status: statusOf[error.code], problem: { code: error.code, detail: error.message, ...error.details } };
  }
}
