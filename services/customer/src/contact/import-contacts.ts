import { currentContext, runAs } from '@kontor/bus';
import type { InputOf, importContacts, RowOutcome, Settings } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { mayChangeAccess } from '../access/access.js';
import { noChanges, recordAndPublish, updated } from '../changes/changes.js';
import { likeness, textOf } from '../duplicate/likeness.js';
import { exactKeys } from '../fields/imported-fields.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import { readSettings } from '../settings/settings.service.js';
import { newId } from '../sql/new-id.js';
import { retryOnUniqueViolation } from '../sql/retry-on-unique-violation.js';
import { type ContactRow, contactColumns, readContacts, type StoredContact, updateContacts } from '../tables/contact.table.js';
import { ensurePrimaryContacts, lockCustomersOf } from '../tables/primary-contact.js';
import { applyImportRow, cleanRow, parseUuid, readReferenced, rowKeys } from './apply-import-row.js';
import { addContacts, customerIdsOf } from './contact.service.js';
import { lockCustomersOfDomains, primaryEmail } from './contact-rules.js';
import { emptyContact, missingIdentity } from './merge-contact.js';

type Batch = InputOf<typeof importContacts>;

/** The planned effect of a batch, computed before anything is written. A contact that several rows are about appears once. */
interface Plan {
  outcomes: RowOutcome[];
  created: Map<string, ContactRow>;
  updated: Map<string, ContactRow>;
  known: Map<string, StoredContact>;
}

@Injectable()
export class ImportContacts {
  constructor(private readonly db: Database) {}

  /**
   * Imports one batch in one transaction, together with its outcomes; the same batch sent again returns the stored outcomes. The whole batch is
   * retried if a concurrent call took an e-mail or external id after it was checked.
   */
  async importBatch(batch: Batch): Promise<{ outcomes: RowOutcome[] }> {
    const once = () => this.db.transaction((tx) => this.importOnce(tx, batch));
    return { outcomes: await runAs({ ...currentContext(), door: 'import' }, () => retryOnUniqueViolation(once)) };
  }

  private async importOnce(tx: EntityManager, batch: Batch): Promise<RowOutcome[]> {
    const key = [currentContext().tenant, batch.importId, batch.number];
    // If the batch is sent twice at the same time, the second call waits here for the first.
    const first: unknown[] = await tx.query(
      'insert into import_batch (tenant_id, import_id, number) values ($1, $2, $3) on conflict do nothing returning 1',
      key,
    );
    if (first.length === 0) {
      const [kept]: { outcomes: RowOutcome[] }[] = await tx.query(
        'select outcomes from import_batch where tenant_id = $1 and import_id = $2 and number = $3',
        key,
      );
      return kept?.outcomes ?? [];
    }
    const settings = await readSettings(tx);
    const plan = await makePlan(tx, { ...batch, rows: batch.rows.map(cleanRow) }, settings);
    const changes = noChanges();
    const created = [...plan.created.values()];
    await addContacts(
      tx,
      created,
      created.filter((row) => row.customerId === null),
      settings,
      changes,
    );
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
    await recordAndPublish(tx, changes);
    await tx.query('update import_batch set outcomes = $4 where tenant_id = $1 and import_id = $2 and number = $3', [
      ...key,
      JSON.stringify(plan.outcomes),
    ]);
    return plan.outcomes;
  }
}

/**
 * Locks the contacts that rows identify by id, e-mail or external id, and reads which contact has which key, including contacts that the importing
 * agent may not see.
 */
async function readKnown(
  tx: EntityManager,
  { rows, source }: Batch,
  settings: Settings,
): Promise<{
  known: Map<string, StoredContact>;
  /** By primary e-mail. */
  byEmail: Map<string, string>;
  /** By any e-mail, primary or not. */
  byAddress: Map<string, Set<string>>;
  byExternal: Map<string, string>;
}> {
  const keys = rows.map((row) => rowKeys(row, source));
  const exact = rows.map(exactKeys);
  const emails = new Set([
    ...keys.flatMap((k) => k.email ?? []),
    ...rows.flatMap((row) => row.emails ?? []).map(emailKey),
    ...exact.flatMap((k) => k.emails),
  ]);
  const found: { kind: string; value: string; id: string; isPrimary: boolean }[] = await tx.query(
    `select kind, value, contact_id as id, is_primary as "isPrimary" from contact_key where (kind = 'email' and value = any($1)) or (kind = 'external' and value = any($2))`,
    [[...emails], [...keys.flatMap((k) => k.external ?? []), ...exact.flatMap((k) => k.externals)]],
  );
  const ids = new Set([...found.map((row) => row.id), ...keys.flatMap((k) => k.id ?? [])]);
  const customerIds = rows.flatMap((row) => parseUuid(row.customerId) ?? []);
  if (customerIds.length > 0) await lockCustomersOf(tx, [...ids], customerIds);
  await lockCustomersOfDomains(tx, [...emails], settings);
  const contacts = ids.size > 0 ? await readContacts(tx, [...ids], 'lock') : [];
  const known = new Map(contacts.map((contact) => [contact.id, contact]));
  const of = (some: typeof found) => new Map(some.map((row) => [row.value, row.id]));
  const byAddress = new Map<string, Set<string>>();
  for (const { kind, value, id } of found) if (kind === 'email') addTo(byAddress, value, id);
  return {
    known,
    byEmail: of(found.filter(({ kind, isPrimary }) => kind === 'email' && isPrimary)),
    byAddress,
    byExternal: of(found.filter(({ kind }) => kind === 'external')),
  };
}

async function makePlan(tx: EntityManager, batch: Batch, settings: Settings): Promise<Plan> {
  const { rows, onKnown, source } = batch;
  const { known, byEmail, byAddress, byExternal } = await readKnown(tx, batch, settings);
  const referenced = await readReferenced(tx, rows);
  const created = new Map<string, ContactRow>();
  const updated = new Map<string, ContactRow>();
  const ownerId = currentContext().agent?.id ?? null;
  const current = (id: string): ContactRow | undefined => updated.get(id) ?? created.get(id) ?? known.get(id);

  const outcomes = rows.map((row): RowOutcome => {
    const { id, email, external } = rowKeys(row, source);
    const forCaller = (one: string | undefined) => (one && current(one) ? one : undefined);
    // An address that is nobody's primary one identifies the only visible contact that has it.
    const owners = email && !byEmail.has(email) ? [...(byAddress.get(email) ?? [])].flatMap((one) => forCaller(one) ?? []) : [];
    const soleOwner = owners.length === 1 ? owners[0] : undefined;
    const knownId = forCaller(id) ?? forCaller(email && byEmail.get(email)) ?? soleOwner ?? forCaller(external && byExternal.get(external));
    if (knownId && onKnown === 'skip') return { status: 'skipped', id: knownId };
    const before = onKnown === 'create' ? undefined : knownId && current(knownId);
    if (before && known.get(before.id)?.mayWrite === false)
      return { status: 'rejected', reasons: [`you may see the contact this row is about (${before.id}) but not change it`] };
    const base: ContactRow = before || { id: newId(), ...emptyContact, ownerId };
    const { contact, warnings, reason } = applyImportRow(base, row, settings, referenced, source);
    const problem = reason ?? missingIdentity(contact);
    if (problem) return { status: 'rejected', reasons: [problem] };
    if (row.id && !forCaller(id)) warnings.push('id: is not the id of a contact of this tenant; the row was matched by its other keys');
    const byMail = before && before.id !== id && before.id !== (external && byExternal.get(external));
    if (byMail) warnAboutSharedMailbox(before, contact, warnings);
    keepOwner(contact, before || undefined, warnings);
    demoteTakenEmail(contact, base, byEmail, warnings);
    dropTakenExternalIds(contact, byExternal, warnings);
    const now = primaryEmail(contact);
    if (now) byEmail.set(now, contact.id);
    for (const { address } of contact.emails) addTo(byAddress, emailKey(address), contact.id);
    for (const one of contact.externalIds) byExternal.set(externalIdKey(one), contact.id);
    if (created.has(contact.id) || !before) created.set(contact.id, contact);
    else updated.set(contact.id, contact);
    return { status: before ? 'updated' : 'created', id: contact.id, ...(warnings.length > 0 && { warnings }) };
  });
  return { outcomes, created, updated, known };
}

function addTo(all: Map<string, Set<string>>, value: string, id: string): void {
  all.set(value, (all.get(value) ?? new Set()).add(id));
}

/** A family may share a mailbox: a row with another first name for a known contact may be about another person. */
function warnAboutSharedMailbox(before: ContactRow, after: ContactRow, warnings: string[]): void {
  const [was, is] = [textOf(before.firstName), textOf(after.firstName)];
  if (!was || !is || likeness(was, is) !== 'other') return;
  warnings.push(
    `firstName: the contact with this e-mail was "${before.firstName}" before and is "${after.firstName}" now; if those are two people with one mailbox, import the row again with "create" for known contacts`,
  );
}

/** Drops external ids that another contact has, with a warning. */
function dropTakenExternalIds(contact: ContactRow, byExternal: ReadonlyMap<string, string>, warnings: string[]): void {
  const free = contact.externalIds.filter((one) => (byExternal.get(externalIdKey(one)) ?? contact.id) === contact.id);
  if (free.length === contact.externalIds.length) return;
  contact.externalIds = free;
  warnings.push('externalId: belongs to another contact; left out');
}

/** Only the owner and admins may change the owner of an existing contact (docs/rules.md 2.10). */
function keepOwner(contact: ContactRow, before: ContactRow | undefined, warnings: string[]): void {
  if (!before || contact.ownerId === before.ownerId || mayChangeAccess(before)) return;
  contact.ownerId = before.ownerId;
  warnings.push('ownerId: only the owner and admins may change it; left unchanged');
}

/**
 * Keeps a primary e-mail that another contact has as a non-primary one, with a warning (docs/rules.md 7.5). Another address of the row becomes
 * primary if it is free.
 */
function demoteTakenEmail(contact: ContactRow, base: ContactRow, byEmail: ReadonlyMap<string, string>, warnings: string[]): void {
  const now = primaryEmail(contact);
  const holder = now && byEmail.get(now);
  if (!now || !holder || holder === contact.id || now === primaryEmail(base)) return;
  const free = contact.emails.findIndex((one) => !byEmail.has(emailKey(one.address)));
  contact.emails = contact.emails.map((one, i) => ({ ...one, primary: i === free }));
  warnings.push(`email: ${now} is the primary address of another contact; kept here as a non-primary address`);
}
