import { setTimeout as sleep } from 'node:timers/promises';
import type { VerifyReport } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { Indexer } from '../indexing/indexer.js';
import type { EntryRef } from '../indexing/tenant-work.js';
import { Comparison, type Differs, SECOND_LOOK_MS } from './comparison.js';

/** Repairs what differs between the index and the customer service, and counts it. */
@Injectable()
export class Repairer {
  constructor(
    private readonly comparison: Comparison,
    private readonly indexer: Indexer,
  ) {}

  /** Compares these entries and indexes those that differ. */
  async repair(tenant: string, items: readonly EntryRef[], deep: boolean): Promise<Omit<VerifyReport, 'surplus'>> {
    let found = await this.comparison.compare(tenant, items, deep);
    if (found.differing.size || found.words) {
      await sleep(SECOND_LOOK_MS);
      const again = found.words ? items : items.filter(({ id }) => found.differing.has(id));
      found = await this.comparison.compare(tenant, again, true);
    }
    const wrong = found.words ? items : items.filter(({ id }) => found.differing.has(id));
    if (wrong.length) await this.indexer.refresh(tenant, wrong, 'people');
    const count = (what: Differs) => [...found.differing.values()].filter((one) => one === what).length;
    return { missing: count('missing'), stale: count('stale'), words: deep ? found.words : 0 };
  }

  /** Removes what only the index has; says how much that was. */
  async removeSurplus(tenant: string, held: () => boolean): Promise<number> {
    let surplus = 0;
    for await (const gone of this.comparison.surplus(tenant, held)) {
      await this.indexer.refresh(tenant, gone, 'bulk');
      surplus += gone.length;
    }
    return surplus;
  }
}
