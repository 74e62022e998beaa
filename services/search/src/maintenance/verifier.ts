import { Bus, describeError, isTransient, serviceContext } from '@kontor/bus';
import { listVersions } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { CurrentIndex } from '../indexes/current-index.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { VERIFICATION, type VerificationState } from '../maintenance-requests/verification.js';
import { countEntries } from './count-entries.js';
import { Repairer } from './repairer.js';

const IDS_AT_ONCE = 1_000;

/** Compares the index with what the customer service says, when that was ordered, repairs what differs, and reports it. */
@Injectable()
export class Verifier {
  private readonly log = new Logger('Verifier');

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly index: CurrentIndex,
    private readonly repairer: Repairer,
  ) {}

  /** Verifies the tenant with the oldest request. Never fails: a request stays until it has been carried out. */
  async followNext(lock: WriterLock): Promise<void> {
    const [state] = await this.db
      .queryAcrossTenants<VerificationState>(`${VERIFICATION} where state = 'running' order by started_at limit 1`, [])
      .catch(() => []);
    if (state && this.index.isReady) await this.verify(state, lock).catch((error: unknown) => this.failed(state, error));
  }

  private async failed(state: VerificationState, error: unknown): Promise<void> {
    this.log.warn({ event: 'index-not-verified-yet', ...describeError(error) });
    if (isTransient(error)) return;
    await this.note(state, `state = 'failed', finished_at = clock_timestamp(), error = $2`, [
      'An entry could not be compared; the log of the search service says why',
    ]).catch(() => undefined);
  }

  private async verify(state: VerificationState, lock: WriterLock): Promise<void> {
    const { tenant } = state;
    if (state.total === 0) await this.note(state, 'total = $2', [await countEntries(this.bus, tenant)]);
    if (state.kind === 'customer') await this.compareAll(state, 'customer', state.after, lock);
    if (lock.held()) await this.compareAll(state, 'contact', state.kind === 'contact' ? state.after : null, lock);
    if (!lock.held()) return;
    const surplus = await this.repairer.removeSurplus(tenant, () => lock.held());
    if (!lock.held()) return;
    await this.note(state, `surplus = $2, state = 'finished', finished_at = clock_timestamp(), error = null`, [surplus]);
  }

  private async compareAll(state: VerificationState, kind: 'customer' | 'contact', from: string | null, lock: WriterLock) {
    const { tenant, deep } = state;
    for (let after = from ?? undefined; lock.held(); ) {
      const { items } = await this.bus.request(listVersions, { kind, after, limit: IDS_AT_ONCE }, serviceContext(tenant));
      const last = items.at(-1)?.id;
      if (last === undefined) return;
      after = last;
      const { missing, stale, words } = await this.repairer.repair(tenant, items, deep);
      await this.note(state, 'done = done + $2, kind = $3, after_id = $4, missing = missing + $5, stale = stale + $6, words = words + $7', [
        items.length,
        kind,
        last,
        missing,
        stale,
        words,
      ]);
    }
  }

  /** Unless it was ordered again meanwhile; then all is compared once more. */
  private note({ tenant, startedAt }: VerificationState, columns: string, parameters: unknown[]): Promise<unknown> {
    const sameOrder = `date_trunc('milliseconds', started_at) = $${parameters.length + 2}`;
    return this.db.acrossTenants((tx) =>
      tx.query(`update verification set ${columns} where tenant_id = $1 and state = 'running' and ${sameOrder}`, [
        tenant,
        ...parameters,
        startedAt,
      ]),
    );
  }
}
