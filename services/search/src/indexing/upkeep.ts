import { describeError } from '@kontor/bus';
import { Injectable, Logger } from '@nestjs/common';
import type { WriterLock } from '../indexes/writer-lock.js';
import type { BulkPipeline } from './bulk-pipeline.js';
import { Forgetter } from './forgetter.js';
import { InteractiveWorker } from './interactive-worker.js';
import { Settler } from './settler.js';
import { Sweeper } from './sweeper.js';

/** What is done between two bulk batches. Never fails: what could not be done is still ordered, and is done later. */
@Injectable()
export class Upkeep {
  private readonly log = new Logger('Upkeep');

  constructor(
    private readonly settler: Settler,
    private readonly forgetter: Forgetter,
    private readonly sweeper: Sweeper,
    private readonly interactive: InteractiveWorker,
  ) {}

  async beforeBatch(lock: WriterLock, pipeline: BulkPipeline): Promise<void> {
    await this.forget(lock, pipeline);
    await this.settler.settleWhenDue(lock, pipeline);
  }

  /** Not while a batch waits. True when there may be more to do at once. */
  async whenIdle(lock: WriterLock, pipeline: BulkPipeline): Promise<boolean> {
    this.sweeper.vacuumWhenDue({ busy: false });
    try {
      if (!(await this.sweeper.isOrdered())) return false;
      await pipeline.drained();
      return await this.interactive.exclusively(() => this.sweeper.sweepSome(lock));
    } catch (error) {
      this.log.warn({ event: 'words-not-swept', ...describeError(error) });
      return false;
    }
  }

  whenBusy(): void {
    this.sweeper.vacuumWhenDue({ busy: true });
  }

  /** Everything that was read before can be found, and nothing is read meanwhile: no batch puts back what is forgotten. */
  private async forget(lock: WriterLock, pipeline: BulkPipeline): Promise<void> {
    try {
      const orders = await this.forgetter.orders();
      if (!orders.length) return;
      await pipeline.drained();
      await this.interactive.exclusively(async () => {
        await this.settler.settleAll(lock);
        for (const order of orders) await this.forgetter.forget(order, lock);
      });
    } catch (error) {
      this.log.warn({ event: 'not-forgotten-yet', ...describeError(error) });
    }
  }
}
