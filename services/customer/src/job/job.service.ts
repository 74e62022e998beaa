import { AppError, type Context, currentContext, describeError, isTransient, newTraceparent, runAs, Wakeable } from '@kontor/bus';
import type { BulkItem, InputOf, Job, listJobItems } from '@kontor/contracts';
import { Database, type HeldLock, whileHolding } from '@kontor/database';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { decodeCursor, encodeCursor } from '../paging/page.js';
import { newId } from '../sql/new-id.js';
import { isoTimestamp } from '../sql/rows.js';

/** A job as its handler sees it. */
export interface OpenJob<I = unknown, R = Record<string, unknown>> {
  id: string;
  tenant: string;
  kind: string;
  input: I;
  total: number;
  done: number;
  result: R;
  context: Pick<Context, 'agent' | 'roles' | 'teams' | 'requestId' | 'door'>;
}
/**
 * Runs a job from `done` on. It saves its progress with `advance` in the transaction of each step, so that a crash repeats nothing. An error fails
 * the job, unless it is transient: then the handler is called again later.
 */
type Handler = (job: OpenJob<never>) => Promise<void>;

const columns = `id, kind, state, total, done, result - 'items' as result, error, context->'agent'->>'id' as "agentId",
  ${isoTimestamp('created_at')} as "createdAt", ${isoTimestamp('started_at')} as "startedAt", ${isoTimestamp('finished_at')} as "finishedAt",
  extract(epoch from coalesce(finished_at, now()) - started_at)::float as seconds`;
type Row = Omit<Job, 'progress' | 'error'> & {
  total: number;
  done: number;
  error: string | null;
  seconds: number | null;
  agentId: string | null;
};

const POLL_MS = 500;
const RETRY_DELAY_S = 2;

/** Background jobs: one replica runs them one after the other, with the rights of the agent who requested them. */
@Injectable()
export class Jobs implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Jobs');
  private readonly handlers = new Map<string, Handler>();
  private readonly stopping = new AbortController();
  private worker?: Promise<void>;
  private readonly idle = new Wakeable(POLL_MS);

  constructor(private readonly db: Database) {}

  /** Registers the handler for a kind of jobs. */
  on<I, R>(kind: string, handler: (job: OpenJob<I, R>) => Promise<void>): void {
    this.handlers.set(kind, handler as Handler);
  }

  /** Creates a job in the transaction of the call that requests it. */
  async create(tx: EntityManager, kind: string, input: object, total: number): Promise<Job> {
    const { tenant, agent, roles, teams, requestId, door } = currentContext();
    const id = newId();
    await tx.query('insert into job (tenant_id, id, kind, state, context, input, total) values ($1, $2, $3, $4, $5, $6, $7)', [
      tenant,
      id,
      kind,
      'queued',
      JSON.stringify({ agent, roles, teams, requestId, door }),
      JSON.stringify(input),
      total,
    ]);
    // Wakes the worker when the transaction should have committed.
    setTimeout(() => this.idle.wake(), 10).unref();
    return this.read(tx, id);
  }

  get(id: string): Promise<Job> {
    return this.db.transaction((tx) => this.read(tx, id));
  }

  private async read(tx: EntityManager, id: string): Promise<Job> {
    const { tenant, roles } = currentContext();
    const [row]: Row[] = await tx.query(`select ${columns} from job where tenant_id = $1 and id = $2`, [tenant, id]);
    const isRequester = row?.agentId && row.agentId === currentContext().agent?.id;
    if (!row || !(isRequester || roles.includes('admin') || roles.includes('service')))
      throw new AppError('not-found', 'There is no job with this id');
    const { total, done, seconds, error, agentId: _, ...job } = row;
    const rowsPerSecond = seconds ? done / seconds : 0;
    const secondsLeft = job.state === 'finished' ? 0 : rowsPerSecond > 0 ? Math.ceil((total - done) / rowsPerSecond) : null;
    return {
      ...job,
      ...(error !== null && { error }),
      progress: { items: total, done, rowsPerSecond: Math.round(rowsPerSecond), secondsLeft },
    };
  }

  /** The results of the items in the order of the call; those not processed yet are missing. */
  items({ id, limit, cursor }: InputOf<typeof listJobItems>): Promise<{ items: BulkItem[]; nextCursor: string | null }> {
    return this.db.transaction(async (tx) => {
      await this.read(tx, id);
      const from = cursor === undefined ? 0 : Number(decodeCursor(cursor, 'job-items')[0]) || 0;
      const rows: { item: BulkItem }[] = await tx.query(
        `select item from job, jsonb_array_elements(result->'items') with ordinality as all_items (item, n)
         where tenant_id = $1 and id = $2 and n > $3 order by n limit ${limit + 1}`,
        [currentContext().tenant, id, from],
      );
      return {
        items: rows.slice(0, limit).map(({ item }) => item),
        nextCursor: rows.length > limit ? encodeCursor('job-items', String(from + limit), '') : null,
      };
    });
  }

  /** Saves the progress of a job in the transaction of the step. */
  async advance(tx: EntityManager, job: OpenJob, done: number, result: object = job.result): Promise<void> {
    await tx.query('update job set done = $3, result = $4 where tenant_id = $1 and id = $2', [
      job.tenant,
      job.id,
      done,
      JSON.stringify(result),
    ]);
    Object.assign(job, { done, result });
  }

  /**
   * Runs a job in steps, each in its own transaction that starts from the saved progress, so that no step is repeated even if this process has lost
   * its lock without noticing. Between two steps another replica may take over.
   */
  async runInSteps<I, R>(job: OpenJob<I, R>, step: (tx: EntityManager) => Promise<'more' | 'done'>): Promise<void> {
    for (let more = true; more; ) {
      if (this.stopping.signal.aborted) throw new AppError('unavailable', 'This replica is stopping; another one will continue');
      more = await this.db.transaction(async (tx) => {
        const [saved]: Pick<OpenJob<I, R>, 'done' | 'result'>[] = await tx.query(
          `select done, result from job where tenant_id = $1 and id = $2 and state = 'running' for update`,
          [job.tenant, job.id],
        );
        if (!saved) return false;
        Object.assign(job, saved);
        return (await step(tx)) === 'more';
      });
    }
  }

  onApplicationBootstrap(): void {
    this.worker = whileHolding(
      this.db.options.url,
      'jobs',
      this.stopping.signal,
      (lock) => this.work(lock),
      (error) => this.log.warn({ event: 'jobs-interrupted', ...describeError(error) }),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.idle.wake();
    await this.worker;
  }

  private async work({ held }: HeldLock): Promise<void> {
    while (held()) {
      const [job] = await this.db.queryAcrossTenants<OpenJob & { state: string }>(
        `select id, tenant_id as tenant, kind, input, total, done, result, context from job
         where state in ('queued', 'running') and not_before <= now() order by created_at, id limit 1`,
        [],
      );
      if (job) await this.run(job);
      else await this.idle.rest();
    }
  }

  private async run(job: OpenJob): Promise<void> {
    const set = (sql: string, ...values: unknown[]) =>
      this.db.queryAcrossTenants(`update job set ${sql} where tenant_id = $1 and id = $2`, [job.tenant, job.id, ...values]);
    const context: Context = { ...job.context, tenant: job.tenant, lane: 'bulk', traceparent: newTraceparent() };
    await set(`state = 'running', started_at = coalesce(started_at, now())`);
    try {
      const handler = this.handlers.get(job.kind);
      if (!handler) throw new Error(`There is no handler for jobs of the kind ${job.kind}`);
      await runAs(context, () => handler(job as OpenJob<never>));
      await set(`state = 'finished', done = total, error = null, finished_at = now()`);
    } catch (error) {
      // Other jobs run meanwhile.
      if (isTransient(error)) return void (await set(`not_before = now() + interval '${RETRY_DELAY_S} seconds'`));
      this.log.error({ event: 'job-failed', kind: job.kind, ...describeError(error) });
      const message =
        error instanceof AppError ? error.message : 'An internal error occurred; the log of the customer service has the details';
      // Only if it is still running: after this process was suspended, another replica may have finished the job.
      await this.db.queryAcrossTenants(
        `update job set state = 'failed', error = $3, finished_at = now() where tenant_id = $1 and id = $2 and state = 'running'`,
        [job.tenant, job.id, message],
      );
    }
  }
}
