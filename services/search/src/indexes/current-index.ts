import { AppError } from '@kontor/bus';
import { Database } from '@kontor/database';
import { rebuildState, startRebuild } from '../orders/rebuild.js';
import { orderSweep } from '../orders/sweep.js';
import { INDEX_VERSION } from './document.js';
import { MeiliClient } from './meili.client.js';
import type { WriterLock } from './writer-lock.js';

interface State {
  name: string;
  version: number;
  whole: boolean;
  made: string;
}

const DROP_AFTER_MS = 30_000;

/** For the writer: which indexes it writes to, and whether they are still those that it made. */
export class CurrentIndex {
  /** Meilisearch has lost it, or it is another one of the same name: it must be prepared anew. */
  lost = true;
  private state?: State;
  private making?: { name: string; made: string };

  constructor(
    private readonly db: Database,
    private readonly meili: MeiliClient,
    /** How long a change may be fresh, in milliseconds. */
    readonly settleMs: number,
  ) {}

  /** Whether there is an index to write to. */
  get ready(): boolean {
    return this.state !== undefined && !this.lost;
  }

  /** The index that is searched, and beside it the one that is being made. */
  all(): string[] {
    return [...new Set([this.state!.name, ...this.building()])];
  }

  building(): string[] {
    return this.making ? [this.making.name] : [];
  }

  /**
   * Finds the index, or makes it when there is none, when Meilisearch has lost it, or when this version of the service makes it in another way:
   * then it is filled anew, while the one there is goes on being searched.
   */
  async prepare(lock: WriterLock): Promise<void> {
    const there = await this.meili.indexes();
    const [known] = await this.db.queryAcrossTenants<State>('select name, version, whole, made from current_index', []);
    this.state = known;
    if (!known) this.state = await this.begin(lock, there);
    else if (there.get(known.name) !== known.made) this.state = await this.makeAgain(lock, known);
    if (this.state!.version !== INDEX_VERSION)
      await lock.transaction((query) =>
        startRebuild(query, { name: this.meili.names.next(), version: INDEX_VERSION, unless: INDEX_VERSION }),
      );
    await this.resumeMaking(lock);
    this.lost = false;
    this.dropOthersLater(lock);
  }

  /** From the first write on: what was looked at before the last writer ended would not be looked at again. */
  private async resumeMaking(lock: WriterLock): Promise<void> {
    this.making = undefined;
    const rebuild = await rebuildState(this.db);
    if (rebuild?.state !== 'running') return;
    const lost = rebuild.total > 0 && !(await this.meili.indexes()).has(rebuild.name);
    // Under another name: how far the lost one had come may still be about to be noted.
    const name = lost ? this.meili.names.next() : rebuild.name;
    if (lost)
      await lock.transaction((query) =>
        query('update rebuild set name = $1, done = 0, total = 0, tenant_id = null, kind = null, after_id = null', [name]),
      );
    await this.beginMaking(name);
  }

  private async begin(lock: WriterLock, there: ReadonlyMap<string, string>): Promise<State> {
    const { first } = this.meili.names;
    const old = first && there.get(first);
    const state = old
      ? { name: first, version: 0, whole: true, made: old }
      : { version: INDEX_VERSION, whole: false, ...(await this.make(this.meili.names.next())) };
    await lock.transaction(async (query) => {
      await query('insert into current_index (name, version, whole, made) values ($1, $2, $3, $4)', [
        state.name,
        state.version,
        state.whole,
        state.made,
      ]);
      if (!old) await startRebuild(query, { name: state.name, version: INDEX_VERSION });
    });
    return state;
  }

  /** Under a name of its own: what is on its way into the lost one must not make one of that name. */
  private async makeAgain(lock: WriterLock, lost: State): Promise<State> {
    const state = { ...lost, version: INDEX_VERSION, whole: false, ...(await this.make(this.meili.names.next())) };
    await lock.transaction(async (query) => {
      await query('update current_index set name = $1, version = $2, whole = false, made = $3', [state.name, state.version, state.made]);
      await startRebuild(query, { name: state.name, version: INDEX_VERSION, anew: true });
    });
    return state;
  }

  private async make(name: string): Promise<{ name: string; made: string }> {
    await this.meili.create(name);
    return { name, made: (await this.meili.indexes()).get(name) ?? '' };
  }

  /** Fails with `unavailable` when one of the indexes is gone: writing to it would make one without settings. */
  async mustStand(): Promise<void> {
    const there = await this.meili.indexes();
    const stand = [this.state, this.making].every((one) => !one || there.get(one.name) === one.made);
    if (stand) return;
    this.lost = true;
    throw new AppError('unavailable', 'The index is lost and is made anew', { retryAfter: 2 });
  }

  /** Looks whether they still stand; nobody else would notice before the next change. While Meilisearch is away nothing is known. */
  async look(): Promise<void> {
    await this.mustStand().catch(() => undefined);
  }

  /** From now on everything is written to this index, too; it is made if it is not there, and empty then. */
  async beginMaking(name: string): Promise<{ empty: boolean }> {
    const there = (await this.meili.indexes()).get(name);
    this.making = there ? { name, made: there } : await this.make(name);
    return { empty: !there };
  }

  /** What was made is searched from now on; the old index goes when no search can be using it any more. */
  async switchTo(lock: WriterLock, { name, version }: { name: string; version: number }): Promise<void> {
    const { made } = this.making!;
    await lock.transaction(async (query) => {
      await query('update current_index set name = $1, version = $2, whole = true, made = $3', [name, version, made]);
      await query(`update rebuild set state = 'finished', finished_at = clock_timestamp(), error = null`, []);
      // Words that only the old index had are swept now.
      await orderSweep(query);
    });
    this.state = { name, version, whole: true, made };
    this.making = undefined;
    this.dropOthersLater(lock);
  }

  private dropOthersLater(lock: WriterLock): void {
    setTimeout(() => void this.dropOthers(lock).catch(() => undefined), DROP_AFTER_MS).unref();
  }

  /** Drops what earlier rebuilds have left, ended or not. Only who is still the writer knows which those are. */
  private async dropOthers(lock: WriterLock): Promise<void> {
    for (const name of (await this.meili.indexes()).keys()) {
      const rebuild = await rebuildState(this.db);
      const used = this.ready ? [...this.all(), rebuild?.name] : [name];
      if (!used.includes(name) && lock.held()) await this.meili.drop(name);
    }
  }
}

/** Fails until the first writer has made an index: before that nothing can be found, not even slowly. */
export async function mustBeMade(db: Database): Promise<void> {
  const made = await db.queryAcrossTenants('select from current_index', []);
  if (!made.length) throw new Error('The index is not made yet');
}
