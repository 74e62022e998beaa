import { describeError, runAs, serviceContext } from '@kontor/bus';
import { Database, tryHolding } from '@kontor/database';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { readSettings } from '../settings/settings.service.js';
import { purgeUnits } from './purge-units.js';

const INTERVAL_MS = 60 * 60 * 1000;
const UNITS_PER_TRANSACTION = 20;

/** Purges what has been in the bin longer than the tenant wants, every hour, in one replica. */
@Injectable()
export class Purge implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Purge');
  private timer?: NodeJS.Timeout;

  constructor(private readonly db: Database) {}

  onApplicationBootstrap(): void {
    const runAndLog = () => void this.run().catch((error: unknown) => this.log.warn({ event: 'bin-not-purged', ...describeError(error) }));
    runAndLog();
    this.timer = setInterval(runAndLog, INTERVAL_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Resolves when nothing is left to purge, or if another replica is purging. */
  async run(): Promise<void> {
    await tryHolding(this.db.options.url, 'purge', async ({ held }) => {
      const tenants = await this.db.queryAcrossTenants<{ id: string }>('select id from tenant', []);
      for (const { id } of tenants)
        await runAs(serviceContext(id, { lane: 'bulk' }), async () => {
          while (held() && (await this.purgeSome()) === UNITS_PER_TRANSACTION);
        });
    });
  }

  private purgeSome(): Promise<number> {
    return this.db.transaction(async (tx) => {
      const { binDays } = await readSettings(tx);
      const old: { id: string }[] = await tx.query(
        `select id from bin where deleted_at < now() - make_interval(days => $1) order by deleted_at limit ${UNITS_PER_TRANSACTION} for update skip locked`,
        [binDays],
      );
      if (old.length > 0)
        await purgeUnits(
          tx,
          old.map(({ id }) => id),
        );
      return old.length;
    });
  }
}
