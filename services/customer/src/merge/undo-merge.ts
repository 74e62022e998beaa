import { AppError } from '@kontor/bus';
import type { Job, Merge, UndoConflict } from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { mayRead } from '../access/access.js';
import { type Changes, noChanges, recordAndPublish, type Step, updated } from '../changes/changes.js';
import { currentIdOf } from '../filters/link-filters.js';
import { Jobs, type OpenJob } from '../job/job.service.js';
import { limits } from '../job/limits.js';
import { revertInheritedPhoto } from '../photo/photo.table.js';
import { retryOrRefuseTaken } from '../sql/retry-on-unique-violation.js';
import type { Noun } from '../sql/rows.js';
import { snake } from '../sql/rows.js';
import { serializeParentChanges } from '../tables/lock-parents.js';
import { ensurePrimaryContacts } from '../tables/primary-contact.js';
import { customerOf, entityStores, lockEntries, type Stored } from './entity-stores.js';
import type { Fields } from './fields.js';
import { withMergeDoor } from './merge.service.js';
import { findMergeInto, markUndone, noSuchMerge, readMerge, readMergeStep, type StoredMerge } from './merge.table.js';
import { revertMoves, totalOf } from './moves.js';
import { transferPrimaryContacts } from './primaries.js';
import { revertMergedFields } from './revert-merged-fields.js';
import { resolveUndoConflicts } from './undo-conflicts.js';

@Injectable()
export class UndoMerge {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
  ) {
    jobs.on<{ id: string }, object>('undo-merge', (job) => this.finish(job));
  }

  async undo(id: string): Promise<{ merge?: Merge; conflicts?: UndoConflict[]; job?: Job }> {
    const started = await withMergeDoor(() =>
      retryOrRefuseTaken(() => this.db.transaction((tx) => idempotent(tx, { undo: id }, () => this.start(tx, id)))),
    );
    if ('job' in started) return { job: await this.jobs.get(started.job) };
    return { merge: await this.db.transaction((tx) => readMerge(tx, id)), conflicts: started.conflicts };
  }

  private async start(tx: EntityManager, id: string): Promise<{ job: string } | { conflicts: UndoConflict[] }> {
    const { merge, into } = await lockForUndo(tx, id);
    const things = totalOf(merge.moved);
    if (things > limits.jobAbove) return { job: (await this.jobs.create(tx, 'undo-merge', { id }, things)).id };
    return { conflicts: await executeUndo(tx, merge, into) };
  }

  private async finish(job: OpenJob<{ id: string }, object>): Promise<void> {
    if (job.done >= job.total) return;
    await withMergeDoor(() =>
      retryOrRefuseTaken(() =>
        this.db.transaction(async (tx) => {
          const { merge, into } = await lockForUndo(tx, job.input.id);
          const conflicts = await executeUndo(tx, merge, into);
          await this.jobs.advance(tx, job as OpenJob, job.total, { mergeId: merge.id, conflicts });
        }),
      ),
    );
  }
}

/** Locks the merge, the surviving entry and those merged into it. Refuses what cannot be undone now, and says what must be done first. */
async function lockForUndo(tx: EntityManager, id: string): Promise<{ merge: StoredMerge; into: Stored }> {
  const { kind } = await readMerge(tx, id);
  if (kind === 'customer') await serializeParentChanges(tx);
  const merge = await readMerge(tx, id, 'lock');
  await lockEntries(tx, kind, [merge.into, ...merge.from]);
  const [into] = await entityStores[kind].read(tx, [merge.into]);
  if (!into) throw await explainNotUndoable(tx, merge);
  if (!into.mayWrite) throw new AppError('forbidden', `You may see this ${kind} but not change it; ask its owner or an admin`);
  if (merge.undoneAt) throw new AppError('conflict', `This merge was undone already, at ${merge.undoneAt}`, { undoneAt: merge.undoneAt });
  return { merge, into };
}

async function explainNotUndoable(tx: EntityManager, { kind, into }: StoredMerge): Promise<AppError> {
  const [row]: { mergedInto: string | null; visible: boolean }[] = await tx.query(
    `select t.merged_into as "mergedInto", ${mayRead(kind)} as visible from ${kind} t
     ${kind === 'contact' ? 'left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id' : ''} where t.id = $1`,
    [into],
  );
  if (!row) return noSuchMerge();
  if (!row.mergedInto)
    return row.visible ? new AppError('conflict', `The merged ${kind} is in the bin; restore it first`, { into }) : noSuchMerge();
  // Hidden from agents who may not see the present entry.
  if (!(await currentIdOf(entityStores[kind].find(tx, into)))) return noSuchMerge();
  const mergeId = await findMergeInto(tx, row.mergedInto, into);
  const message = `The merged ${kind} was itself merged into ${row.mergedInto}; undo that merge first (${mergeId})`;
  return new AppError('conflict', message, { mergeId, into: row.mergedInto });
}

/** Restores the merged entries with what belonged to them. Returns what stays unchanged because it was changed since the merge. */
async function executeUndo(tx: EntityManager, merge: StoredMerge, into: Stored): Promise<UndoConflict[]> {
  const { kind, from } = merge;
  const store = entityStores[kind];
  const changes = noChanges();
  const restored = await restoreMerged(tx, merge);
  const { row, conflicts } = revertMergedFields(kind, into, await readMergeStep(tx, merge), await readOtherMerged(tx, kind, into.id));
  const elsewhere = await revertMoves(tx, { id: merge.id, noun: kind }, changes);
  const before = [into, ...restored];
  const resolved = await resolveUndoConflicts(tx, kind, [row, ...restored]);
  await store.write(tx, resolved.rows);
  changes[`${kind}s`].push(...resolved.rows.map((after, i) => stepOf(kind, before[i] as Stored, after, i > 0)));
  const cycles = kind === 'customer' ? await breakCycles(tx, [into.id, ...from]) : [];
  await restorePrimaries(tx, merge, [...before, ...resolved.rows], changes);
  await revertInheritedPhoto(tx, merge.id);
  await markUndone(tx, merge.id);
  await recordAndPublish(tx, changes);
  return [...conflicts.map((one) => ({ id: into.id, ...one })), ...elsewhere, ...resolved.conflicts, ...cycles];
}

/** Restores the rows of the merged entries and returns them in the order of the merge call. */
async function restoreMerged(tx: EntityManager, { kind, into, from }: StoredMerge): Promise<Stored[]> {
  await tx.query(`update ${kind} set deleted_at = null, merged_into = null where id = any($1) and merged_into = $2`, [from, into]);
  const all = await entityStores[kind].read(tx, from, 'unfiltered');
  const writable = (await entityStores[kind].read(tx, from)).filter((row) => row.mayWrite);
  if (writable.length < all.length)
    throw new AppError('forbidden', `Among what was merged is a ${kind} that you may not change, so you cannot undo this; ask an admin`);
  return all.sort((a, b) => from.indexOf(a.id) - from.indexOf(b.id));
}

/** The list fields of entries that other merges have merged into this one. */
async function readOtherMerged(tx: EntityManager, kind: Noun, into: string): Promise<Fields[]> {
  const lists = ['externalIds', 'emails', 'phones', 'addresses', 'links', 'tags', ...(kind === 'customer' ? ['domains'] : [])];
  return tx.query(`select ${lists.map((list) => `${snake(list)} as "${list}"`).join(', ')} from ${kind} where merged_into = $1`, [into]);
}

function stepOf(kind: Noun, before: Stored, after: Stored, restored: boolean): Step {
  const fields = updated(entityStores[kind].columns, before, after)?.fields ?? {};
  return { id: before.id, version: before.version + 1, change: restored ? 'restored' : 'updated', fields };
}

/** Removes the parent of customers that would be below one of their own departments after the undo. */
async function breakCycles(tx: EntityManager, ids: readonly string[]): Promise<UndoConflict[]> {
  const [broken]: [{ id: string }[]] = await tx.query(
    `with recursive up as (
       select id as start, parent_id from customer where id = any($1)
       union select up.start, k.parent_id from customer k join up on k.id = up.parent_id
     )
     update customer set parent_id = null where id in (select start from up where parent_id = start) returning id`,
    [ids],
  );
  return broken.map(({ id }) => ({ id, field: 'parentId', message: 'is a department of this one now; it is restored without it' }));
}

async function restorePrimaries(tx: EntityManager, { id, kind, into, from }: StoredMerge, rows: readonly Stored[], changes: Changes) {
  const places: { customer: string; before: string; after: string }[] = await tx.query(
    `select thing_id as customer, to_id as before, from_id as after from merge_move where merge_id = $1 and kind = 'primaries'`,
    [id],
  );
  const alreadyWritten = new Set(changes.contacts.map((step) => step.id));
  await transferPrimaryContacts(tx, places, changes, alreadyWritten);
  const customers = kind === 'customer' ? [into, ...from] : rows.flatMap((row) => customerOf(row) ?? []);
  await ensurePrimaryContacts(tx, customers, changes, alreadyWritten);
}
