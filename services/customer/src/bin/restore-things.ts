import type { BinCounts, NotRestored } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { type Changes, type Step, updated } from '../changes/changes.js';
import { primaryEmail } from '../contact/contact-rules.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import { publishBinnedRecordChanges } from '../record/record-derived-fields.js';
import type { Noun } from '../sql/rows.js';
import { type ContactRow, readContacts, updateContacts } from '../tables/contact.table.js';
import { insertDomains, readCustomers, type StoredCustomer } from '../tables/customer.table.js';
import { insertKeys } from '../tables/keys-and-tags.js';
import { ensurePrimaryContacts } from '../tables/primary-contact.js';
import { withContactKeyChange } from '../tables/waiting-records.js';
import { RESTORED, restoreRecords, restoreRequests } from './restore-records.js';

/** The ids to restore by kind, all of one unit of the bin. */
export type Things = Record<'customer' | 'contact' | 'record' | 'request', string[]>;

interface Links {
  primaryOf?: string;
  successor?: string | null;
}

/** The changes of restored rows, each with the link that had to be cut. */
function restoredSteps(
  rows: readonly { id: string; version: number }[],
  field: string,
  cut: readonly { id: string; was: string }[],
): Step[] {
  const links = new Map(cut.map(({ id, was }) => [id, { [field]: [was, null] as [string, null] }]));
  return rows.map(({ id, version }) => ({ id, version, change: 'restored', fields: links.get(id) }));
}

/**
 * Restores things of one unit with their previous links. Links whose other end no longer exists, and values that another entry has meanwhile, are
 * left out and reported (docs/rules.md 6.2). Customers come first, because contacts belong to them, and so on.
 */
export async function restoreThings(
  tx: EntityManager,
  unit: string,
  things: Things,
  links: Links,
  changes: Changes,
): Promise<{ restored: BinCounts; notRestored: NotRestored[] }> {
  const notRestored: NotRestored[] = [];
  const customers = await restoreCustomers(tx, things.customer, changes, notRestored);
  const contacts = await restoreContacts(tx, things.contact, changes, notRestored);
  if (things.record.length > 0) await publishBinnedRecordChanges(tx, unit);
  const records = await restoreRecords(tx, things.record, notRestored);
  const requests = await restoreRequests(tx, things.request, notRestored);
  await ensurePrimaryContacts(tx, await customersOfThings(tx, things), changes, new Set(things.contact));
  await restorePrimaryContact(tx, things.contact, links, changes, notRestored);
  return { restored: { customers, contacts, records, requests }, notRestored };
}

async function restoreCustomers(tx: EntityManager, ids: readonly string[], changes: Changes, notRestored: NotRestored[]): Promise<number> {
  if (ids.length === 0) return 0;
  const orphans: [{ id: string; was: string }[]] = await tx.query(
    `update customer t set parent_id = null where t.id = any($1) and t.parent_id is not null and not t.parent_id = any($1)
       and not exists (select from customer p where p.id = t.parent_id and p.deleted_at is null) returning t.id, old.parent_id as was`,
    [ids],
  );
  for (const { id } of orphans[0])
    notRestored.push({ id, kind: 'customer', field: 'parentId', message: 'the customer it was a department of does not exist any more' });
  const [rows]: [{ id: string; version: number }[]] = await tx.query(
    `update customer t ${RESTORED} where t.id = any($1) returning t.id, t.version`,
    [ids],
  );
  const back = restoredSteps(rows, 'parentId', orphans[0]);
  changes.customers.push(...back);
  const restored = await readCustomers(tx, ids, 'unfiltered');
  const had = new Map(restored.map(({ id, externalIds }) => [id, externalIds]));
  const freed = new Map(
    (await dropTakenExternalIds(tx, 'customer', restored, notRestored)).map(({ id, externalIds }) => [id, externalIds]),
  );
  for (const step of back) if (freed.has(step.id)) step.fields = { ...step.fields, externalIds: [had.get(step.id), freed.get(step.id)] };
  await insertKeys(tx, 'customer', restored);
  await insertDomains(tx, restored);
  return rows.length;
}

async function restoreContacts(tx: EntityManager, ids: readonly string[], changes: Changes, notRestored: NotRestored[]): Promise<number> {
  if (ids.length === 0) return 0;
  const detached: [{ id: string; was: string }[]] = await tx.query(
    `update contact t set customer_id = null where t.id = any($1) and t.customer_id is not null
       and not exists (select from customer k where k.id = t.customer_id and k.deleted_at is null) returning t.id, old.customer_id as was`,
    [ids],
  );
  for (const { id } of detached[0])
    notRestored.push({ id, kind: 'contact', field: 'customerId', message: 'its customer is in the bin or does not exist any more' });
  const [rows]: [{ id: string; version: number }[]] = await tx.query(
    `update contact t ${RESTORED} where t.id = any($1) returning t.id, t.version`,
    [ids],
  );
  changes.contacts.push(...restoredSteps(rows, 'customerId', detached[0]));
  const restored = await readContacts(tx, ids, 'unfiltered');
  const was = new Map(restored.map(({ id, version, emails, externalIds }) => [id, { id, version, emails, externalIds }]));
  const changed = new Map<string, ContactRow>();
  for (const contact of await dropTakenEmails(tx, restored, notRestored)) changed.set(contact.id, contact);
  for (const contact of await dropTakenExternalIds(tx, 'contact', restored, notRestored)) changed.set(contact.id, contact);
  await updateContacts(tx, [...changed.values()]);
  // updateContacts has written the keys and incremented the version once more.
  for (const step of changes.contacts) {
    const [before, after] = [was.get(step.id), changed.get(step.id)];
    if (!before || !after) continue;
    step.version += 1;
    step.fields = { ...step.fields, ...updated({ emails: 'jsonb', externalIds: 'jsonb' }, before, after)?.fields };
  }
  const unchanged = restored.filter(({ id }) => !changed.has(id));
  await withContactKeyChange(tx, unchanged, () => insertKeys(tx, 'contact', unchanged));
  return rows.length;
}

/** Drops primary e-mails that another contact has meanwhile; the next free address becomes primary. */
async function dropTakenEmails(tx: EntityManager, contacts: readonly ContactRow[], notRestored: NotRestored[]): Promise<ContactRow[]> {
  const wanted = contacts.flatMap(({ emails }) => emails.map(({ address }) => emailKey(address)));
  const rows: { value: string }[] = await tx.query(
    `select value from contact_key where kind = 'email' and is_primary and value = any($1)`,
    [wanted],
  );
  const others = new Set(rows.map(({ value }) => value));
  // Addresses that are restored as the primary one of a contact are not free either.
  const taken = new Set([...others, ...contacts.flatMap((contact) => primaryEmail(contact) ?? [])]);
  return contacts.filter((contact) => {
    const primary = primaryEmail(contact);
    if (!primary || !others.has(primary)) return false;
    const left = contact.emails.filter(({ address }) => emailKey(address) !== primary);
    const next = left.findIndex(({ address }) => !taken.has(emailKey(address)));
    contact.emails = left.map((one, i) => ({ ...one, primary: i === next }));
    if (next >= 0) taken.add(emailKey(left[next]?.address ?? ''));
    notRestored.push({
      id: contact.id,
      kind: 'contact',
      field: 'emails',
      message: `${primary} is the primary address of another contact now`,
    });
    return true;
  });
}

/** Drops external ids that another entry has meanwhile. */
async function dropTakenExternalIds<T extends Pick<ContactRow | StoredCustomer, 'id' | 'externalIds'>>(
  tx: EntityManager,
  noun: Noun,
  entries: readonly T[],
  notRestored: NotRestored[],
): Promise<T[]> {
  const wanted = entries.flatMap(({ externalIds }) => externalIds.map(externalIdKey));
  if (wanted.length === 0) return [];
  const rows: { value: string }[] = await tx.query(`select value from ${noun}_key where kind = 'external' and value = any($1)`, [wanted]);
  const taken = new Set(rows.map(({ value }) => value));
  const changed = entries.filter((entry) => {
    const left = entry.externalIds.filter((one) => !taken.has(externalIdKey(one)));
    if (left.length === entry.externalIds.length) return false;
    for (const { source, id } of entry.externalIds.filter((one) => taken.has(externalIdKey(one))))
      notRestored.push({ id: entry.id, kind: noun, field: 'externalIds', message: `${source}:${id} belongs to another ${noun} now` });
    entry.externalIds = left;
    return true;
  });
  if (noun === 'customer' && changed.length > 0)
    await tx.query(
      'update customer t set external_ids = r.ids from jsonb_to_recordset($1::jsonb) as r (id uuid, ids jsonb) where t.id = r.id',
      [JSON.stringify(changed.map(({ id, externalIds }) => ({ id, ids: externalIds })))],
    );
  return changed;
}

async function customersOfThings(tx: EntityManager, things: Things): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    'select distinct customer_id as id from contact where id = any($1) and customer_id is not null',
    [things.contact],
  );
  return [...new Set([...things.customer, ...rows.map(({ id }) => id)])];
}

/** Makes the restored contact primary again, unless another one was chosen since. */
async function restorePrimaryContact(
  tx: EntityManager,
  contacts: readonly string[],
  { primaryOf, successor = null }: Links,
  changes: Changes,
  notRestored: NotRestored[],
): Promise<void> {
  const [id] = contacts;
  if (!primaryOf || !id) return;
  const [customer]: { now: string | null }[] = await tx.query(
    'select primary_contact_id as now from customer where id = $1 and deleted_at is null for no key update',
    [primaryOf],
  );
  if (!customer || customer.now === id) return;
  if (customer.now !== successor) {
    notRestored.push({
      id,
      kind: 'contact',
      field: 'isPrimaryContact',
      message: 'its customer was given another primary contact meanwhile',
    });
    return;
  }
  const [raised]: [{ version: number }[]] = await tx.query(
    'update customer set primary_contact_id = $2, version = version + 1, updated_at = now() where id = $1 returning version',
    [primaryOf, id],
  );
  changes.customers.push({
    id: primaryOf,
    version: raised[0]?.version ?? 0,
    change: 'updated',
    fields: { primaryContactId: [successor, id] },
  });
  const [lost]: [{ id: string; version: number }[]] = await tx.query(
    'update contact set version = version + 1, updated_at = now() where id = $1 returning id, version',
    [successor],
  );
  for (const one of lost) changes.contacts.push({ ...one, change: 'updated', fields: { isPrimaryContact: [true, false] } });
}
