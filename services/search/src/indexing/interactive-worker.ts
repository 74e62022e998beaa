import { Bus } from '@kontor/bus';
import { Injectable } from '@nestjs/common';
import { DictionaryWriter } from '../dictionary/dictionary-writer.js';
import { keepFresh } from '../indexes/fresh.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { Batch } from './batch.js';
import { EntryTracker } from './entry-tracker.js';
import { Lanes } from './lanes.js';

// When Meilisearch is away for long, the events wait on the stream instead.
const MOST_FRESH = 20_000;

/** Writes interactive changes into the fresh index, one batch after the other. */
@Injectable()
export class InteractiveWorker {
  private busy: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly bus: Bus,
    private readonly lanes: Lanes,
    private readonly dictionary: DictionaryWriter,
    private readonly tracker: EntryTracker,
  ) {}

  async run(lock: WriterLock): Promise<void> {
    this.dictionary.start();
    while (lock.held()) {
      await this.busy;
      const requests = this.tracker.freshCount < MOST_FRESH ? this.lanes.takeInteractive() : [];
      if (requests.length) await this.exclusively(() => this.index(new Batch(this.lanes, requests), lock));
      else await this.lanes.interactive.rest();
    }
  }

  /** Does the work while no interactive change is being read or written. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.busy.then(work);
    this.busy = result.catch(() => undefined);
    return await result;
  }

  /** Never fails: those who wait are answered. */
  private async index(batch: Batch, lock: WriterLock): Promise<void> {
    this.tracker.setInteractiveInFlight(batch.ids());
    await batch.read(this.bus);
    try {
      for (const { tenant, terms, names, entries } of batch.works) {
        await this.dictionary.addWords(tenant, terms, names);
        // From now on none of these is begun in bulk.
        await this.tracker.bulkWritten(entries);
        const kept = await lock.interactiveTransaction(async (query) => {
          await this.dictionary.replaceIdentifiers(query, tenant, entries);
          return keepFresh(query, tenant, entries);
        });
        this.tracker.addFresh(kept);
      }
      batch.succeed();
    } catch (error) {
      batch.refuse(error);
    } finally {
      this.tracker.setInteractiveInFlight([]);
    }
  }
}
