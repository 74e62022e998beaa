import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '@kontor/bus';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { startVerification } from '../maintenance-requests/verification.js';
import { CurrentIndex } from './current-index.js';
import type { Unsettled } from './fresh.js';
import { MeiliClient } from './meili.client.js';
import type { WriterLock } from './writer-lock.js';

/** What is written of an entry; without a document it is deleted. */
export type IndexWrite = Pick<Unsettled, 'tenant' | 'id' | 'document'>;

const RETRY_AFTER_MS = 1_000;

/** Writes to the indexes in Meilisearch. Only for the writer. */
@Injectable()
export class IndexWriter {
  private readonly log = new Logger('IndexWriter');

  constructor(
    private readonly db: Database,
    private readonly meili: MeiliClient,
    private readonly index: CurrentIndex,
  ) {}

  /** Fails with `unavailable` when one of the indexes is gone. To be awaited before what is to be written is decided. */
  assertIndexesExist(): Promise<void> {
    return this.index.assertIndexesExist();
  }

  /**
   * Gives these to Meilisearch, for all indexes or only for the one that is being built; `done` when they can be found. Who was paused or cut off
   * meanwhile may have come after the next writer, with something older: then what the index has of the tenants is compared with what it should have.
   */
  async write(to: 'all' | 'building', writes: readonly IndexWrite[], lock: WriterLock): Promise<{ done: Promise<void> }> {
    try {
      return await this.meili.write(
        to === 'all' ? this.index.names() : this.index.building(),
        writes.flatMap(({ document }) => document ?? []),
        writes.flatMap(({ id, document }) => (document === null ? [id] : [])),
        lock.held,
      );
    } finally {
      // A process that was paused notices now.
      lock.held();
      if (lock.lost.aborted) for (const tenant of new Set(writes.map((write) => write.tenant))) await this.orderVerification(tenant);
    }
  }

  /** Retried until it is ordered: nobody else knows that it is needed. */
  private async orderVerification(tenant: string): Promise<void> {
    for (;;)
      try {
        await this.db.acrossTenants((tx) =>
          startVerification((sql, parameters) => tx.query(sql, parameters), tenant, { deep: true, restart: true }),
        );
        return;
      } catch (error) {
        this.log.warn({ event: 'verification-not-ordered-yet', ...describeError(error) });
        await sleep(RETRY_AFTER_MS);
      }
  }
}
