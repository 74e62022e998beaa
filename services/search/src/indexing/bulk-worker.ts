import { describeError } from '@kontor/bus';
import { Injectable, Logger } from '@nestjs/common';
import { CurrentIndex } from '../indexes/current-index.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { Batch } from './batch.js';
import { BulkPipeline } from './bulk-pipeline.js';
import { Lanes } from './lanes.js';
import { Upkeep } from './upkeep.js';

/** Writes all other changes, and rebuilds, into the settled index. While Meilisearch is away, or its index is lost, they wait on the stream. */
@Injectable()
export class BulkWorker {
  private readonly log = new Logger('BulkWorker');

  constructor(
    private readonly lanes: Lanes,
    private readonly index: CurrentIndex,
    private readonly pipeline: BulkPipeline,
    private readonly upkeep: Upkeep,
  ) {}

  async run(lock: WriterLock): Promise<void> {
    this.index.setLost();
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
    while (lock.held() && !this.index.isLost) {
      await this.upkeep.beforeBatch(lock, this.pipeline);
      const requests = this.lanes.takeBulk();
      if (requests.length) {
        this.upkeep.whenBusy();
        await this.pipeline.add(new Batch(this.lanes, requests), lock);
      } else if (!(await this.upkeep.whenIdle(lock, this.pipeline))) {
        await this.index.checkIndexes();
        await this.lanes.bulk.rest();
      }
    }
    await this.pipeline.drained();
  }
}
