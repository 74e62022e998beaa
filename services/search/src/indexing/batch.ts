import { type Bus, describeError, isTransient } from '@kontor/bus';
import { Logger } from '@nestjs/common';
import type { IndexRequest, Lane } from './index-request.js';
import type { Lanes } from './lanes.js';
import { type EntryRef, readWork, type TenantWork } from './tenant-work.js';

const log = new Logger('Batch');

/** Requests that are read and written together. Whoever waits for them is answered through it. */
export class Batch {
  /** What is to be written, by tenant; empty until it has been read. */
  works: TenantWork[] = [];
  /** Entries that were changed interactively since the batch began to be read. */
  readonly overtaken = new Set<string>();

  readonly lane: Lane;

  constructor(
    private readonly lanes: Lanes,
    private requests: readonly IndexRequest[],
  ) {
    this.lane = requests[0]!.lane;
  }

  ids(): string[] {
    return this.requests.flatMap(({ refs }) => refs.map(({ id }) => id));
  }

  /** Asks for the entries of each tenant. Never fails: the requests of a tenant that cannot be read are refused, and the batch continues without them. */
  async read(bus: Bus): Promise<void> {
    const read: IndexRequest[] = [];
    await Promise.all(
      Array.from(
        Map.groupBy(this.requests, ({ tenant }) => tenant),
        async ([tenant, requests]) => {
          try {
            const refs = requests.flatMap((request) => request.refs);
            this.works.push(await readWork(bus, tenant, refs));
            read.push(...requests);
          } catch (error) {
            this.split(requests, error);
          }
        },
      ),
    );
    this.requests = read;
  }

  /** Requests that these entries are indexed as well, in the order of interactive changes. */
  async indexInteractively(tenant: string, refs: readonly EntryRef[]): Promise<void> {
    if (refs.length) await this.lanes.queue(tenant, refs, 'people');
  }

  succeed(): void {
    for (const request of this.requests) request.succeed();
  }

  refuse(error: unknown): void {
    this.split(this.requests, error);
  }

  /**
   * While something is only unavailable, everybody tries again later. Otherwise one entry is bad, and the others must not suffer for it:
   * each half goes its own way, read and written again, until the bad one is alone and its event ends among the dead letters.
   */
  private split(requests: readonly IndexRequest[], error: unknown): void {
    for (const request of requests) {
      if (request.hasEnded) continue;
      const { tenant, refs, lane } = request;
      const isSingle = requests.length === 1 && refs.length === 1;
      if (isSingle && lane === 'rebuild' && !isTransient(error)) {
        // Its own event ends among the dead letters; all others are in the new index nevertheless.
        log.warn({ event: 'entry-not-indexed', id: refs[0]!.id, ...describeError(error) });
        request.succeed();
      } else if (isSingle || isTransient(error)) request.fail(error);
      else {
        const half = Math.ceil(refs.length / 2);
        const parts = [refs.slice(0, half), refs.slice(half)].filter((part) => part.length);
        request.split(parts.map((part) => this.lanes.queue(tenant, part, lane, true)));
      }
    }
  }
}
