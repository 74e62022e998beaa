import type { MovedCounts, UndoConflict } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { type Changes, recordHistory, type Step } from '../changes/changes.js';
import type { Noun } from '../sql/rows.js';
import { snake } from '../sql/rows.js';

type Kind = keyof MovedCounts;

/**
 * A column that references contacts or customers. `publishAs` is set if changes of the table are published; those of records and requests are not.
 */
interface Link {
  kind: Kind;
  table: 'record' | 'request' | 'contact' | 'customer';
  field: string;
  publishAs?: keyof Changes;
}
const links: Record<Noun, readonly Link[]> = {
  contact: [
    { kind: 'records', table: 'record', field: 'contactId' },
    { kind: 'requests', table: 'request', field: 'contactId' },
  ],
  customer: [
    { kind: 'contacts', table: 'contact', field: 'customerId', publishAs: 'contacts' },
    { kind: 'departments', table: 'customer', field: 'parentId', publishAs: 'customers' },
    { kind: 'records', table: 'record', field: 'customerId' },
    { kind: 'requests', table: 'request', field: 'customerId' },
  ],
};
const nothing: MovedCounts = { records: 0, requests: 0, memberships: 0, contacts: 0, departments: 0 };
const MAX_CONFLICTS = 1_000;

export const totalOf = (counts: MovedCounts): number => Object.values(counts).reduce((sum, n) => sum + n, 0);

/**
 * SQL: rows that belong to the entries in `$1`, including those in the bin, which have a separate index. Departments that are merged themselves are
 * excluded. The column is tested twice, because PostgreSQL rechecks only the outer conditions of a row that was changed concurrently.
 */
const belongs = (table: string, column: string) => `t.${column} = any($1) and not t.id = any($1) and t.id <> $2 and t.id in (
  select id from ${table} where ${column} = any($1) and deleted_at is null
  union all select id from ${table} where ${column} = any($1) and deleted_at is not null)`;

/** How many rows, including those in the bin, a merge moves to `into`. */
export async function countMoves(tx: EntityManager, noun: Noun, from: readonly string[], into: string): Promise<MovedCounts> {
  const selects = links[noun].map(
    ({ kind, table, field }) => `(select count(*)::int from ${table} t where ${belongs(table, snake(field))}) as ${kind}`,
  );
  const memberships = `(select count(*)::int from project_member where contact_id = any($1)) as memberships`;
  const [row]: MovedCounts[] = await tx.query(`select ${[...selects, ...(noun === 'contact' ? [memberships] : [])].join(', ')}`, [
    from,
    into,
  ]);
  return { ...nothing, ...row };
}

interface Moved {
  id: string;
  version: number;
  before: string;
  after: string;
  live: boolean;
}
const stepOf = ({ field }: Link, { id, version, before, after }: Moved): Step => ({
  id,
  version,
  change: 'updated',
  fields: { [field]: [before, after] },
});

/** Runs a moving statement and collects the changes to publish. Records and requests are only counted, without fetching rows. */
async function runMove(tx: EntityManager, link: Link, statement: string, parameters: unknown[], changes: Changes): Promise<number> {
  if (!link.publishAs) {
    const [row]: { n: number }[] = await tx.query(`${statement} select count(*)::int as n from moved`, parameters);
    return row?.n ?? 0;
  }
  const rows: Moved[] = await tx.query(`${statement} select * from moved`, parameters);
  changes[link.publishAs].push(...rows.filter(({ live }) => live).map((row) => stepOf(link, row)));
  // Changes of entries in the bin are not published until those are restored.
  await recordHistory(
    tx,
    rows.flatMap((row) => (row.live ? [] : stepOf(link, row))),
  );
  return rows.length;
}

/** Moves everything that belongs to the entries in `from` to `into`, including what is in the bin, and stores the previous owners for undoing. */
export async function moveLinkedRows(
  tx: EntityManager,
  merge: { id: string; noun: Noun; into: string; from: readonly string[] },
  changes: Changes,
): Promise<MovedCounts> {
  const counts = { ...nothing };
  for (const link of links[merge.noun]) {
    const column = snake(link.field);
    const statement = `with moved as (
        update ${link.table} t set ${column} = $2, version = t.version + 1, updated_at = now() where ${belongs(link.table, column)}
        returning t.id, t.version, old.${column} as before, t.${column} as after, t.deleted_at is null as live
      ), kept as (
        insert into merge_move (merge_id, kind, thing_id, from_id, to_id) select $3, '${link.kind}', id, before, after from moved
      )`;
    counts[link.kind] = await runMove(tx, link, statement, [merge.from, merge.into, merge.id], changes);
  }
  if (merge.noun === 'contact') counts.memberships = await moveMemberships(tx, merge);
  return counts;
}

async function moveMemberships(
  tx: EntityManager,
  { id, into, from }: { id: string; into: string; from: readonly string[] },
): Promise<number> {
  const [row]: { n: number }[] = await tx.query(
    `with gone as (
       delete from project_member where contact_id = any($1) returning project_id, contact_id, added_at
     ), came as (
       insert into project_member (project_id, contact_id, added_at)
       select project_id, $2::uuid, min(added_at) from gone group by project_id on conflict do nothing returning project_id
     ), kept as (
       insert into merge_move (merge_id, kind, thing_id, from_id, to_id)
       select $3, case when c.project_id is null then 'shared-memberships' else 'memberships' end, g.project_id, g.contact_id, $2
       from gone g left join came c on c.project_id = g.project_id
     ) select count(*)::int as n from gone`,
    [from, into, id],
  );
  return row?.n ?? 0;
}

/** Moves back what a merge moved. Rows that were moved elsewhere since stay there and are reported as conflicts. */
export async function revertMoves(tx: EntityManager, merge: { id: string; noun: Noun }, changes: Changes): Promise<UndoConflict[]> {
  const conflicts: UndoConflict[] = [];
  for (const link of links[merge.noun]) {
    const column = snake(link.field);
    const elsewhere: { id: string }[] = await tx.query(
      `select t.id from merge_move m join ${link.table} t on t.id = m.thing_id
       where m.merge_id = $1 and m.kind = $2 and t.${column} is distinct from m.to_id order by t.id limit ${MAX_CONFLICTS}`,
      [merge.id, link.kind],
    );
    const message = `${link.field} of one of the ${link.kind} was changed after the merge; it stays as it is now`;
    conflicts.push(...elsewhere.map(({ id }) => ({ id, field: link.field, message })));
    const statement = `with moved as (
        update ${link.table} t set ${column} = m.from_id, version = t.version + 1, updated_at = now()
        from merge_move m where m.merge_id = $1 and m.kind = $2 and t.id = m.thing_id and t.${column} = m.to_id
        returning t.id, t.version, m.to_id as before, m.from_id as after, t.deleted_at is null as live
      )`;
    await runMove(tx, link, statement, [merge.id, link.kind], changes);
  }
  return merge.noun === 'contact' ? [...conflicts, ...(await revertMemberships(tx, merge.id))] : conflicts;
}

/** Restores project memberships, except for projects that the surviving contact has left since. */
async function revertMemberships(tx: EntityManager, id: string): Promise<UndoConflict[]> {
  const gone: { id: string }[] = await tx.query(
    `with moves as (
       select m.*, p.added_at from merge_move m
       left join project_member p on p.project_id = m.thing_id and p.contact_id = m.to_id
       where m.merge_id = $1 and m.kind in ('memberships', 'shared-memberships')
     ), back as (
       insert into project_member (project_id, contact_id, added_at)
       select thing_id, from_id, added_at from moves where added_at is not null on conflict do nothing
     ), gone as (
       delete from project_member p using moves m
       where m.kind = 'memberships' and p.project_id = m.thing_id and p.contact_id = m.to_id
     ) select distinct thing_id as id from moves where added_at is null order by 1 limit ${MAX_CONFLICTS}`,
    [id],
  );
  return gone.map((one) => ({
    id: one.id,
    field: 'members',
    message: 'the merged contact was removed from this project after the merge; it stays removed',
  }));
}
