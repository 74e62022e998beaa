import { Bus } from '@kontor/bus';
import { Injectable } from '@nestjs/common';
import { DictionaryWriter } from '../dictionary/dictionary-writer.js';
import { IndexWriter } from '../indexes/index-writer.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import type { Batch } from './batch.js';
import { EntryTracker } from './entry-tracker.js';
import type { EntryWork } from './tenant-work.js';

// Meilisearch works on all that waits as one task; one batch is being made, one waits, one is worked on.
const BATCHES_IN_FLIGHT = 3;
// An interactive change of one of these entries waits for all of them. Each lot is a transaction, and what ends one waits for the disk, which Meilisearch
// keeps busy: in lots of 250 a rebuild took more than twice as long.
const IDENTIFIERS_AT_ONCE = 2_500;

/** Writes batches into the settled index, in the order in which they were read; the next is read while Meilisearch works on the ones before. */
@Injectable()
export class BulkPipeline {
  private readonly inFlight = new Set<Promise<void>>();
  private lastGiven: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly bus: Bus,
    private readonly dictionary: DictionaryWriter,
    private readonly writer: IndexWriter,
    private readonly tracker: EntryTracker,
  ) {}

  /** Resolves when there is room for another batch. Never fails: those who wait for the batch are answered. */
  async add(batch: Batch, lock: WriterLock): Promise<void> {
    this.tracker.beginBulk(batch);
    await batch.read(this.bus);
    const given = this.lastGiven.then(() => this.write(batch, lock));
    this.lastGiven = given;
    const finished = given.then(({ done }) => done).finally(() => this.inFlight.delete(finished));
    this.inFlight.add(finished);
    if (this.inFlight.size >= BATCHES_IN_FLIGHT) await Promise.race(this.inFlight);
  }

  /** Resolves when all that has been added is with Meilisearch. */
  async given(): Promise<void> {
    await this.lastGiven;
  }

  /** Resolves when all that has been added can be found. */
  async drained(): Promise<void> {
    await Promise.all(this.inFlight);
  }

  /**
   * Gives the batch to Meilisearch; `done` when it can be found. Words and identifiers go first: a document without them could not be found,
   * they without it do no harm. What has been changed interactively since it was read goes that way instead. Never fails: those who wait are answered.
   */
  private async write(batch: Batch, lock: WriterLock): Promise<{ done: Promise<void> }> {
    try {
      for (const { tenant, terms, names } of batch.works) await this.dictionary.addWords(tenant, terms, names);
      // From here until Meilisearch has it, nothing may come between that is not looked at again.
      const own = batch.works.map((work) => ({
        ...work,
        entries: work.entries.filter(({ id }) => !this.tracker.hasPrecedence(id, batch)),
      }));
      for (const { tenant, entries } of own) await this.replaceIdentifiers(batch, tenant, entries, lock);
      await this.writer.assertIndexesExist();
      const entries = own.flatMap((work) => work.entries.map(({ id, document }) => ({ tenant: work.tenant, id, document })));
      const late = new Set(entries.flatMap(({ id }) => (this.tracker.hasPrecedence(id, batch) ? [id] : [])));
      const { done } = await this.writer.write(
        batch.lane === 'rebuild' ? 'building' : 'all',
        entries.filter(({ id }) => !late.has(id)),
        lock,
      );
      const written = new Set(entries.map(({ id }) => id));
      // What is fresh is settled into the index that is being built, too.
      const isLeftOut = (id: string) => late.has(id) || (!written.has(id) && !(batch.lane === 'rebuild' && this.tracker.isFresh(id)));
      const others = batch.works.map((work) =>
        batch.indexInteractively(
          work.tenant,
          work.entries.filter(({ id }) => isLeftOut(id)).map(({ id, version }) => ({ id, version })),
        ),
      );
      void Promise.all([done, ...others]).then(
        () => batch.succeed(),
        (error: unknown) => batch.refuse(error),
      );
      // Not for the others: they wait for interactive changes to be worked on, which may wait for this to be over.
      return { done: done.catch(() => undefined) };
    } catch (error) {
      batch.refuse(error);
      return { done: Promise.resolve() };
    } finally {
      this.tracker.endBulk(batch);
    }
  }

  private async replaceIdentifiers(batch: Batch, tenant: string, entries: readonly EntryWork[], lock: WriterLock): Promise<void> {
    for (let from = 0; from < entries.length; from += IDENTIFIERS_AT_ONCE) {
      const own = this.tracker.notOvertaken(entries.slice(from, from + IDENTIFIERS_AT_ONCE), batch);
      const writing = lock.transaction((query) => this.dictionary.replaceIdentifiers(query, tenant, own));
      this.tracker.setBulkInFlight(
        own.map(({ id }) => id),
        writing,
      );
      await writing;
    }
  }
}
