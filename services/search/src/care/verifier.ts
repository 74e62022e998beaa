import { setTimeout as sleep } from 'node:timers/promises';
import { Bus, describeError, isTransient, serviceContext } from '@kontor/bus';
import { getIndexEntries, listVersions, type VerifyReport } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { Dictionary } from '../dictionary/dictionary.js';
import { CurrentIndex } from '../indexes/current-index.js';
import { is } from '../indexes/filter.js';
import { Fresh } from '../indexes/fresh.js';
import { MeiliClient } from '../indexes/meili.client.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { Indexer } from '../indexing/indexer.js';
import { readWork, type Told } from '../indexing/tenant-work.js';
import { VERIFICATION, type VerificationState } from '../orders/verification.js';

const IDS_AT_ONCE = 1_000;
const LOOK_EVERY_MS = 1_000;
// A change can be on its way; what differs is looked at again so much later before it counts.
const SECOND_LOOK_MS = 3_000;

type Differs = 'missing' | 'stale';

/** Compares the index with what the customer service says, when that was ordered, repairs what differs, and reports it. */
@Injectable()
export class Verifier {
  private readonly log = new Logger('Verifier');

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly indexer: Indexer,
    private readonly index: CurrentIndex,
    private readonly fresh: Fresh,
    private readonly dictionary: Dictionary,
    private readonly meili: MeiliClient,
  ) {}

  /** Follows orders for as long as the lock is held. */
  async run(lock: WriterLock): Promise<void> {
    while (lock.held()) {
      const [state] = await this.db
        .queryAcrossTenants<VerificationState>(`${VERIFICATION} where state = 'running' order by started_at limit 1`, [])
        .catch(() => []);
      if (state && this.index.ready) await this.verify(state, lock).catch((error: unknown) => this.failed(state, error));
      await sleep(LOOK_EVERY_MS);
    }
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
    if (state.total === 0) {
      let total = 0;
      for (const kind of ['customer', 'contact'] as const)
        total += (await this.bus.request(listVersions, { kind, limit: 1, count: true }, serviceContext(tenant))).total ?? 0;
      await this.note(state, 'total = $2', [total]);
    }
    if (state.kind === 'customer') await this.compareAll(state, 'customer', state.after, lock);
    if (lock.held()) await this.compareAll(state, 'contact', state.kind === 'contact' ? state.after : null, lock);
    if (!lock.held()) return;
    const surplus = await this.removeSurplus(tenant, lock);
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
      const { missing, stale, words } = await this.repair(tenant, items, deep);
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

  private async repair(tenant: string, items: readonly Told[], deep: boolean): Promise<Omit<VerifyReport, 'surplus'>> {
    let found = await this.compare(tenant, items, deep);
    if (found.differing.size || found.words) {
      await sleep(SECOND_LOOK_MS);
      const again = found.words ? items : items.filter(({ id }) => found.differing.has(id));
      found = await this.compare(tenant, again, true);
    }
    const wrong = found.words ? items : items.filter(({ id }) => found.differing.has(id));
    if (wrong.length) await this.indexer.refresh(tenant, wrong, 'people');
    const count = (what: Differs) => [...found.differing.values()].filter((one) => one === what).length;
    return { missing: count('missing'), stale: count('stale'), words: deep ? found.words : 0 };
  }

  /** Which of these entries search does not have as they are now; of words and identifiers the number that it does not know. */
  private async compare(
    tenant: string,
    items: readonly Told[],
    deep: boolean,
  ): Promise<{ differing: Map<string, Differs>; words: number }> {
    const ids = items.map(({ id }) => id);
    // The owner first: what changes between the two questions is newer in the index, which is not wrong.
    const work = deep ? await readWork(this.bus, tenant, items) : undefined;
    const { index, fresh } = await this.fresh.current(tenant);
    const kept = new Map((await this.meili.kept(index, ids)).map((one) => [one.id, one]));
    const differing = new Map<string, Differs>();
    const ahead = new Map<string, number>();
    for (const { id, version, document } of work?.entries ?? items.map((item) => ({ ...item, document: undefined }))) {
      // Gone since it was listed.
      if (document === null) continue;
      const recent = fresh.get(id);
      const has = recent ? recent.document : kept.get(id);
      if (!has) differing.set(id, 'missing');
      else if (has.version > version) ahead.set(id, has.version);
      else if (has.version !== version || (document && !document.endsWith(`"hash":"${has.hash}"}`))) differing.set(id, 'stale');
    }
    for (const id of await this.stillAhead(tenant, ahead)) differing.set(id, 'stale');
    if (!work) return { differing, words: 0 };
    const unknown = await this.dictionary.unknown(tenant, [...work.terms]);
    const identified = work.entries.filter(({ document }) => document !== null);
    return { differing, words: unknown.length + (await this.dictionary.wrongIdentifiers(tenant, identified)).length };
  }

  /** What the index has in a newer version than was listed can have changed since; those of which the owner knows no such version. */
  private async stillAhead(tenant: string, ahead: ReadonlyMap<string, number>): Promise<string[]> {
    if (!ahead.size) return [];
    const { entries } = await readWork(
      this.bus,
      tenant,
      [...ahead.keys()].map((id) => ({ id, version: 0 })),
    );
    return entries.filter(({ id, version, document }) => document !== null && version < (ahead.get(id) ?? 0)).map(({ id }) => id);
  }

  /** What the index has and the customer service has not; looked for only where the index has more. */
  private async removeSurplus(tenant: string, lock: WriterLock): Promise<number> {
    const { index, fresh } = await this.fresh.current(tenant);
    const [all] = await this.meili.search(index, [{ filters: [is('tenant', tenant)], limit: 0 }]);
    let known = 0;
    for (const kind of ['customer', 'contact'] as const)
      known += (await this.bus.request(listVersions, { kind, limit: 1, count: true }, serviceContext(tenant))).total ?? 0;
    // What is fresh can be in the settled index besides, or be on its way out of it.
    if ((all?.total ?? 0) <= known && fresh.size === 0) return 0;
    let surplus = 0;
    for (let offset = 0; lock.held(); ) {
      const ids = await this.meili.idsOf(index, is('tenant', tenant), offset, IDS_AT_ONCE);
      if (!ids.length) return surplus;
      const { contacts, customers } = await this.bus.request(getIndexEntries, { ids }, serviceContext(tenant));
      const there = new Set([...contacts, ...customers].map(({ id }) => id));
      const gone = await this.stillThere(
        tenant,
        index,
        ids.filter((id) => !there.has(id)),
      );
      if (gone.length) await this.indexer.refresh(tenant, gone, 'bulk');
      surplus += gone.length;
      offset += ids.length - gone.length;
    }
    return surplus;
  }

  /** Those that are still in the settled index, and count there, at the second look. */
  private async stillThere(tenant: string, index: string, ids: readonly string[]): Promise<Told[]> {
    if (!ids.length) return [];
    await sleep(SECOND_LOOK_MS);
    const kept = await this.meili.kept(index, ids);
    const { fresh } = await this.fresh.current(tenant);
    return kept.filter(({ id }) => !fresh.has(id)).map(({ id }) => ({ id, version: 0 }));
  }

  /** Unless it was begun anew meanwhile; then all is compared once more. */
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
