import { setTimeout as sleep } from 'node:timers/promises';
import { Bus, serviceContext } from '@kontor/bus';
import { getIndexEntries } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { DictionaryCheck } from '../dictionary/dictionary-check.js';
import { is } from '../indexes/filter.js';
import { Fresh } from '../indexes/fresh.js';
import { MeiliClient } from '../indexes/meili.client.js';
import { type EntryRef, readWork } from '../indexing/tenant-work.js';
import { countEntries } from './count-entries.js';

const IDS_AT_ONCE = 1_000;
// A change can be on its way; what differs is looked at again so much later before it counts.
export const SECOND_LOOK_MS = 3_000;

export type Differs = 'missing' | 'stale';

/** Compares the index and the dictionary with what the customer service says. */
@Injectable()
export class Comparison {
  constructor(
    private readonly bus: Bus,
    private readonly fresh: Fresh,
    private readonly dictionary: DictionaryCheck,
    private readonly meili: MeiliClient,
  ) {}

  /** Which of these entries search does not have as they are now; of words and identifiers the number that it does not know. */
  async compare(tenant: string, items: readonly EntryRef[], deep: boolean): Promise<{ differing: Map<string, Differs>; words: number }> {
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
    const unknown = await this.dictionary.missingTerms(tenant, [...work.terms]);
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

  /**
   * What the index has and the customer service has not, page by page; looked for only where the index has more. Whoever asks for the next page
   * has removed those of the last one from the index.
   */
  async *surplus(tenant: string, held: () => boolean): AsyncGenerator<EntryRef[]> {
    const { index, fresh } = await this.fresh.current(tenant);
    const [all] = await this.meili.search(index, [{ filters: [is('tenant', tenant)], limit: 0 }]);
    const known = await countEntries(this.bus, tenant);
    // What is fresh can be in the settled index as well, or be on its way out of it.
    if ((all?.total ?? 0) <= known && fresh.size === 0) return;
    for (let offset = 0; held(); ) {
      const ids = await this.meili.idsOf(index, is('tenant', tenant), offset, IDS_AT_ONCE);
      if (!ids.length) return;
      const { contacts, customers } = await this.bus.request(getIndexEntries, { ids }, serviceContext(tenant));
      const there = new Set([...contacts, ...customers].map(({ id }) => id));
      const gone = await this.stillThere(
        tenant,
        index,
        ids.filter((id) => !there.has(id)),
      );
      if (gone.length) yield gone;
      offset += ids.length - gone.length;
    }
  }

  /** Those that are still in the settled index, and count there, at the second look. */
  private async stillThere(tenant: string, index: string, ids: readonly string[]): Promise<EntryRef[]> {
    if (!ids.length) return [];
    await sleep(SECOND_LOOK_MS);
    const kept = await this.meili.kept(index, ids);
    const { fresh } = await this.fresh.current(tenant);
    return kept.filter(({ id }) => !fresh.has(id)).map(({ id }) => ({ id, version: 0 }));
  }
}
