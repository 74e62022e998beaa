import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, Bus, serviceContext } from '@kontor/bus';
import { getEntries, type InputOf, type search } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { Fresh } from './fresh.js';
import { MeiliClient } from './meili.client.js';

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
    for (let left = writes; ; await sleep(LOOK_EVERY_MS)) {
      left = await this.unseen(tenant, left);
      if (!left.length) return;
      if (Date.now() + LOOK_EVERY_MS > until) break;
    }
    throw new AppError('unavailable', `Search does not see yet what you have written; ask again, or without the header Kontor-Seen`, {
      retryAfter: 2,
    });
  }

  private async unseen(tenant: string, writes: readonly Write[]): Promise<Write[]> {
    const { index, fresh } = await this.fresh.current(tenant);
    const older = writes.filter(({ id, version }) => (fresh.get(id)?.version ?? 0) < version);
    const settled = older.filter(({ id }) => !fresh.has(id)).map(({ id }) => id);
    const kept = new Map((await this.meili.kept(index, settled)).map(({ id, version }) => [id, version]));
    const left = older.filter(({ id, version }) => (kept.get(id) ?? 0) < version);
    const unknown = left.filter(({ id }) => !kept.has(id) && !fresh.has(id)).map(({ id }) => id);
    if (!unknown.length) return left;
    // What is in no index can be new, or gone; what is gone is seen to be so.
    const { contacts, customers } = await this.bus.request(getEntries, { ids: unknown }, serviceContext(tenant));
    const there = new Set([...contacts, ...customers].map(({ id }) => id));
    return left.filter(({ id }) => !unknown.includes(id) || there.has(id));
  }
}
