import { Injectable } from '@nestjs/common';
import { Mode } from '../indexes/mode.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { BulkWorker } from './bulk-worker.js';
import { EntryTracker } from './entry-tracker.js';
import type { Lane } from './index-request.js';
import { InteractiveWorker } from './interactive-worker.js';
import { Lanes } from './lanes.js';
import type { EntryRef } from './tenant-work.js';

/**
 * Keeps the two indexes at what the customer service says. It never trusts an event but asks what the entries are now, and writes the answers
 * in the order in which it asked: doubled, late and shuffled events do no harm, and nothing goes back to an older state.
 * Interactive changes go into the fresh index, all others in large batches into the settled one, at the same time (see EntryTracker). Its modes:
 *
 * - `idle`: this replica is not the writer; requests are refused.
 * - `starting`: it has become the writer, and reads what is fresh.
 * - `running`: both workers take requests from the lanes.
 * - `stopping`: a worker has ended, or the lock is lost; queued requests are refused, and the other worker ends after its batch.
 *
 * Legal transitions:
 *
 * - idle → starting: `run` begins
 * - starting → idle: what is fresh could not be read
 * - starting → running: the lanes are open
 * - running → stopping: the service stops, or another replica may be the writer
 * - stopping → idle: both workers have ended
 */
const TRANSITIONS = { idle: ['starting'], starting: ['idle', 'running'], running: ['stopping'], stopping: ['idle'] } as const;

@Injectable()
export class Indexer {
  private readonly mode = new Mode<keyof typeof TRANSITIONS>('Indexer', 'idle', TRANSITIONS);

  constructor(
    private readonly lanes: Lanes,
    private readonly tracker: EntryTracker,
    private readonly interactive: InteractiveWorker,
    private readonly bulk: BulkWorker,
  ) {}

  /** Resolves when everything that these entries are at the time of the call can be found. Interactive changes go before those of imports. */
  refresh(tenant: string, refs: readonly EntryRef[], lane: Lane): Promise<void> {
    return this.lanes.queue(tenant, refs, lane);
  }

  wake(): void {
    this.lanes.wake();
  }

  /** Works until the lock is lost and another replica may be the writer now; who still waits is refused, and the event comes again. */
  async run(lock: WriterLock): Promise<void> {
    this.mode.set('starting');
    try {
      await this.tracker.start();
    } catch (error) {
      this.mode.set('idle');
      throw error;
    }
    this.mode.set('running');
    this.lanes.open();
    const held: WriterLock = { ...lock, held: () => lock.held() && this.mode.is('running') };
    const stop = () => this.stop();
    const abandon = () => {
      this.lanes.abandon();
      this.stop();
    };
    lock.lost.addEventListener('abort', abandon);
    try {
      const ends = await Promise.allSettled([this.interactive.run(held).finally(stop), this.bulk.run(held).finally(stop)]);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    } finally {
      lock.lost.removeEventListener('abort', abandon);
      this.mode.set('idle');
    }
  }

  /** Whoever waited for a lane that nobody works on any more would wait for ever, and keep its event from the next writer. */
  private stop(): void {
    if (this.mode.is('running')) this.mode.set('stopping');
    this.lanes.close();
    this.lanes.wake();
  }
}
