import { AppError, currentContext } from '@kontor/bus';
import type { NamedContact, RecordPatch } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { mayRead, mayWrite, readOnly } from '../access/access.js';
import { visibleCustomers } from '../contact/contact-rules.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { Noun } from '../sql/rows.js';
import { readAndLockParents } from '../tables/lock-parents.js';
import { blockNewContactKeys } from '../tables/waiting-records.js';
import type { Linkable } from './apply-record-item.js';

type Found = Linkable & { mayWrite: boolean };

/** The customers and contacts that the records of one call can be linked to. */
export interface Linkables {
  customers: Map<string, { id: string; mayWrite: boolean }>;
  contacts: Map<string, Found>;
  byEmail: Map<string, Found>;
  byExternalId: Map<string, Found>;
}

/**
 * Finds and locks the customers and contacts that these records reference. If a referenced contact is unknown, new contact keys are blocked until the
 * transaction ends.
 */
export async function findLinkables(tx: EntityManager, given: readonly RecordPatch[]): Promise<Linkables> {
  const names = given.flatMap(({ contact }) => contact ?? []);
  const read = async (): Promise<Linkables> => ({
    ...(await namedContacts(tx, names)),
    customers: await byAnyId(
      tx,
      'customer',
      given.flatMap(({ customerId }) => customerId ?? []),
      (ids) => visibleCustomers(tx, ids),
    ),
    contacts: await byAnyId(
      tx,
      'contact',
      given.flatMap(({ contactId }) => contactId ?? []),
      (ids) => visibleContacts(tx, ids),
    ),
  });
  const lockedParents = ({ customers, contacts, byEmail, byExternalId }: Linkables) => ({
    customers: [...customers.values()].map(({ id }) => id),
    contacts: [...contacts.values(), ...byEmail.values(), ...byExternalId.values()],
  });
  const found = await readAndLockParents(tx, read, lockedParents);
  // New contact keys are blocked only if a contact was not found; then the look-up is repeated.
  if (names.every((one) => namedContact(one, found))) return found;
  await blockNewContactKeys(tx);
  return readAndLockParents(tx, read, lockedParents);
}

/** The contact of a record: null if the referenced one is unknown, undefined if none is referenced. */
export function contactFor({ contactId, contact }: RecordPatch, linkables: Linkables): Linkable | null | undefined {
  if (contactId === undefined && contact === undefined) return undefined;
  const found = contactId ? linkables.contacts.get(contactId) : contact && namedContact(contact, linkables);
  if (contactId && !found) throw unknown('contactId', 'must be the id of a contact');
  if (found && !found.mayWrite) throw readOnly('contact');
  return found ?? null;
}

export function customerFor({ customerId }: RecordPatch, { customers }: Linkables): string | undefined {
  if (!customerId) return undefined;
  const found = customers.get(customerId);
  if (!found) throw unknown('customerId', 'must be the id of a customer');
  if (!found.mayWrite) throw readOnly('customer');
  return found.id;
}

/** Matches by e-mail, then by external id, like import rows. */
const namedContact = ({ email, externalId }: NamedContact, { byEmail, byExternalId }: Linkables) =>
  (email && byEmail.get(emailKey(email))) || (externalId && byExternalId.get(externalIdKey(externalId)));

const unknown = (path: string, message: string) =>
  new AppError('invalid', `${path}: ${message}`, { errors: [{ path, message, code: 'unknown' }] });

/** Also finds entries by the ids of those that were merged into them. */
async function byAnyId<T>(
  tx: EntityManager,
  noun: Noun,
  ids: readonly string[],
  find: (ids: readonly string[]) => Promise<Map<string, T>>,
): Promise<Map<string, T>> {
  if (ids.length === 0) return new Map();
  const found = await find([...new Set(ids)]);
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return found;
  const targets: { asked: string; id: string }[] = await tx.query(
    `with recursive way as (
       select id as asked, merged_into as id from ${noun} where id = any($1) and merged_into is not null
       union select w.asked, t.merged_into from ${noun} t join way w on t.id = w.id where t.merged_into is not null
     ) select asked, id from way`,
    [missing],
  );
  if (targets.length === 0) return found;
  const merged = await find(targets.map(({ id }) => id));
  for (const { asked, id } of targets) {
    const one = merged.get(id);
    if (one) found.set(asked, one);
  }
  return found;
}

async function visibleContacts(tx: EntityManager, ids: readonly string[]): Promise<Map<string, Found>> {
  const rows: Found[] = await tx.query(
    `select t.id, t.customer_id as "customerId", ${mayWrite('contact')} as "mayWrite"
     from contact t left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id
     where t.id = any($1) and t.deleted_at is null and ${mayRead('contact')}`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

type Named = Pick<Linkables, 'byEmail' | 'byExternalId'>;

/** An address identifies the contact that has it as the primary one, else the only contact that has it. */
async function namedContacts(tx: EntityManager, names: readonly NamedContact[]): Promise<Named> {
  if (names.length === 0) return { byEmail: new Map(), byExternalId: new Map() };
  const rows: (Found & { kind: string; value: string })[] = await tx.query(
    `select a.kind, a.value, t.id, t.customer_id as "customerId", ${mayWrite('contact')} as "mayWrite"
     from (
       select kind, value, (array_agg(contact_id order by is_primary desc))[1] as contact_id from contact_key
       where kind = 'email' and value = any($1) group by kind, value having bool_or(is_primary) or count(*) = 1
       union all select kind, value, contact_id from contact_key where kind = 'external' and value = any($2)
     ) a join contact t on t.id = a.contact_id left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id
     where t.deleted_at is null and ${mayRead('contact')}`,
    [
      [...new Set(names.flatMap(({ email }) => (email ? emailKey(email) : [])))],
      [...new Set(names.flatMap(({ externalId }) => (externalId ? externalIdKey(externalId) : [])))],
    ],
  );
  const of = (kind: string) => new Map(rows.flatMap((row) => (row.kind === kind ? [[row.value, row] as const] : [])));
  return { byEmail: of('email'), byExternalId: of('external') };
}

/**
 * Whether a contact with these keys can be created: nobody whom the caller may see has one of them. Of hidden contacts only a primary address and an
 * external id count, because there can be no second one; any other key of theirs shows as little as in any other call.
 */
export async function isUnknownIdentity(tx: EntityManager, { email, externalId }: NamedContact): Promise<boolean> {
  const [row]: { there: boolean }[] = await tx.query(
    `select exists (
       select from contact_key a join contact t on t.tenant_id = a.tenant_id and t.id = a.contact_id
         left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id
       where (a.kind = 'email' and a.value = $1 or a.kind = 'external' and a.value = $2)
         and (a.is_primary or a.kind = 'external' or ${mayRead('contact')})
     ) as there`,
    [email ? emailKey(email) : null, externalId ? externalIdKey(externalId) : null],
  );
  return row?.there === false;
}

/** Whether this call may create contacts: only single tickets sent through the API may, not those of an import. */
export const mayCreateContacts = (): boolean => currentContext().door === 'api';
