import { Bus, NIL_UUID, serviceContext } from '@kontor/bus';
import { listTenants } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { rebuildState } from '../maintenance-requests/rebuild.js';
import { startVerification } from '../maintenance-requests/verification.js';

/** Repairs what may have been missed: when events are lost that had not come yet, the index of every tenant is compared with what the owner says. */
@Injectable()
export class Gaps {
  private readonly log = new Logger('Gaps');

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
  ) {
    bus.followers.onGap((consumer) => this.repair(consumer));
  }

  private async repair(consumer: string): Promise<void> {
    if (await this.isToBeFilled()) return;
    const { tenants } = await this.bus.request(listTenants, {}, serviceContext(NIL_UUID));
    // All of them from the start: what a running one has looked at already may have changed since.
    await this.db.acrossTenants(async (tx) => {
      for (const tenant of tenants)
        await startVerification((sql, parameters) => tx.query(sql, parameters), tenant, { deep: false, restart: true });
    });
    this.log.warn({ event: 'verification-ordered', consumer, tenants: tenants.length });
  }

  /** Whether the index is about to be filled, for the first time or in a rebuild, and nothing has been read for it yet: then all of it is still to be read. */
  private async isToBeFilled(): Promise<boolean> {
    const [index] = await this.db.queryAcrossTenants<{ whole: boolean }>('select whole from current_index', []);
    if (!index) return true;
    const rebuild = await rebuildState(this.db);
    return !index.whole && rebuild?.state === 'running' && rebuild.total === 0;
  }
}
