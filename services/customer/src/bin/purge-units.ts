import type { ChangeKind } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { noChanges, recordAndPublish, type Step } from '../changes/changes.js';
import { forgetPhotos } from '../photo/photo.table.js';
import type { Noun } from '../sql/rows.js';

/** Permanently deletes everything in these units of the bin and publishes the changes. */
export async function purgeUnits(tx: EntityManager, units: readonly string[]): Promise<void> {
  const inUnits = async (noun: Noun) => {
    const rows: { id: string }[] = await tx.query(`select id from ${noun} where bin_id = any($1)`, [units]);
    return rows.map(({ id }) => id);
  };
  const changes = noChanges();
  changes.contacts.push(...(await removeEntries(tx, 'contact', await inUnits('contact'), 'purged')));
  changes.customers.push(...(await removeEntries(tx, 'customer', await inUnits('customer'), 'purged')));
  await tx.query('delete from record where bin_id = any($1)', [units]);
  await tx.query('delete from request where bin_id = any($1)', [units]);
  await tx.query('delete from bin where id = any($1)', [units]);
  await recordAndPublish(tx, changes);
}

/**
 * Permanently deletes contacts or customers with everything merged into them and their history. References to them are cleared, except those of
 * records and requests to restricted entries: they keep the dangling id, so that they do not become visible to more agents.
 */
export async function removeEntries(
  tx: EntityManager,
  noun: Noun,
  ids: readonly string[],
  change: Extract<ChangeKind, 'purged' | 'erased'>,
): Promise<Step[]> {
  if (ids.length === 0) return [];
  const rows: { id: string; version: number; open: boolean }[] = await tx.query(
    `with recursive gone as (
       select id from ${noun} where id = any($1) union select t.id from ${noun} t join gone g on t.merged_into = g.id
     ) select t.id, t.version, ${noun === 'contact' ? 't.readers is null and k.readers is null' : 't.readers is null'} as open
     from ${noun} t join gone g on g.id = t.id ${noun === 'contact' ? 'left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id' : ''}`,
    [ids],
  );
  const all = rows.map(({ id }) => id);
  await tx.query('delete from history where entry_id = any($1)', [all]);
  await tx.query('delete from bin where entry_id = any($1)', [all]);
  await forgetPhotos(tx, all);
  if (noun === 'customer') {
    await keepRestricted(tx, all);
    await tx.query('update contact set customer_id = null where customer_id = any($1)', [all]);
    await tx.query('update customer set parent_id = null where parent_id = any($1)', [all]);
  }
  const open = rows.filter((row) => row.open).map(({ id }) => id);
  await tx.query(`update record set ${noun}_id = null where ${noun}_id = any($1)`, [open]);
  await tx.query(`update request set ${noun}_id = null where ${noun}_id = any($1)`, [open]);
  if (noun === 'contact') await tx.query('delete from project_member where contact_id = any($1)', [all]);
  await tx.query(`delete from ${noun} where id = any($1)`, [all]);
  return rows.map(({ id, version }) => ({ id, version: version + 1, change }));
}

/**
 * Contacts in the bin that were restricted only through their customer take over its restriction, so that they do not become visible to more agents.
 */
async function keepRestricted(tx: EntityManager, customers: readonly string[]): Promise<void> {
  await tx.query(
    `update contact t set access = coalesce(case when t.readers is null then k.access end, t.access),
       readers = case when t.readers is null then k.readers else array(select unnest(t.readers) intersect select unnest(k.readers)) end,
       writers = case when t.writers is null then k.writers else array(select unnest(t.writers) intersect select unnest(k.writers)) end
     from customer k where k.id = any($1) and t.customer_id = k.id and k.readers is not null`,
    [customers],
  );
}
