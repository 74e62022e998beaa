import { AppError, Bus, describeError, isTransient, NIL_UUID, serviceContext } from '@kontor/bus';
import { listTenants, listVersions } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { CurrentIndex } from '../indexes/current-index.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { Indexer } from '../indexing/indexer.js';
import { type RebuildState, rebuildState } from '../maintenance-requests/rebuild.js';
import { countEntries, KINDS } from './count-entries.js';

const IDS_AT_ONCE = 5_000;
// So many that Meilisearch never waits for the next batch: three of 50,000.
const PAGES_IN_FLIGHT = 30;

/**
 * Rebuilds the index, when that was ordered: everything that the customer service has goes through the indexer into the new index, and all that
 * changes meanwhile into both; then the new one is searched. A new writer resumes where the last one stopped.
 */
@Injectable()
export class Rebuilder {
  private readonly log = new Logger('Rebuilder');

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly indexer: Indexer,
    private readonly index: CurrentIndex,
  ) {}

  /** Rebuilds the index when that is ordered. Never fails: the order stands until it was followed. */
  async followNext(lock: WriterLock): Promise<void> {
    try {
      const state = await rebuildState(this.db);
      if (state?.state === 'running' && this.index.isReady) await this.rebuild(state, lock);
    } catch (error) {
      this.log.warn({ event: 'index-not-rebuilt-yet', ...describeError(error) });
      if (!isTransient(error) && lock.held()) await this.failed().catch(() => undefined);
    }
  }

  /** When that cannot be noted it is tried again, and fails again. */
  private failed(): Promise<unknown> {
    return this.db.acrossTenants((tx) =>
      tx.query(`update rebuild set state = 'failed', finished_at = clock_timestamp(), error = $1 where state = 'running'`, [
        'An entry could not be indexed; the log of the search service says why',
      ]),
    );
  }

  private async rebuild(state: RebuildState, lock: WriterLock): Promise<void> {
    const { empty } = await this.index.beginBuilding(state.name);
    const { tenants } = await this.bus.request(listTenants, {}, serviceContext(NIL_UUID));
    tenants.sort();
    let total = 0;
    for (const tenant of tenants) total += await countEntries(this.bus, tenant);
    await this.note(state.name, 'total = $2', [total]);
    const places = tenants.flatMap((tenant) => KINDS.map((kind) => ({ tenant, kind })));
    const at = empty ? -1 : places.findIndex(({ tenant, kind }) => tenant === state.tenant && kind === state.kind);
    for (const [i, { tenant, kind }] of places.slice(Math.max(at, 0)).entries())
      await this.fill(state.name, tenant, kind, i === 0 && at >= 0 ? state.after : null, lock);
    this.assertBuilding(state.name, lock);
    await this.index.switchTo(lock, state);
  }

  /** Fails when another replica writes now, or the index was lost meanwhile: then it is gone on, or begun again, from what is noted. */
  private assertBuilding(name: string, lock: WriterLock): void {
    if (!lock.held() || !this.index.building().includes(name))
      throw new AppError('unavailable', 'The index is not being built here any more');
  }

  private async fill(name: string, tenant: string, kind: (typeof KINDS)[number], from: string | null, lock: WriterLock): Promise<void> {
    const inFlight: Promise<unknown>[] = [];
    let noted: Promise<unknown> = Promise.resolve();
    for (let after = from ?? undefined; ; ) {
      this.assertBuilding(name, lock);
      const { items } = await this.bus.request(listVersions, { kind, after, limit: IDS_AT_ONCE }, serviceContext(tenant));
      const last = items.at(-1)?.id;
      if (last === undefined) break;
      after = last;
      const page = this.indexer.refresh(tenant, items, 'rebuild');
      // How far it has come is noted in order: nothing before it is missing.
      const before = noted;
      noted = page.then(async () => {
        await before;
        await this.note(name, 'done = done + $2, tenant_id = $3, kind = $4, after_id = $5', [items.length, tenant, kind, last]);
      });
      // The first that fails ends all, and those after it fail, too, when nobody waits for them any more.
      noted.catch(() => undefined);
      inFlight.push(noted);
      if (inFlight.length >= PAGES_IN_FLIGHT) await inFlight.shift();
    }
    await Promise.all(inFlight);
  }

  private note(name: string, columns: string, parameters: unknown[]): Promise<unknown> {
    return this.db.acrossTenants((tx) =>
      tx.query(`update rebuild set ${columns} where name = $1 and state = 'running'`, [name, ...parameters]),
    );
  }
}
