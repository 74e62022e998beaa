import { AppError, describeError, type Lane as EventLane, isTransient } from '@kontor/bus';
import { Logger } from '@nestjs/common';
import type { Told } from './tenant-work.js';
import { Wakeable } from './wakeable.js';

/** `rebuild` writes only to the index that is being made. */
export type Lane = EventLane | 'rebuild';

/** Somebody who waits until search knows what these entries are. */
export interface Waiting {
  tenant: string;
  told: readonly Told[];
  lane: Lane;
  /** Not to be in a batch with others: something was wrong with the batch it was in before. */
  alone: boolean;
  done(): void;
  failed(error: unknown): void;
}

// Whatever Meilisearch is given at once costs it two seconds besides what each document does: of small batches it takes all the processor time there is,
// and so keeps larger ones from being made.
const MOST_IDS: Record<Lane, number> = { people: 1_000, bulk: 50_000, rebuild: 50_000 };

/** What is to be read anew and by whom it is waited for, in the order in which it came. Open while this replica is the writer. */
export class Lanes {
  /** Woken by what comes in the lane of people's changes. */
  readonly people = new Wakeable();
  /** Woken by what comes in the other two. */
  readonly bulk = new Wakeable();
  private readonly queues: Record<Lane, Waiting[]> = { people: [], bulk: [], rebuild: [] };
  private readonly log = new Logger('Lanes');
  /** All who wait, those too whose entries are being read or written. */
  private readonly waiting = new Set<Waiting>();
  private isOpen = false;
  private lastRebuilt = false;

  open(): void {
    this.isOpen = true;
  }

  /** Refuses all who wait for their turn, and who comes until it is opened again. */
  close(): void {
    this.isOpen = false;
    this.fail(['people', 'bulk', 'rebuild'], notTheWriter());
  }

  /** Refuses, besides, those whose turn it is: another one will write what they wait for. */
  abandon(): void {
    this.close();
    for (const waiting of this.waiting) waiting.failed(notTheWriter());
  }

  wake(): void {
    this.people.wake();
    this.bulk.wake();
  }

  /** Resolves when what these entries are by then has been written. */
  queue(tenant: string, told: readonly Told[], lane: Lane, alone = false): Promise<void> {
    // Who waited here would hold on to an event that the writer should have.
    if (!this.isOpen) return Promise.reject(notTheWriter());
    return new Promise((resolve, reject) => {
      const done = () => {
        this.waiting.delete(waiting);
        resolve();
      };
      const failed = (error: unknown) => {
        this.waiting.delete(waiting);
        reject(error);
      };
      const waiting: Waiting = { tenant, told, lane, alone, done, failed };
      this.waiting.add(waiting);
      this.queues[lane].push(waiting);
      (lane === 'people' ? this.people : this.bulk).wake();
    });
  }

  /** The next batch of people's changes. */
  takePeoples(): Waiting[] {
    return this.take('people');
  }

  /** The next batch of the others: changes go before making the index anew, but do not keep it from going on. */
  takeBulk(): Waiting[] {
    const first: Lane = this.lastRebuilt || !this.queues.rebuild.length ? 'bulk' : 'rebuild';
    const batch = this.take(first);
    this.lastRebuilt = first === 'rebuild';
    return batch.length ? batch : this.take('rebuild');
  }

  private take(lane: Lane): Waiting[] {
    const queue = this.queues[lane];
    const batch: Waiting[] = [];
    let ids = 0;
    const fits = (next: Waiting) => !batch.length || (!next.alone && !batch[0]!.alone && ids + next.told.length <= MOST_IDS[lane]);
    while (queue[0] && fits(queue[0])) {
      const waiting = queue.shift()!;
      ids += waiting.told.length;
      batch.push(waiting);
    }
    return batch;
  }

  /** Tells all who wait in these lanes. */
  fail(lanes: readonly Lane[], error: unknown): void {
    for (const lane of lanes) for (const waiting of this.queues[lane].splice(0)) waiting.failed(error);
  }

  /**
   * For a batch that failed. While something is only away, everybody tries again later. Otherwise one entry is bad, and the others must not suffer
   * for it: each half goes its own way, asked for and written anew, until the bad one is alone and its event ends among the dead letters.
   */
  refuse(batch: readonly Waiting[], error: unknown): void {
    for (const { tenant, told, lane, done, failed } of batch) {
      if (lane === 'rebuild' && !isTransient(error) && batch.length === 1 && told.length === 1) {
        // Its own event ends among the dead letters; all others are in the new index nevertheless.
        this.log.warn({ event: 'entry-not-indexed', id: told[0]!.id, ...describeError(error) });
        done();
        continue;
      }
      if (isTransient(error) || (batch.length === 1 && told.length === 1)) {
        failed(error);
        continue;
      }
      const half = Math.ceil(told.length / 2);
      const parts = [told.slice(0, half), told.slice(half)].filter((part) => part.length);
      void Promise.allSettled(parts.map((part) => this.queue(tenant, part, lane, true))).then((outcomes) => {
        const bad = outcomes.find((outcome) => outcome.status === 'rejected');
        if (bad) failed(bad.reason);
        else done();
      });
    }
  }
}

const notTheWriter = () => new AppError('unavailable', 'Another replica writes to the index now');
