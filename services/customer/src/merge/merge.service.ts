import { currentContext, runAs } from '@kontor/bus';
import type { InputOf, Merge, mergeContacts, OutputOf } from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Changes, noChanges, recordAndPublish, type Step, updated } from '../changes/changes.js';
import { Jobs, type OpenJob } from '../job/job.service.js';
import { limits } from '../job/limits.js';
import { inheritPhoto } from '../photo/photo.table.js';
import { newId } from '../sql/new-id.js';
import { retryOrRefuseTaken } from '../sql/retry-on-unique-violation.js';
import type { Noun } from '../sql/rows.js';
import { ensurePrimaryContacts } from '../tables/primary-contact.js';
import { customerOf, entityStores, type Stored } from './entity-stores.js';
import { insertMerge, readMerge } from './merge.table.js';
import { moveLinkedRows, totalOf } from './moves.js';
import { type MergeInput, type Plan, planMerge } from './plan-merge.js';
import { primariesOf, transferPrimaryContacts } from './primaries.js';

/** Runs work whose history gets the door `merge`. */
export const withMergeDoor = <T>(work: () => Promise<T>): Promise<T> => runAs({ ...currentContext(), door: 'merge' }, work);

type Answer = OutputOf<typeof mergeContacts>;
const answerOf = (noun: Noun, merged: Stored, rest: Answer) => ({ ...rest, [noun]: merged }) as Answer;

@Injectable()
export class MergeService {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
  ) {
    jobs.on<MergeInput & { noun: Noun }, object>('merge', (job) => this.finish(job));
  }

  async merge(noun: Noun, { dryRun, ...input }: InputOf<typeof mergeContacts>): Promise<Answer> {
    if (dryRun === 'true') return this.db.transaction((tx) => this.preview(tx, noun, input));
    const started = await withMergeDoor(() =>
      retryOrRefuseTaken(() => this.db.transaction((tx) => idempotent(tx, { noun, ...input }, () => this.start(tx, noun, input)))),
    );
    return 'job' in started ? { job: await this.jobs.get(started.job) } : this.db.transaction((tx) => this.answer(tx, started.merge));
  }

  private async preview(tx: EntityManager, noun: Noun, input: MergeInput): Promise<Answer> {
    const { merged, leftBehind, counts } = await planMerge(tx, noun, input);
    return answerOf(noun, merged, { leftBehind, moved: counts });
  }

  private async start(tx: EntityManager, noun: Noun, input: MergeInput): Promise<{ job: string } | { merge: string }> {
    const plan = await planMerge(tx, noun, input);
    const things = totalOf(plan.counts);
    if (things > limits.jobAbove) return { job: (await this.jobs.create(tx, 'merge', { noun, ...input }, things)).id };
    return { merge: (await executeMerge(tx, plan)).id };
  }

  private async answer(tx: EntityManager, id: string): Promise<Answer> {
    const { kind, into, moved, leftBehind } = await readMerge(tx, id);
    // Unfiltered, because the merge may have removed the caller's own read access.
    const [merged = await entityStores[kind].find(tx, into)] = await entityStores[kind].read(tx, [into], 'unfiltered');
    return answerOf(kind, merged, { id, moved, leftBehind });
  }

  /** One transaction regardless of the size. Uses the present state of entries that were changed since the call. */
  private async finish(job: OpenJob<MergeInput & { noun: Noun }, object>): Promise<void> {
    if (job.done >= job.total) return;
    const { noun, ...input } = job.input;
    await withMergeDoor(() =>
      retryOrRefuseTaken(() =>
        this.db.transaction(async (tx) => {
          const { id, moved, leftBehind } = await executeMerge(tx, await planMerge(tx, noun, input));
          await this.jobs.advance(tx, job as OpenJob, job.total, { mergeId: id, moved, leftBehind });
        }),
      ),
    );
  }
}

/** Executes the plan and publishes the changes. */
async function executeMerge(tx: EntityManager, plan: Plan): Promise<Pick<Merge, 'id' | 'moved' | 'leftBehind'>> {
  const { noun, rows, merged, leftBehind } = plan;
  const [into, ...others] = rows;
  const changes = noChanges();
  const from = others.map(({ id }) => id);
  const merge = { id: newId(), noun, into: into.id, from };
  const customerIds = rows.flatMap((row) => customerOf(row) ?? []);
  const primaries = await primariesOf(tx, customerIds);

  changes[`${noun}s`].push(...(await markMerged(tx, noun, from, into.id)));
  await entityStores[noun].deleteKeys(tx, from);
  await entityStores[noun].write(tx, [merged]);
  const step: Step = { id: into.id, version: into.version + 1, change: 'updated', fields: {} };
  changes[`${noun}s`].push(updated(entityStores[noun].columns, into, merged) ?? step);
  await insertMerge(tx, {
    ...merge,
    intoVersion: step.version,
    moved: plan.counts,
    leftBehind,
    by: currentContext().agent?.id ?? null,
  });
  await inheritPhoto(tx, into.id, from);
  await moveLinkedRows(tx, merge, changes);
  if (noun === 'contact') await transferPrimaries(tx, merge, customerIds, primaries, changes);
  else await ensurePrimaryContacts(tx, [into.id], changes, new Set(changes.contacts.map(({ id }) => id)));
  await recordAndPublish(tx, changes);
  return { id: merge.id, moved: plan.counts, leftBehind };
}

async function markMerged(tx: EntityManager, noun: Noun, from: readonly string[], into: string): Promise<Step[]> {
  const [marked]: [{ id: string; version: number }[]] = await tx.query(
    `update ${noun} set deleted_at = now(), merged_into = $2, version = version + 1, updated_at = now() where id = any($1) returning id, version`,
    [from, into],
  );
  return marked.map(({ id, version }) => ({ id, version, change: 'merged' as const, into }));
}

/**
 * Makes the merged contact primary where one of the merged ones was; customers that lost their primary contact get another one. Stores the changes
 * for undoing.
 */
async function transferPrimaries(
  tx: EntityManager,
  { id, into, from }: { id: string; into: string; from: readonly string[] },
  customers: readonly string[],
  before: ReadonlyMap<string, string>,
  changes: Changes,
): Promise<void> {
  const lost = [...before].filter(([, contact]) => from.includes(contact));
  const places = lost.map(([customer, contact]) => ({ customer, before: contact, after: into }));
  await transferPrimaryContacts(tx, places, changes, new Set([into]));
  await ensurePrimaryContacts(tx, customers, changes, new Set([into]));
  const after = await primariesOf(tx, customers);
  const moved = [...before].filter(([customer, contact]) => (after.get(customer) ?? contact) !== contact);
  await tx.query(
    `insert into merge_move (merge_id, kind, thing_id, from_id, to_id)
     select $1, 'primaries', * from unnest($2::uuid[], $3::uuid[], $4::uuid[])`,
    [id, moved.map(([customer]) => customer), moved.map(([, contact]) => contact), moved.map(([customer]) => after.get(customer))],
  );
}
