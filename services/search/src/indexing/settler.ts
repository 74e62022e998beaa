import { describeError } from '@kontor/bus';
import { Injectable, Logger } from '@nestjs/common';
import { CurrentIndex } from '../indexes/current-index.js';
import { Fresh } from '../indexes/fresh.js';
import { IndexWriter } from '../indexes/index-writer.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import type { BulkPipeline } from './bulk-pipeline.js';
import { EntryTracker } from './entry-tracker.js';

// How much may be fresh: what is costs every search a little.
const MOST_FRESH = 500;
const MOST_AT_ONCE = 2_000;

/** Moves what is fresh into the settled index. At every moment a search counts each entry in one of the two. */
@Injectable()
export class Settler {
  private readonly log = new Logger('Settler');

  constructor(
    private readonly table: Fresh,
    private readonly tracker: EntryTracker,
    private readonly writer: IndexWriter,
    private readonly index: CurrentIndex,
  ) {}

  /** When it is time to. Never fails: everything is found where it is. */
  async settleWhenDue(lock: WriterLock, pipeline: BulkPipeline): Promise<void> {
    const { freshCount, freshMs } = this.tracker;
    if (!freshCount || (freshCount < MOST_FRESH && freshMs <= this.index.settleMs)) return;
    try {
      // What was read before comes before: it can hold an older state of what has become fresh since.
      await pipeline.given();
      await this.settleSome(lock);
    } catch (error) {
      this.log.warn({ event: 'not-settled-yet', ...describeError(error) });
    }
    this.tracker.noteSettlingTried();
  }

  async settleAll(lock: WriterLock): Promise<void> {
    while (this.tracker.freshCount) await this.settleSome(lock);
  }

  private async settleSome(lock: WriterLock): Promise<void> {
    const oldest = await this.table.oldest(MOST_AT_ONCE);
    const last = oldest.at(-1);
    if (!last) return;
    await this.writer.assertIndexesExist();
    const { done } = await this.writer.write('all', oldest, lock);
    await done;
    await this.table.settle(lock, last.seq);
    this.tracker.settle(oldest, last.seq);
  }
}
