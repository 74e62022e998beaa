import type { EntityManager } from 'typeorm';
import { publishDerivedChange } from '../changes/changes.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { Values } from '../fields/shared-fields.js';

/**
 * Permanently deletes what records hold about these contacts and customers, including the bin: records linked to them or waiting for them, with
 * comments, members and bin entries, and the memberships of the contacts. To be called while the rows of the contacts exist. A record that waits for
 * a non-primary address of a contact stays, without that reference, because others may have the address too.
 */
export async function forgetRecords(
  tx: EntityManager,
  { contactIds, customerIds }: { contactIds: readonly string[]; customerIds: readonly string[] },
): Promise<{ records: number; memberships: number }> {
  const waiting = await readWaiting(tx, contactIds);
  const ids = await idsOf(
    tx,
    `select id from record where contact_id = any($1) union select id from record where customer_id = any($2)
     union select id from record where id = any($3)`,
    [contactIds, customerIds, waiting],
  );
  const others = await affectedEntries(tx, ids, contactIds, customerIds);
  const memberships = await idsOf(
    tx,
    'with gone as (delete from project_member where contact_id = any($1) returning project_id) select project_id as id from gone',
    [contactIds],
  );
  await tx.query(`delete from bin where kind = 'record' and entry_id = any($1)`, [ids]);
  await tx.query('delete from record where id = any($1)', [ids]);
  await publishDerivedChange(tx, 'contact', others.contacts, 'hasOpportunities');
  await publishDerivedChange(tx, 'customer', others.customers, 'hasOpportunities');
  await publishDerivedChange(tx, 'contact', others.members, 'projectIds');
  return { records: ids.length, memberships: memberships.length };
}

/** The ids of records that wait for these contacts. References that others may match too are only removed. */
async function readWaiting(tx: EntityManager, contactIds: readonly string[]): Promise<string[]> {
  const contacts: Pick<Values, 'emails' | 'externalIds'>[] = await tx.query(
    'select emails, external_ids as "externalIds" from contact where id = any($1)',
    [contactIds],
  );
  const emails = (primary: boolean) =>
    contacts.flatMap((one) => one.emails.flatMap((email) => (email.primary === primary ? emailKey(email.address) : [])));
  await tx.query(
    `with gone as (delete from record_waiting where kind = 'email' and value = any($1) and not value = any($2) returning record_id)
     update record set named = nullif(named - 'email', '{}'), version = version + 1, updated_at = now() where id in (select record_id from gone)`,
    [emails(false), emails(true)],
  );
  return idsOf(
    tx,
    `select record_id as id from record_waiting where kind = 'email' and value = any($1)
     union select record_id from record_waiting where kind = 'external' and value = any($2)`,
    [emails(true), contacts.flatMap((one) => one.externalIds.map(externalIdKey))],
  );
}

/** The remaining contacts and customers whose derived fields depend on these records. */
async function affectedEntries(
  tx: EntityManager,
  records: readonly string[],
  contactIds: readonly string[],
  customerIds: readonly string[],
) {
  const opportunities = (noun: string, gone: readonly string[]) =>
    idsOf(tx, `select distinct ${noun}_id as id from record where id = any($1) and kind = 'opportunity' and not ${noun}_id = any($2)`, [
      records,
      gone,
    ]);
  return {
    contacts: await opportunities('contact', contactIds),
    customers: await opportunities('customer', customerIds),
    members: await idsOf(
      tx,
      'select distinct contact_id as id from project_member where project_id = any($1) and not contact_id = any($2)',
      [records, contactIds],
    ),
  };
}

async function idsOf(tx: EntityManager, sql: string, parameters: unknown[]): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(sql, parameters);
  return rows.map(({ id }) => id);
}
