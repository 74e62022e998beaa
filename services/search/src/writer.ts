import { Bus, describeError } from '@kontor/bus';
import { Database, whileHolding } from '@kontor/database';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { WRITER, type WriterLock } from './indexes/writer-lock.js';
import { Indexer } from './indexing/indexer.js';
import { RequestFollower } from './maintenance/request-follower.js';

/** Lets one replica write to the index, the one that holds the lock: two could overtake each other, and leave an older state behind. */
@Injectable()
export class Writer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Writer');
  private readonly stopping = new AbortController();
  private holding?: Promise<void>;

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly indexer: Indexer,
    private readonly requests: RequestFollower,
  ) {}

  onApplicationBootstrap(): void {
    const gate = this.bus.gate(WRITER);
    this.holding = whileHolding(
      this.db.options.url,
      WRITER,
      this.stopping.signal,
      async (lock) => {
        let ended = false;
        const held: WriterLock = {
          held: () => lock.held() && !ended,
          lost: lock.lost,
          transaction: await lock.transactions('bulk'),
          interactiveTransaction: await lock.transactions('people'),
        };
        try {
          const indexing = this.indexer.run(held).finally(() => {
            ended = true;
          });
          // At once, whatever is still waited for here: events that are held here do not get to the next writer.
          lock.lost.addEventListener('abort', () => gate.close());
          gate.open();
          await Promise.all([indexing, this.requests.run(held)]);
        } finally {
          gate.close();
        }
      },
      (error) => this.log.warn({ event: 'writer-interrupted', ...describeError(error) }),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.indexer.wake();
    await this.holding;
  }
}
