import { Bus, describeError } from '@kontor/bus';
import { Injectable, Logger } from '@nestjs/common';
import { Dictionary } from '../dictionary/dictionary.js';
import { CurrentIndex } from '../indexes/current-index.js';
import { Fresh, keepFresh } from '../indexes/fresh.js';
import { HandOver } from '../indexes/hand-over.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { Forgetter } from './forgetter.js';
import { type Lane, Lanes, type Waiting } from './lanes.js';
import { readWork, type TenantWork, type Told } from './tenant-work.js';

/** What has been read; those whose tenant could not be read have been told already. */
interface Read {
  waiting: Waiting[];
  works: TenantWork[];
}

/** A batch on its way into the settled index, and what people have changed of it since it began to be read. */
interface Batch {
  lane: Lane;
  waiting: readonly Waiting[];
  overtaken: Set<string>;
}

// Meilisearch works on all that waits as one task; one batch is being made, one waits, one is worked on.
const BATCHES_IN_FLIGHT = 3;
// What people change of one of these entries waits for all of them. Each lot is a transaction, and what ends one waits for the disk, which Meilisearch
// keeps busy: in lots of 250 making the index anew took more than twice as long.
const IDENTIFIERS_AT_ONCE = 2_500;
// How much may be fresh: what is costs every search a little.
const MOST_FRESH = 500;
const MOST_SETTLED_AT_ONCE = 2_000;
// When Meilisearch is away for long, the events wait on the stream instead.
const MOST_UNSETTLED = 20_000;
// Words and entries written since the dictionary was tidied up last.
const UNTIDY_AT_WORK = 250_000;
const UNTIDY_AT_REST = 500;

/**
 * Keeps the two indexes at what the customer service says. It never trusts an event but asks what the entries are now, and writes what it was told
 * in the order in which it asked: doubled, late and shuffled events do no harm, and nothing goes back to an older state.
 * Changes by people go into the fresh index, all others in large batches into the settled one. Both go on at the same time; where they meet on one
 * entry, the fresh index has it: what it holds counts, and is settled later.
 */
@Injectable()
export class Indexer {
  private readonly lanes = new Lanes();
  private readonly log = new Logger('Indexer');
  /** What is fresh, with its number. */
  private fresh = new Map<string, number>();
  private freshSince = 0;
  private inPeoplesHands = new Set<string>();
  /** Whose identifiers are being written in bulk. */
  private inBulksHands = { ids: new Set<string>(), written: Promise.resolve() as Promise<unknown> };
  private readonly unwritten = new Set<Batch>();
  private tidying?: Promise<void>;
  private peoplesBatch: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly bus: Bus,
    private readonly dictionary: Dictionary,
    private readonly handOver: HandOver,
    private readonly forgetter: Forgetter,
    private readonly freshIndex: Fresh,
    private readonly index: CurrentIndex,
  ) {}

  /** Resolves when everything that these entries are at the time of the call can be found. People's changes go before those of imports. */
  refresh(tenant: string, told: readonly Told[], lane: Lane): Promise<void> {
    return this.lanes.queue(tenant, told, lane);
  }

  wake(): void {
    this.lanes.wake();
  }

  /** Works until the lock is lost and another replica may be the writer now; who still waits is refused, and the event comes again. */
  async run(lock: WriterLock): Promise<void> {
    this.dictionary.beginLearning();
    this.fresh = await this.freshIndex.ids();
    this.freshSince = performance.now();
    // What is known of it is of the last time this replica was the writer.
    this.index.lost = true;
    this.lanes.open();
    let ended = false;
    const held: WriterLock = { ...lock, held: () => lock.held() && !ended };
    // Whoever waits for a lane that nobody works on any more would wait for ever, and keep its event from the next writer.
    const end = () => {
      ended = true;
      this.lanes.close();
      this.wake();
    };
    const abandon = () => {
      this.lanes.abandon();
      end();
    };
    lock.lost.addEventListener('abort', abandon);
    try {
      await Promise.all([this.workForPeople(held).finally(end), this.workInBulk(held).finally(end)]);
    } finally {
      lock.lost.removeEventListener('abort', abandon);
    }
  }

  private async workForPeople(lock: WriterLock): Promise<void> {
    while (lock.held()) {
      await this.peoplesBatch;
      const batch = this.fresh.size < MOST_UNSETTLED ? this.lanes.takePeoples() : [];
      if (!batch.length) await this.lanes.people.rest();
      else await this.whileNobodyElse(() => this.keepFresh(batch, lock));
    }
  }

  /** Nothing is read or written for people beside this. */
  private async whileNobodyElse(work: () => Promise<void>): Promise<void> {
    const mine = this.peoplesBatch.then(work);
    this.peoplesBatch = mine.catch(() => undefined);
    await mine;
  }

  /** Never fails: those who wait are told. */
  private async keepFresh(batch: readonly Waiting[], lock: WriterLock): Promise<void> {
    this.inPeoplesHands = new Set(batch.flatMap(({ told }) => told.map(({ id }) => id)));
    const { waiting, works } = await this.read(batch);
    try {
      for (const { tenant, terms, names, entries } of works) {
        await this.dictionary.learnWords(tenant, terms);
        await this.dictionary.countNames(tenant, names);
        // Both would write the same rows; from now on none of these is begun in bulk.
        if (entries.some(({ id }) => this.inBulksHands.ids.has(id))) await this.inBulksHands.written;
        const kept = await lock.peoplesTransaction(async (query) => {
          await this.dictionary.learnIdentifiers(query, tenant, entries);
          return keepFresh(query, tenant, entries);
        });
        if (!this.fresh.size) this.freshSince = performance.now();
        for (const [id, seq] of kept) {
          this.fresh.set(id, seq);
          for (const unwritten of this.unwritten) unwritten.overtaken.add(id);
        }
      }
      for (const one of waiting) one.done();
    } catch (error) {
      this.lanes.refuse(waiting, error);
    } finally {
      this.inPeoplesHands = new Set();
    }
  }

  /** While Meilisearch is away, or its index is lost, people's changes go on being found; all others wait on the stream. */
  private async workInBulk(lock: WriterLock): Promise<void> {
    while (lock.held()) {
      try {
        await this.index.prepare(lock);
        await this.writeBatches(lock);
      } catch (error) {
        this.log.warn({ event: 'index-not-ready', ...describeError(error) });
        this.lanes.fail(['bulk', 'rebuild'], error);
        await this.lanes.bulk.rest();
      }
    }
  }

  private async writeBatches(lock: WriterLock): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    let handedOver: Promise<unknown> = Promise.resolve();
    while (lock.held() && !this.index.lost) {
      await this.forget(lock, inFlight);
      await this.settleInTime(lock, handedOver);
      const waiting = this.lanes.takeBulk();
      this.tidy(waiting.length ? UNTIDY_AT_WORK : UNTIDY_AT_REST);
      if (!waiting.length) {
        if (await this.sweep(lock, inFlight)) continue;
        await this.index.look();
        await this.lanes.bulk.rest();
        continue;
      }
      const batch: Batch = { lane: waiting[0]!.lane, waiting, overtaken: new Set() };
      this.unwritten.add(batch);
      const read = await this.read(waiting);
      // Written in the order in which it was read, while the next batch is being read and Meilisearch works on the last.
      const written = handedOver.then(() => this.write(batch, read, lock));
      handedOver = written;
      const finished = written.then(({ done }) => done).finally(() => inFlight.delete(finished));
      inFlight.add(finished);
      if (inFlight.size >= BATCHES_IN_FLIGHT) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
  }

  /** Never fails: those who wait are told. */
  private async read(batch: readonly Waiting[]): Promise<Read> {
    const read: Read = { waiting: [], works: [] };
    const byTenant = Map.groupBy(batch, ({ tenant }) => tenant);
    await Promise.all(
      Array.from(byTenant, async ([tenant, waiting]) => {
        try {
          const told = waiting.flatMap((one) => one.told);
          read.works.push(await readWork(this.bus, tenant, told));
          read.waiting.push(...waiting);
        } catch (error) {
          this.lanes.refuse(waiting, error);
        }
      }),
    );
    return read;
  }

  /**
   * Hands the batch to Meilisearch; `done` when it can be found. Words and identifiers go first: a document without them could not be found,
   * they without it do no harm. What people have changed since it was read goes their way instead. Never fails: those who wait are told.
   */
  private async write(batch: Batch, { waiting, works }: Read, lock: WriterLock): Promise<{ done: Promise<void> }> {
    const refuse = (error: unknown) => this.lanes.refuse(waiting, error);
    try {
      for (const { tenant, terms, names } of works) {
        await this.dictionary.learnWords(tenant, terms);
        await this.dictionary.countNames(tenant, names);
      }
      // From here to the hand-over nothing may come between that is not looked at again.
      const isFresh = (id: string) => this.fresh.has(id) || this.inPeoplesHands.has(id) || batch.overtaken.has(id);
      const own = works.map((work) => ({ ...work, entries: work.entries.filter(({ id }) => !isFresh(id)) }));
      for (const { tenant, entries } of own) await this.learnIdentifiers(lock, tenant, entries, batch.overtaken);
      await this.index.mustStand();
      const entries = own.flatMap((work) => work.entries.map(({ id, document }) => ({ tenant: work.tenant, id, document })));
      const late = new Set(entries.flatMap(({ id }) => (isFresh(id) ? [id] : [])));
      const { done } = await this.handOver.give(
        // The one that is being made first: when it is switched to, it must not be behind the other.
        batch.lane === 'rebuild' ? this.index.building() : this.index.all().toReversed(),
        entries.filter(({ id }) => !late.has(id)),
        lock,
      );
      const written = new Set(entries.map(({ id }) => id));
      // What is fresh is settled into the index that is being made, too.
      const again = (id: string) => late.has(id) || (!written.has(id) && !(batch.lane === 'rebuild' && this.fresh.has(id)));
      const others = works.map((work) => this.queueFresh(work, again));
      const tell = () => {
        for (const one of waiting) one.done();
      };
      void Promise.all([done, ...others]).then(tell, refuse);
      // Not for the others: they wait for people's changes to be worked on, which may wait for this to be over.
      return { done: done.catch(() => undefined) };
    } catch (error) {
      refuse(error);
      return { done: Promise.resolve() };
    } finally {
      this.unwritten.delete(batch);
    }
  }

  /** Who is in people's hands meanwhile has been overtaken. */
  private async learnIdentifiers(lock: WriterLock, tenant: string, entries: TenantWork['entries'], overtaken: Set<string>): Promise<void> {
    for (let from = 0; from < entries.length; from += IDENTIFIERS_AT_ONCE) {
      const some = entries.slice(from, from + IDENTIFIERS_AT_ONCE);
      for (const { id } of some) if (this.inPeoplesHands.has(id)) overtaken.add(id);
      const own = some.filter(({ id }) => !overtaken.has(id));
      const writing = lock.transaction((query) => this.dictionary.learnIdentifiers(query, tenant, own));
      this.inBulksHands = { ids: new Set(own.map(({ id }) => id)), written: writing.catch(() => undefined) };
      await writing;
    }
  }

  /** What was not written, or has become fresh while it was, is looked at again in the order of people's changes. */
  private async queueFresh({ tenant, entries }: TenantWork, again: (id: string) => boolean): Promise<void> {
    const told = entries.filter(({ id }) => again(id)).map(({ id, version }) => ({ id, version }));
    if (told.length) await this.lanes.queue(tenant, told, 'people');
  }

  private async settleInTime(lock: WriterLock, handedOver: Promise<unknown>): Promise<void> {
    const due = this.fresh.size >= MOST_FRESH || performance.now() - this.freshSince > this.index.settleMs;
    if (!this.fresh.size || !due) return;
    try {
      // What was read before comes before: it can hold an older state of what has become fresh since.
      await handedOver;
      await this.settle(lock);
    } catch (error) {
      // Everything is found where it is; the next attempt is after as long a time.
      this.log.warn({ event: 'not-settled-yet', ...describeError(error) });
    }
    this.freshSince = performance.now();
  }

  /** Moves what is fresh into the settled index. At every moment a search counts each entry in one of the two. */
  private async settle(lock: WriterLock): Promise<void> {
    const oldest = await this.freshIndex.oldest(MOST_SETTLED_AT_ONCE);
    const last = oldest.at(-1);
    if (!last) return;
    await this.index.mustStand();
    const { done } = await this.handOver.give(this.index.all(), oldest, lock);
    await done;
    await this.freshIndex.settle(lock, last.seq);
    for (const { id } of oldest) if ((this.fresh.get(id) ?? 0) <= last.seq) this.fresh.delete(id);
  }

  /**
   * Works off the orders to forget, between two batches: everything that was read before can be found, nothing is read meanwhile.
   * Never fails: an order that could not be followed stands, and is followed later.
   */
  private async forget(lock: WriterLock, inFlight: ReadonlySet<Promise<void>>): Promise<void> {
    try {
      const orders = await this.forgetter.ordered();
      if (!orders.length) return;
      await Promise.all(inFlight);
      await this.whileNobodyElse(async () => {
        while (this.fresh.size) await this.settle(lock);
        for (const order of orders) await this.forgetter.forget(order, lock);
      });
    } catch (error) {
      this.log.warn({ event: 'not-forgotten-yet', ...describeError(error) });
    }
  }

  /** When nobody waits; a word that is not used when nothing is on its way is used by nobody. */
  private async sweep(lock: WriterLock, inFlight: ReadonlySet<Promise<void>>): Promise<boolean> {
    try {
      if (!(await this.forgetter.hasToSweep())) return false;
      await Promise.all(inFlight);
      let swept = false;
      await this.whileNobodyElse(async () => {
        swept = await this.forgetter.sweep(lock);
      });
      return swept;
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
}
