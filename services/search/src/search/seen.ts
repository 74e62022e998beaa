import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, Bus, grantees, serviceContext } from '@kontor/bus';
import { getEntries, getIndexEntries, type InputOf, type OutputOf, type search } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { Fresh } from '../indexes/fresh.js';
import { MeiliClient } from '../indexes/meili.client.js';

type Write = NonNullable<InputOf<typeof search>['seen']>[number];

const MOST_MS = 5_000;
const LOOK_EVERY_MS = 25;

/** Waits until a search sees what a caller has written. */
@Injectable()
export class Seen {
  constructor(
    private readonly bus: Bus,
    private readonly fresh: Fresh,
    private readonly meili: MeiliClient,
  ) {}

  /** Fails with `unavailable` when it cannot be seen after five seconds. */
  async wait(tenant: string, writes: readonly Write[]): Promise<void> {
    const until = Date.now() + MOST_MS;
    let left = await this.unseen(tenant, writes);
    if (left.length) left = await this.withoutHidden(tenant, left);
    for (; ; left = await this.unseen(tenant, left)) {
      if (!left.length) return;
      if (Date.now() + LOOK_EVERY_MS > until) break;
      await sleep(LOOK_EVERY_MS);
    }
    throw new AppError('unavailable', `Search does not see yet what you have written; ask again, or without the header Kontor-Seen`, {
      retryAfter: 2,
    });
  }

  /** Without those that the caller may not see: waiting for them would reveal that they exist, and in which version. */
  private async withoutHidden(tenant: string, writes: readonly Write[]): Promise<Write[]> {
    if (!grantees()) return [...writes];
    const ids = writes.map(({ id }) => id);
    const [all, visible] = await Promise.all([this.there(tenant, ids), this.visible(ids)]);
    return writes.filter(({ id }) => visible.has(id) || !all.has(id));
  }

  private async there(tenant: string, ids: string[]): Promise<Set<string>> {
    return idsOf(await this.bus.request(getIndexEntries, { ids }, serviceContext(tenant)));
  }

  private async visible(ids: string[]): Promise<Set<string>> {
    return idsOf(await this.bus.request(getEntries, { ids }));
  }

  private async unseen(tenant: string, writes: readonly Write[]): Promise<Write[]> {
    const { index, fresh } = await this.fresh.current(tenant);
    const older = writes.filter(({ id, version }) => (fresh.get(id)?.version ?? 0) < version);
    const settled = older.filter(({ id }) => !fresh.has(id)).map(({ id }) => id);
    const kept = await this.kept(index, settled);
    if (!kept) return older;
    const left = older.filter(({ id, version }) => (kept.get(id) ?? 0) < version);
    const unknown = left.filter(({ id }) => !kept.has(id) && !fresh.get(id)?.document).map(({ id }) => id);
    if (!unknown.length) return left;
    // What is in no index can be new, or gone; what is gone is seen to be so.
    const there = await this.there(tenant, unknown);
    return left.filter(({ id }) => !unknown.includes(id) || there.has(id));
  }

  /** The versions in the settled index; nothing while it is away, or not there yet: what is written meanwhile can still become fresh. */
  private async kept(index: string, ids: readonly string[]): Promise<Map<string, number> | undefined> {
    try {
      return new Map((await this.meili.kept(index, ids)).map(({ id, version }) => [id, version]));
    } catch (error) {
      if (error instanceof AppError && error.code === 'unavailable') return undefined;
      throw error;
    }
  }
}

const idsOf = ({ contacts, customers }: OutputOf<typeof getEntries>) => new Set([...contacts, ...customers].map(({ id }) => id));
