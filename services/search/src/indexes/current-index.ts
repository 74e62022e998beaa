import { AppError } from '@kontor/bus';
import { Database } from '@kontor/database';
import { rebuildState, startRebuild } from '../maintenance-requests/rebuild.js';
import { requestSweep } from '../maintenance-requests/sweep.js';
import { INDEX_VERSION } from './document.js';
import { MeiliClient } from './meili.client.js';
import { Mode } from './mode.js';
import type { WriterLock } from './writer-lock.js';

/** The index that is searched, as the database has it. */
interface Row {
  name: string;
  version: number;
  whole: boolean;
  made: string;
}

const DROP_AFTER_MS = 30_000;

/**
 * For the writer: which indexes it writes to, and whether they are still those that it created. Its modes:
 *
 * - `lost`: nothing is known of the indexes. Either this replica has not been the writer since, or Meilisearch has lost one of them. Nothing is written.
 * - `preparing`: the index is being looked for, or created.
 * - `ready`: one index, which is searched and written to.
 * - `building`: beside it another one is being filled; both are written to.
 *
 * Legal transitions:
 *
 * - lost → preparing: `prepare` begins
 * - preparing → lost: it has failed
 * - preparing → ready: the index is there
 * - preparing → building: it exists, and a rebuild continues
 * - ready → building: a rebuild begins
 * - building → building: the rebuild continues after an interruption, or another one takes the place of one that failed
 * - building → ready: the new index has taken the place of the old one
 * - ready, building → lost: an index is gone, or another replica may have been the writer
 * - ready, building → preparing: `prepare` again, after an unexpected failure
 */
const TRANSITIONS = {
  lost: ['preparing'],
  preparing: ['lost', 'ready', 'building'],
  ready: ['building', 'lost', 'preparing'],
  building: ['building', 'ready', 'lost', 'preparing'],
} as const;

export class CurrentIndex {
  private readonly mode = new Mode<keyof typeof TRANSITIONS>('CurrentIndex', 'lost', TRANSITIONS);
  private current?: Row;
  private next?: { name: string; made: string };

  constructor(
    private readonly db: Database,
    private readonly meili: MeiliClient,
    /** How long a change may be fresh, in milliseconds. */
    readonly settleMs: number,
  ) {}

  /** Whether there is an index to write to. */
  get isReady(): boolean {
    return this.mode.is('ready', 'building');
  }

  get isLost(): boolean {
    return this.mode.is('lost');
  }

  /** The index that is searched. */
  get searched(): string {
    return this.current!.name;
  }

  /** The index that is searched and the one that is being built, which comes first: when it is switched to, it must not be behind the other. */
  names(): string[] {
    return [...new Set([...this.building(), this.searched])];
  }

  building(): string[] {
    return this.next ? [this.next.name] : [];
  }

  /** What is known is of the last time this replica was the writer. */
  setLost(): void {
    if (!this.isLost) this.mode.set('lost');
  }

  /**
   * Finds the index, or creates it when there is none, when Meilisearch has lost it, or when this version of the service builds it in another way:
   * then it is filled again, while the existing one is still searched.
   */
  async prepare(lock: WriterLock): Promise<void> {
    this.mode.set('preparing');
    try {
      await this.findOrCreate(lock);
      await this.resumeBuilding(lock);
    } catch (error) {
      this.mode.set('lost');
      throw error;
    }
    this.mode.set(this.next ? 'building' : 'ready');
    this.dropOthersLater(lock);
  }

  private async findOrCreate(lock: WriterLock): Promise<void> {
    const there = await this.meili.indexes();
    const [known] = await this.db.queryAcrossTenants<Row>('select name, version, whole, made from current_index', []);
    this.current = known;
    if (!known) this.current = await this.createFirst(lock, there);
    else if (there.get(known.name) !== known.made) this.current = await this.recreate(lock, known);
    if (this.current!.version !== INDEX_VERSION)
      await lock.transaction((query) =>
        startRebuild(query, { name: this.meili.names.next(), version: INDEX_VERSION, unless: INDEX_VERSION }),
      );
  }

  /** From the first write on: what was looked at before the last writer ended would not be looked at again. */
  private async resumeBuilding(lock: WriterLock): Promise<void> {
    this.next = undefined;
    const rebuild = await rebuildState(this.db);
    if (rebuild?.state !== 'running') return;
    const lost = rebuild.total > 0 && !(await this.meili.indexes()).has(rebuild.name);
    // Under another name: how far the lost one had come may still be about to be noted.
    const name = lost ? this.meili.names.next() : rebuild.name;
    if (lost)
      await lock.transaction((query) =>
        query('update rebuild set name = $1, done = 0, total = 0, tenant_id = null, kind = null, after_id = null', [name]),
      );
    this.next = (await this.findOrCreateNext(name)).index;
  }

  private async createFirst(lock: WriterLock, there: ReadonlyMap<string, string>): Promise<Row> {
    const { first } = this.meili.names;
    const old = first && there.get(first);
    const row = old
      ? { name: first, version: 0, whole: true, made: old }
      : { version: INDEX_VERSION, whole: false, ...(await this.create(this.meili.names.next())) };
    await lock.transaction(async (query) => {
      await query('insert into current_index (name, version, whole, made) values ($1, $2, $3, $4)', [
        row.name,
        row.version,
        row.whole,
        row.made,
      ]);
      if (!old) await startRebuild(query, { name: row.name, version: INDEX_VERSION });
    });
    return row;
  }

  /** Under a name of its own: what is on its way into the lost one must not create one of that name. */
  private async recreate(lock: WriterLock, lost: Row): Promise<Row> {
    const row = { ...lost, version: INDEX_VERSION, whole: false, ...(await this.create(this.meili.names.next())) };
    await lock.transaction(async (query) => {
      await query('update current_index set name = $1, version = $2, whole = false, made = $3', [row.name, row.version, row.made]);
      await startRebuild(query, { name: row.name, version: INDEX_VERSION, restart: true });
    });
    return row;
  }

  private async create(name: string): Promise<{ name: string; made: string }> {
    await this.meili.create(name);
    return { name, made: (await this.meili.indexes()).get(name) ?? '' };
  }

  private async findOrCreateNext(name: string): Promise<{ index: { name: string; made: string }; empty: boolean }> {
    const made = (await this.meili.indexes()).get(name);
    return made ? { index: { name, made }, empty: false } : { index: await this.create(name), empty: true };
  }

  /** Fails with `unavailable` when one of the indexes is gone: writing to it would create one without settings. */
  async assertIndexesExist(): Promise<void> {
    const there = await this.meili.indexes();
    if ([this.current, this.next].every((one) => !one || there.get(one.name) === one.made)) return;
    this.setLost();
    throw new AppError('unavailable', 'The index is lost and is built again', { retryAfter: 2 });
  }

  /** Notices that an index is gone; nobody else would before the next change. While Meilisearch is away nothing is known. */
  async checkIndexes(): Promise<void> {
    await this.assertIndexesExist().catch(() => undefined);
  }

  /** From now on everything is written to this index, too; it is created if it is not there, and empty then. */
  async beginBuilding(name: string): Promise<{ empty: boolean }> {
    const { index, empty } = await this.findOrCreateNext(name);
    if (!this.isReady) throw new AppError('unavailable', 'The index is being prepared', { retryAfter: 2 });
    this.next = index;
    this.mode.set('building');
    return { empty };
  }

  /** What was built is searched from now on; the old index goes when no search can be using it any more. */
  async switchTo(lock: WriterLock, { name, version }: { name: string; version: number }): Promise<void> {
    const { made } = this.next!;
    await lock.transaction(async (query) => {
      await query('update current_index set name = $1, version = $2, whole = true, made = $3', [name, version, made]);
      await query(`update rebuild set state = 'finished', finished_at = clock_timestamp(), error = null`, []);
      // Words that only the old index had are swept now.
      await requestSweep(query);
    });
    this.current = { name, version, whole: true, made };
    this.next = undefined;
    // It may have been lost meanwhile.
    if (this.mode.is('building')) this.mode.set('ready');
    this.dropOthersLater(lock);
  }

  private dropOthersLater(lock: WriterLock): void {
    setTimeout(() => void this.dropOthers(lock).catch(() => undefined), DROP_AFTER_MS).unref();
  }

  /** Drops what earlier rebuilds have left, ended or not. Only who is still the writer knows which those are. */
  private async dropOthers(lock: WriterLock): Promise<void> {
    for (const name of (await this.meili.indexes()).keys()) {
      const rebuild = await rebuildState(this.db);
      const used = this.isReady ? [...this.names(), rebuild?.name] : [name];
      if (!used.includes(name) && lock.held()) await this.meili.drop(name);
    }
  }
}

/** Fails until the first writer has created an index: before that nothing can be found, not even slowly. */
export async function assertIndexCreated(db: Database): Promise<void> {
  const rows = await db.queryAcrossTenants('select from current_index', []);
  if (!rows.length) throw new Error('The index is not created yet');
}
