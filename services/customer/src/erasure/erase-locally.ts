import type { EntityManager } from 'typeorm';
import { removeEntries } from '../bin/purge-units.js';
import type { Step } from '../changes/changes.js';
import { forgetRecords } from '../record/forget-records.js';
import { forgetRequests } from '../request/request.table.js';
import type { Noun } from '../sql/rows.js';
import { withMerged } from './about-entry.js';

/**
 * Deletes everything about an entry from this service's tables: its rows and those merged into it, history, requests with their copies of its data,
 * records and comments, photo, memberships, suspected duplicates, and texts about it in stored answers of imports, jobs and idempotent calls. Returns
 * the changes and the numbers of deleted rows.
 */
export async function eraseLocally(tx: EntityManager, noun: Noun, id: string): Promise<{ steps: Step[]; counts: Record<string, number> }> {
  const ids = await withMerged(tx, noun, id);
  const counts: Record<string, number> = {};
  const count = async (what: string, sql: string, parameters: unknown[] = [ids]) => {
    const [row]: { n: number }[] = await tx.query(`with erased as (${sql} returning 1) select count(*)::int as n from erased`, parameters);
    if (row?.n) counts[what] = row.n;
  };
  const erased = noun === 'contact' ? { contactIds: ids, customerIds: [] } : { contactIds: [], customerIds: ids };
  Object.assign(counts, await forgetRecords(tx, erased));
  if (noun === 'contact') counts.requests = await forgetRequests(tx, ids);
  else {
    await tx.query(`delete from bin where kind = 'request' and entry_id in (select id from request where customer_id = any($1))`, [ids]);
    await count('requests', 'delete from request where customer_id = any($1)');
  }
  await count('history', 'delete from history where entry_id = any($1)');
  await count('photos', 'delete from photo where entry_id = any($1)');
  await eraseStoredAnswers(tx, ids);
  const steps = await removeEntries(tx, noun, ids, 'erased');
  counts[`${noun}s`] = steps.length;
  return { steps, counts };
}

/** Removes what stored answers and job results say about these entries, except their ids. */
async function eraseStoredAnswers(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await tx.query(
    `update import_batch b set outcomes = (
       select jsonb_agg(case when o->>'id' = any($1) then jsonb_build_object('status', o->'status', 'id', o->'id') else o end order by n)
       from jsonb_array_elements(b.outcomes) with ordinality as all_rows (o, n))
     where b.tenant_id = current_setting('kontor.tenant')::uuid
       and exists (select from jsonb_array_elements(b.outcomes) o where o->>'id' = any($1))`,
    [ids],
  );
  const named = ids.map((id) => `%${id}%`);
  await tx.query(`delete from idempotency_key where tenant_id = current_setting('kontor.tenant')::uuid and ids::text like any($1)`, [
    named,
  ]);
  await tx.query(
    `update job set result = result - 'items' where tenant_id = current_setting('kontor.tenant')::uuid and result::text like any($1)`,
    [named],
  );
}
