import { AppError } from '@kontor/bus';
import type { LeftBehind, Merge, MovedCounts } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import type { Fields } from '../changes/changes.js';
import type { Noun } from '../sql/rows.js';
import { isoTimestamp } from '../sql/rows.js';

export interface NewMerge {
  id: string;
  noun: Noun;
  into: string;
  from: string[];
  intoVersion: number;
  moved: MovedCounts;
  leftBehind: LeftBehind[];
  by: string | null;
}

export async function insertMerge(tx: EntityManager, merge: NewMerge): Promise<void> {
  await tx.query(
    'insert into merge (id, noun, into_id, from_ids, into_version, moved, left_behind, by_agent) values ($1, $2, $3, $4, $5, $6, $7, $8)',
    [
      merge.id,
      merge.noun,
      merge.into,
      merge.from,
      merge.intoVersion,
      JSON.stringify(merge.moved),
      JSON.stringify(merge.leftBehind),
      merge.by,
    ],
  );
}

const columns = `m.id, m.noun as kind, m.into_id as "into", m.from_ids as "from", m.moved, m.left_behind as "leftBehind", ${isoTimestamp('m.at')} as at,
  case when m.by_agent is not null then jsonb_build_object('id', m.by_agent, 'name', a.name) end as by, ${isoTimestamp('m.undone_at')} as "undoneAt",
  m.into_version as "intoVersion"`;
const from = 'merge m left join agent a on a.tenant_id = m.tenant_id and a.id = m.by_agent';

export type StoredMerge = Merge & { intoVersion: number };

/** The merge with this id, without an access check; `lock` prevents that it is undone concurrently. */
export async function readMerge(tx: EntityManager, id: string, lock?: 'lock'): Promise<StoredMerge> {
  const [merge]: StoredMerge[] = await tx.query(`select ${columns} from ${from} where m.id = $1 ${lock ? 'for no key update of m' : ''}`, [
    id,
  ]);
  if (!merge) throw noSuchMerge();
  return merge;
}
export const noSuchMerge = () => new AppError('not-found', 'There is no merge with this id');

/** Merges into this entry and into what was merged into it, newest first, before the given merge. */
export function readMergesInto(tx: EntityManager, noun: Noun, id: string, limit: number, before?: string): Promise<StoredMerge[]> {
  return tx.query(
    `with recursive all_of_it as (
       select $1::uuid as id union select t.id from ${noun} t join all_of_it a on t.merged_into = a.id
     )
     select ${columns} from ${from} where m.into_id in (select id from all_of_it) and ($2::uuid is null or m.id < $2) order by m.id desc limit ${limit}`,
    [id, before ?? null],
  );
}

/** The id of the merge that merged one entry into another. */
export async function findMergeInto(tx: EntityManager, into: string, id: string): Promise<string | undefined> {
  const [merge]: { id: string }[] = await tx.query(
    'select id from merge where into_id = $1 and undone_at is null and $2 = any(from_ids) order by id desc limit 1',
    [into, id],
  );
  return merge?.id;
}

/** The changed fields of the surviving entry, from its history. */
export async function readMergeStep(tx: EntityManager, { into, intoVersion }: StoredMerge): Promise<Fields> {
  const [row]: { fields: Fields | null }[] = await tx.query('select fields from history where entry_id = $1 and version = $2', [
    into,
    intoVersion,
  ]);
  return row?.fields ?? {};
}

/** Marks a merge as undone and deletes the list of what it moved. */
export async function markUndone(tx: EntityManager, id: string): Promise<void> {
  await tx.query('update merge set undone_at = now() where id = $1', [id]);
  await tx.query('delete from merge_move where merge_id = $1', [id]);
}
