import { AppError, Bus, describeError, isTransient, type Lane } from '@kontor/bus';
import type { HeldLock } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { Dictionary } from './dictionary.js';
import { Forgetter } from './forgetter.js';
import { MeiliClient } from './meili.client.js';
import { readWork, type TenantWork } from './tenant-work.js';

/** Somebody who waits until the index knows what these entries are. */
interface Waiting {
  tenant: string;
  ids: readonly string[];
  lane: Lane;
  /** Not to be in a batch with others: something was wrong with the batch it was in before. */
  alone: boolean;
  done(): void;
  failed(error: unknown): void;
}

interface Batch {
  waiting: Waiting[];
  works: TenantWork[];
}

const MOST_IDS = 10_000;
const BATCHES_IN_FLIGHT = 2;
const IDLE_MS = 1_000;
// Words and entries written since the dictionary was tidied up last.
const UNTIDY_AT_WORK = 250_000;
const UNTIDY_AT_REST = 500;

/**
 * Keeps the index at what the customer service says. It never trusts an event but asks what the entries are now, and writes what it was told
 * in the order in which it asked: doubled, late and shuffled events do no harm, and nothing goes back to an older state.
 * Everything that waits is one batch.
 */
@Injectable()
export class Indexer {
  private readonly queues: Record<Lane, Waiting[]> = { people: [], bulk: [] };
  private readonly log = new Logger('Indexer');
  private running = false;
  private tidying?: Promise<void>;
  private woken = () => {};

  constructor(
    private readonly bus: Bus,
    private readonly dictionary: Dictionary,
    private readonly meili: MeiliClient,
    private readonly forgetter: Forgetter,
  ) {}

  /** Resolves when everything that these entries are at the time of the call can be found. People's changes go before those of imports. */
  refresh(tenant: string, ids: readonly string[], lane: Lane): Promise<void> {
    return this.queue(tenant, ids, lane, false);
  }

  private queue(tenant: string, ids: readonly string[], lane: Lane, alone: boolean): Promise<void> {
    // Who waited here would hold on to an event that the writer should have.
    if (!this.running) return Promise.reject(notTheWriter());
    return new Promise((done, failed) => {
      this.queues[lane].push({ tenant, ids, lane, alone, done, failed });
      this.wake();
    });
  }

  wake(): void {
    this.woken();
  }

  /** Works until the lock is lost and another replica may be the writer now; who still waits is refused, and the event comes again. */
  async run(lock: HeldLock): Promise<void> {
    const { held } = lock;
    this.dictionary.beginLearning();
    this.running = true;
    const inFlight = new Set<Promise<void>>();
    let handedOver: Promise<unknown> = Promise.resolve();
    while (held()) {
      await this.forget(lock, inFlight);
      const batch = this.takeBatch();
      this.tidy(batch.length ? UNTIDY_AT_WORK : UNTIDY_AT_REST);
      if (!batch.length) {
        if (!(await this.sweep(lock, inFlight))) await this.pause();
        continue;
      }
      const read = await this.read(batch);
      // Written in the order in which it was read, while the next batch is being read and Meilisearch works on the last.
      const written = handedOver.then(() => this.write(read, held));
      handedOver = written;
      const finished = written.then(({ done }) => done).finally(() => inFlight.delete(finished));
      inFlight.add(finished);
      if (inFlight.size >= BATCHES_IN_FLIGHT) await Promise.race(inFlight);
    }
    this.running = false;
    await Promise.all(inFlight);
    for (const waiting of [...this.queues.people.splice(0), ...this.queues.bulk.splice(0)]) waiting.failed(notTheWriter());
  }

  /**
   * Works off the orders to forget, between two batches: everything that was read before can be found, nothing is read meanwhile.
   * Never fails: an order that could not be followed stands, and is followed later.
   */
  private async forget(lock: HeldLock, inFlight: ReadonlySet<Promise<void>>): Promise<void> {
    try {
      const orders = await this.forgetter.ordered();
      if (orders.length) await Promise.all(inFlight);
      for (const order of orders) await this.forgetter.forget(order, lock);
    } catch (error) {
      this.log.warn({ event: 'not-forgotten-yet', ...describeError(error) });
    }
  }

  /** When nobody waits; a word that is not used when nothing is on its way is used by nobody. */
  private async sweep(lock: HeldLock, inFlight: ReadonlySet<Promise<void>>): Promise<boolean> {
    try {
      await Promise.all(inFlight);
      return await this.forgetter.sweep(lock);
    } catch (error) {
      this.log.warn({ event: 'words-not-swept', ...describeError(error) });
      return false;
    }
  }

  /** Beside everything else; that it failed only makes searches slower. */
  private tidy(most: number): void {
    this.tidying ??= this.dictionary
      .tidy(most)
      .catch((error: unknown) => this.log.warn({ event: 'dictionary-untidy', ...describeError(error) }))
      .finally(() => {
        this.tidying = undefined;
      });
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, IDLE_MS);
      this.woken = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    let ids = 0;
    const fits = (next: Waiting) => !batch.length || (!next.alone && !batch[0]!.alone && ids + next.ids.length <= MOST_IDS);
    for (const queue of [this.queues.people, this.queues.bulk])
      while (queue[0] && fits(queue[0])) {
        const waiting = queue.shift()!;
        ids += waiting.ids.length;
        batch.push(waiting);
      }
    return batch;
  }

  /** Never fails: those who wait are told. */
  private async read(batch: readonly Waiting[]): Promise<Batch> {
    const read: Batch = { waiting: [], works: [] };
    const byTenant = Map.groupBy(batch, ({ tenant }) => tenant);
    await Promise.all(
      Array.from(byTenant, async ([tenant, waiting]) => {
        try {
          read.works.push(await readWork(this.bus, tenant, [...new Set(waiting.flatMap(({ ids }) => ids))]));
          read.waiting.push(...waiting);
        } catch (error) {
          this.refuse(waiting, error);
        }
      }),
    );
    return read;
  }

  /**
   * Hands the batch to Meilisearch; `done` when it can be found. Words and identifiers go first: a document without them could not be found,
   * they without it do no harm. Never fails: those who wait are told.
   */
  private async write({ waiting, works }: Batch, held: () => boolean): Promise<{ done: Promise<void> }> {
    const refuse = (error: unknown) => this.refuse(waiting, error);
    try {
      for (const { tenant, terms, identified } of works) await this.dictionary.learn(tenant, terms, identified);
      if (!held()) throw notTheWriter();
      const { done } = await this.meili.write(
        works.flatMap(({ documents }) => documents),
        works.flatMap(({ gone }) => gone),
      );
      const tell = () => {
        for (const one of waiting) one.done();
      };
      return { done: done.then(tell, refuse) };
    } catch (error) {
      refuse(error);
      return { done: Promise.resolve() };
    }
  }

  /**
   * While something is only away, everybody tries again later. Otherwise one entry is bad, and the others must not suffer for it:
   * each half goes its own way, asked for and written anew, until the bad one is alone and its event ends among the dead letters.
   */
  private refuse(batch: readonly Waiting[], error: unknown): void {
    for (const { tenant, ids, lane, done, failed } of batch) {
      if (isTransient(error) || (batch.length === 1 && ids.length === 1)) {
        failed(error);
        continue;
      }
      const half = Math.ceil(ids.length / 2);
      const parts = [ids.slice(0, half), ids.slice(half)].filter((part) => part.length);
      void Promise.allSettled(parts.map((part) => this.queue(tenant, part, lane, true))).then((outcomes) => {
        const bad = outcomes.find((outcome) => outcome.status === 'rejected');
        if (bad) failed(bad.reason);
        else done();
      });
    }
  }
}

const notTheWriter = () => new AppError('unavailable', 'Another replica writes to the index now');
