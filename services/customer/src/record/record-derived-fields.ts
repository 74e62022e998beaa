import type { EntityManager } from 'typeorm';
import { publishDerivedChange } from '../changes/changes.js';
import type { Noun } from '../sql/rows.js';

/** Which of these contacts or customers have opportunities (docs/rules.md 4.5). */
export async function idsWithOpportunities(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  // As a subselect, so that planning does not consider each id and uses an index-only scan.
  const rows: { id: string }[] = await tx.query(
    `select distinct ${noun}_id as id from record where ${noun}_id = any((select $1::uuid[])::uuid[]) and kind = 'opportunity' and deleted_at is null`,
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** The projects that these contacts are members of. */
export async function projectsOf(tx: EntityManager, contactIds: readonly string[]): Promise<Map<string, string[]>> {
  if (contactIds.length === 0) return new Map();
  const rows: { id: string; projects: string[] }[] = await tx.query(
    `select m.contact_id as id, array_agg(m.project_id::text order by m.project_id) as projects
     from project_member m join record p on p.tenant_id = m.tenant_id and p.id = m.project_id
     where m.contact_id = any($1) and p.deleted_at is null group by m.contact_id`,
    [contactIds],
  );
  return new Map(rows.map(({ id, projects }) => [id, projects]));
}

/**
 * Publishes changes of entries whose opportunities or projects were moved to the bin with this unit, or restored from it. To be called while the
 * records have its `bin_id`. Entries that are in the bin themselves are skipped.
 */
export async function publishBinnedRecordChanges(tx: EntityManager, unit: string): Promise<void> {
  const having = async (column: string) =>
    (
      (await tx.query(
        `select distinct ${column} as id from record t where t.bin_id = $1 and t.kind = 'opportunity' and ${column} is not null`,
        [unit],
      )) as { id: string }[]
    ).map(({ id }) => id);
  await publishDerivedChange(tx, 'contact', await having('t.contact_id'), 'hasOpportunities');
  await publishDerivedChange(tx, 'customer', await having('t.customer_id'), 'hasOpportunities');
  const members: { id: string }[] = await tx.query(
    `select distinct m.contact_id as id from record t join project_member m on m.tenant_id = t.tenant_id and m.project_id = t.id
     where t.bin_id = $1 and t.kind = 'project'`,
    [unit],
  );
  await publishDerivedChange(
    tx,
    'contact',
    members.map(({ id }) => id),
    'projectIds',
  );
}
