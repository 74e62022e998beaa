import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '@kontor/bus';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { startVerification } from '../orders/verification.js';
import type { Unsettled } from './fresh.js';
import { MeiliClient } from './meili.client.js';
import type { WriterLock } from './writer-lock.js';

/** What Meilisearch is given of an entry; without a document it is gone. */
export type HandedOver = Pick<Unsettled, 'tenant' | 'id' | 'document'>;

const AGAIN_MS = 1_000;

@Injectable()
export class HandOver {
  private readonly log = new Logger('HandOver');

  constructor(
    private readonly db: Database,
    private readonly meili: MeiliClient,
  ) {}

  /**
   * Gives these to Meilisearch; `done` when they can be found. Who was paused or cut off meanwhile may have come after the next writer, with something
   * older: then what the index has of the tenants is compared with what it should have.
   */
  async give(indexes: readonly string[], entries: readonly HandedOver[], lock: WriterLock): Promise<{ done: Promise<void> }> {
    try {
      return await this.meili.write(
        indexes,
        entries.flatMap(({ document }) => document ?? []),
        entries.flatMap(({ id, document }) => (document === null ? [id] : [])),
        lock.held,
      );
    } finally {
      // A process that was paused notices now.
      lock.held();
      if (lock.lost.aborted) for (const tenant of new Set(entries.map((entry) => entry.tenant))) await this.doubt(tenant);
    }
  }

  /** Until it is noted: nobody else knows of the doubt. */
  private async doubt(tenant: string): Promise<void> {
    for (;;)
      try {
        await this.db.acrossTenants((tx) =>
          startVerification((sql, parameters) => tx.query(sql, parameters), tenant, { deep: true, anew: true }),
        );
        return;
      } catch (error) {
        this.log.warn({ event: 'doubt-not-noted-yet', ...describeError(error) });
        await sleep(AGAIN_MS);
      }
  }
}
