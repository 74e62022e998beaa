import { randomUUID } from 'node:crypto';
import { AppError, Bus, describeError, isTransient, newTraceparent, runAs, serviceContext } from '@kontor/bus';
import { Database, type HeldLock, tryHolding } from '@kontor/database';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { FileStore } from '../files/file-store.js';
import { ImportEntity } from '../import.entity.js';
import { UnreadableFile } from '../read/unreadable-file.js';
import { noteWaitingFor, runImport } from './run-import.js';

/** How often imports that nobody works on are looked for: after the death of a replica, or when a pause after a failure is over. */
const LOOK_EVERY_MS = 2_000;
/** Imports that one process works on at a time, each of another tenant. */
const MOST = 4;
/** An import that fails this often for a reason nobody can name is given up. */
const TRIES = 5;

interface Queued {
  importId: string;
  tenant: string;
}
type Result = Pick<ImportEntity, 'error'> & { state: 'finished' | 'failed' };

/**
 * Takes up what is in the queue, on start-up as well as at any time later, so that an import continues after any crash. A tenant's imports run
 * one after the other: a session lock per tenant sees to it that one process in the cluster works on them, and another when that one dies.
 */
@Injectable()
export class ImportRunner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('ImportRunner');
  private readonly stopping = new AbortController();
  private readonly running = new Map<string, Promise<void>>();
  private readonly failures = new Map<string, number>();
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly files: FileStore,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), LOOK_EVERY_MS);
    this.wake();
  }

  /** Stops after the batch that is on its way; the rest is done by whoever starts next. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await Promise.all(this.running.values());
  }

  /** Looks into the queue now. */
  wake(): void {
    this.takeUp().catch((error: unknown) => this.log.warn({ event: 'queue-not-read', ...describeError(error) }));
  }

  private async takeUp(): Promise<void> {
    const waiting: { tenant: string }[] = await this.db.acrossTenants((tx) =>
      tx.query('select tenant_id as tenant from import_queue group by tenant_id order by min(queued_at) limit 100'),
    );
    for (const { tenant } of waiting) {
      if (this.stopping.signal.aborted || this.running.size >= MOST) return;
      if (this.running.has(tenant)) continue;
      const work = this.workFor(tenant)
        .catch((error: unknown) => this.log.warn({ event: 'import-interrupted', ...describeError(error) }))
        .finally(() => this.running.delete(tenant));
      this.running.set(tenant, work);
    }
  }

  private async workFor(tenant: string): Promise<void> {
    await tryHolding(this.db.options.url, `import:${tenant}`, async (lock) => {
      for (let next = await this.nextOf(tenant); next; next = await this.nextOf(tenant)) if (!(await this.work(next, lock))) return;
    });
  }

  private async nextOf(tenant: string): Promise<Queued | undefined> {
    const [next]: Queued[] = await this.db.acrossTenants((tx) =>
      tx.query(
        'select import_id as "importId", tenant_id as tenant from import_queue where tenant_id = $1 order by queued_at, import_id limit 1',
        [tenant],
      ),
    );
    return next;
  }

  /** Works on an import until it is over (true), or until the lock is lost or the process stops (false). */
  private async work({ importId, tenant }: Queued, lock: HeldLock): Promise<boolean> {
    const goOn = AbortSignal.any([lock.lost, this.stopping.signal]);
    if (!lock.held() || goOn.aborted) return false;
    const context = serviceContext(tenant, { lane: 'bulk', door: 'import' });
    const entity = await runAs(context, () => this.begin(importId));
    if (entity && (entity.state === 'queued' || entity.state === 'running')) {
      const asAgent = { ...context, ...entity.startedBy, requestId: randomUUID(), traceparent: newTraceparent() };
      const result = await runAs(asAgent, () => this.run(entity, lock, goOn));
      if (!result) return false;
      await runAs(context, () => this.end(importId, result));
    }
    // After the result is written: an import that has one needs its file no more, and one without a result still does.
    if (entity) await this.files.delete(entity.file);
    await this.db.acrossTenants((tx) => tx.query('delete from import_queue where import_id = $1', [importId]));
    this.failures.delete(importId);
    return true;
  }

  private begin(id: string): Promise<ImportEntity | null> {
    return this.db.transaction(async (tx) => {
      await tx.query(
        `update import set state = 'running', started_at = coalesce(started_at, now()) where id = $1 and state in ('queued', 'running')`,
        [id],
      );
      return tx.findOneBy(ImportEntity, { id });
    });
  }

  /** How the import ended; undefined when it did not, because somebody else is to go on with it. */
  private async run(entity: ImportEntity, lock: HeldLock, goOn: AbortSignal): Promise<Result | undefined> {
    try {
      return (await runImport({ db: this.db, bus: this.bus, files: this.files }, entity, goOn))
        ? { state: 'finished', error: null }
        : undefined;
    } catch (error) {
      // Whoever has the lock now may have finished it, and deleted the file that was not found here.
      if (!lock.held() || goOn.aborted) return undefined;
      const refused = error instanceof UnreadableFile || (error instanceof AppError && !isTransient(error) && error.code !== 'internal');
      if (refused) return { state: 'failed', error: error.message };
      if (isTransient(error)) await noteWaitingFor(this.db, entity, (error as AppError).message);
      else if (this.failsTooOften(entity.id)) {
        this.log.error({ event: 'import-given-up', importId: entity.id, ...describeError(error) });
        return { state: 'failed', error: 'Something went wrong inside; the log has more under the id of the import' };
      }
      throw error;
    }
  }

  private failsTooOften(id: string): boolean {
    const failures = (this.failures.get(id) ?? 0) + 1;
    this.failures.set(id, failures);
    return failures >= TRIES;
  }

  private end(id: string, { state, error }: Result): Promise<unknown> {
    return this.db.transaction((tx) =>
      tx.update(ImportEntity, { id, state: 'running' }, { state, error, waitingFor: null, finishedAt: () => 'now()' }),
    );
  }
}
