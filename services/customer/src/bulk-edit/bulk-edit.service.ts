import { AppError } from '@kontor/bus';
import type { BulkItem, Job } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readOnly, refuseChangingAccess } from '../access/access.js';
import { type Changes, noChanges, recordAndPublish, type Step, updated } from '../changes/changes.js';
import { refusedItem } from '../contact/contact.service.js';
import { Jobs, type OpenJob } from '../job/job.service.js';
import { limits } from '../job/limits.js';
import type { Conditions } from '../paging/page.js';
import type { Columns, Noun, ReadMode } from '../sql/rows.js';
import { allMergedInto } from '../tables/merged-into.js';
import { type BulkChange, tagsAfter } from './tags-after.js';

/** A row that a bulk edit can change. */
export interface Changeable {
  id: string;
  version: number;
  mayWrite: boolean;
  ownerId: string | null;
  access: { restricted: boolean; agents: { id: string; rights: 'read' | 'write' }[]; teams: { name: string; rights: 'read' | 'write' }[] };
  tags: string[];
}
type WithTags<C> = Omit<C, 'addTags' | 'removeTags'> & { tags?: string[] };

/** What a bulk edit needs to know about contacts or customers. */
export interface EntityEditor<R extends Changeable, C extends BulkChange> {
  noun: Noun;
  columns: Columns;
  /** Refuses a change that is invalid for every entry; returns the function that applies it to one. */
  prepare(tx: EntityManager, change: C): Promise<(before: R, given: WithTags<C>) => object>;
  /** Locks what must be locked before the rows. */
  lock?(tx: EntityManager, ids: readonly string[], change: C): Promise<void>;
  read(tx: EntityManager, ids: readonly string[], reading: ReadMode): Promise<R[]>;
  /** Writes the changed rows and what depends on them. */
  write(tx: EntityManager, befores: readonly R[], afters: readonly object[], changes: Changes): Promise<void>;
}

export interface BulkEditInput<C> {
  ids: string[];
  change: C;
}
type Outcome = Omit<BulkItem, 'index'>;
type Open<C> = OpenJob<BulkEditInput<C>, { items?: BulkItem[] }>;

/** Applies one change to a set of contacts or customers (docs/rules.md 1.6). */
@Injectable()
export class BulkEditService {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
  ) {}

  /** Registers the job handler for contacts or customers. */
  register<R extends Changeable, C extends BulkChange>(editing: EntityEditor<R, C>): void {
    this.jobs.on<BulkEditInput<C>, { items?: BulkItem[] }>(kindOf(editing.noun), (job) =>
      this.jobs.runInSteps(job, (tx) => this.step(tx, editing, job)),
    );
  }

  /** A change that would be refused for every entry is refused as a whole, so that the same error is not repeated a thousand times. */
  async change<R extends Changeable, C extends BulkChange>(
    editing: EntityEditor<R, C>,
    change: C,
    idsIn: (tx: EntityManager) => Promise<string[]>,
  ): Promise<{ items: BulkItem[]; job?: Job }> {
    return this.db.transaction(async (tx) => {
      const ids = await idsIn(tx);
      const isJob = ids.length > limits.jobAbove;
      if (!isJob) await editing.lock?.(tx, ids, change);
      const apply = await editing.prepare(tx, change);
      if (isJob) return { items: [], job: await this.jobs.create(tx, kindOf(editing.noun), { ids, change }, ids.length) };
      const outcomes = await changeBatch(tx, editing, { ids, change }, apply);
      return { items: outcomes.map((outcome, index) => ({ index, ...outcome })) };
    });
  }

  private async step<R extends Changeable, C extends BulkChange>(
    tx: EntityManager,
    editing: EntityEditor<R, C>,
    job: Open<C>,
  ): Promise<'more' | 'done'> {
    const { ids, change } = job.input;
    const some = ids.slice(job.done, job.done + limits.step);
    await editing.lock?.(tx, some, change);
    const outcomes = await editing.prepare(tx, change).then(
      (apply) => changeBatch(tx, editing, { ids: some, change }, apply),
      // What the change refers to was deleted since the call.
      (error: unknown) => some.map(() => outcomeOf(refusedItem(0, error))),
    );
    const items = outcomes.map((outcome, i) => ({ index: job.done + i, ...outcome }));
    await this.jobs.advance(tx, job as OpenJob, job.done + some.length, { items: [...(job.result.items ?? []), ...items] });
    return job.done < ids.length ? 'more' : 'done';
  }
}

const kindOf = (noun: Noun) => `change-${noun}s`;
const outcomeOf = ({ index: _, ...outcome }: BulkItem): Outcome => outcome;

/** The ids that match at the time of the call: the change itself may affect what the filter matches. */
export async function matchingIds(tx: EntityManager, from: string, where: Conditions): Promise<string[]> {
  // Without statistics on recently inserted rows, PostgreSQL expects each filter to match one row, and its nested loops take minutes.
  await tx.query('set local enable_nestloop = off');
  const rows: { id: string }[] = await tx.query(
    `select t.id from ${from} where ${where} order by t.id limit ${limits.setAtMost + 1}`,
    where.parameters,
  );
  if (rows.length <= limits.setAtMost) {
    await tx.query('set local enable_nestloop = on');
    return rows.map(({ id }) => id);
  }
  const [all]: { n: number }[] = await tx.query(`select count(*)::int as n from ${from} where ${where}`, where.parameters);
  throw new AppError('too-large', `filter: matches ${all?.n}; at most ${limits.setAtMost} can be changed by one call: narrow it down`, {
    matches: all?.n,
    errors: [{ path: 'filter', message: `matches ${all?.n}, more than ${limits.setAtMost}`, code: 'too-many' }],
  });
}

/** Changes these entries with a constant number of statements. A refused one does not affect the others. */
async function changeBatch<R extends Changeable, C extends BulkChange>(
  tx: EntityManager,
  editing: EntityEditor<R, C>,
  { ids, change }: BulkEditInput<C>,
  apply: (before: R, given: WithTags<C>) => object,
): Promise<Outcome[]> {
  const { rows, now } = await readCurrent(tx, editing, ids);
  const outcomes = new Map<string, Outcome>();
  const different: { before: R; after: object; step: Step }[] = [];
  for (const before of rows.values()) {
    try {
      if (!before.mayWrite) throw readOnly(editing.noun);
      const after = apply(before, withTags(before, change));
      const step = updated(editing.columns, before, after);
      refuseChangingAccess(before, Object.keys(step?.fields ?? {}));
      if (step) different.push({ before, after, step });
      outcomes.set(before.id, { status: 200, id: before.id, version: step?.version ?? before.version });
    } catch (error) {
      outcomes.set(before.id, { id: before.id, ...outcomeOf(refusedItem(0, error)) });
    }
  }
  const changes = noChanges();
  changes[`${editing.noun}s`].push(...different.map(({ step }) => step));
  await editing.write(
    tx,
    different.map(({ before }) => before),
    different.map(({ after }) => after),
    changes,
  );
  await recordAndPublish(tx, changes);
  return ids.map((id) => outcomes.get(now.get(id) ?? id) ?? notFound(editing.noun, id));
}

/** Locks and reads these rows, as far as the caller may see them. Merged entries are replaced by what they were merged into. */
async function readCurrent<R extends Changeable, C extends BulkChange>(
  tx: EntityManager,
  editing: EntityEditor<R, C>,
  ids: readonly string[],
) {
  const rows = new Map((await editing.read(tx, ids, 'lock')).map((row) => [row.id, row]));
  const now = await allMergedInto(
    tx,
    editing.noun,
    ids.filter((id) => !rows.has(id)),
  );
  const others = [...new Set(now.values())].filter((id) => !rows.has(id));
  for (const row of await editing.read(tx, others, 'lock')) rows.set(row.id, row);
  return { rows, now };
}

function withTags<C extends BulkChange>(before: Changeable, { addTags, removeTags, ...given }: C): WithTags<C> {
  return addTags || removeTags ? { ...given, tags: tagsAfter(before.tags, addTags, removeTags) } : given;
}

const notFound = (noun: Noun, id: string): Outcome => ({
  status: 404,
  id,
  problem: { code: 'not-found', detail: `There is no ${noun} with this id` },
});
