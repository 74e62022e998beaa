import { AppError, Wakeable } from '@kontor/bus';
import { Injectable } from '@nestjs/common';
import { Mode } from '../indexes/mode.js';
import { IndexRequest, type Lane } from './index-request.js';
import type { EntryRef } from './tenant-work.js';

// Whatever Meilisearch is given at once costs it two seconds on top of what each document does: of small batches it takes all the processor time there is,
// and so keeps larger ones from being made.
const MOST_IDS: Record<Lane, number> = { people: 1_000, bulk: 50_000, rebuild: 50_000 };
const ALL_LANES = ['people', 'bulk', 'rebuild'] as const;

/**
 * The queues of what is to be indexed, one for each lane, in the order in which it came. Their modes:
 *
 * - `closed`: this replica is not the writer. Requests are refused: one that waited here would keep its event from the writer.
 * - `open`: it is the writer. Requests are queued.
 *
 * Legal transitions:
 *
 * - closed → open: this replica has become the writer
 * - open → closed: it stops, or another one may be the writer
 */
const TRANSITIONS = { closed: ['open'], open: ['closed'] } as const;

@Injectable()
export class Lanes {
  /** Woken by requests in the lane of interactive changes. */
  readonly interactive = new Wakeable();
  /** Woken by requests in the other two. */
  readonly bulk = new Wakeable();
  private readonly mode = new Mode<keyof typeof TRANSITIONS>('Lanes', 'closed', TRANSITIONS);
  private readonly queues: Record<Lane, IndexRequest[]> = { people: [], bulk: [], rebuild: [] };
  /** Those too that have been taken. */
  private readonly notEnded = new Set<IndexRequest>();
  private lastBulkLane: 'bulk' | 'rebuild' = 'bulk';

  open(): void {
    this.mode.set('open');
  }

  /** Refuses all that are queued, and those that come until it is opened again. */
  close(): void {
    if (this.mode.is('open')) this.mode.set('closed');
    this.fail(ALL_LANES, notTheWriter());
  }

  /** Also refuses batches in flight: another replica will write them. */
  abandon(): void {
    this.close();
    for (const request of this.notEnded) request.fail(notTheWriter());
  }

  wake(): void {
    this.interactive.wake();
    this.bulk.wake();
  }

  /** Resolves when what these entries are by then has been written. */
  queue(tenant: string, refs: readonly EntryRef[], lane: Lane, alone = false): Promise<void> {
    if (!this.mode.is('open')) return Promise.reject(notTheWriter());
    const request = new IndexRequest(tenant, refs, lane, alone);
    this.notEnded.add(request);
    this.queues[lane].push(request);
    (lane === 'people' ? this.interactive : this.bulk).wake();
    return request.answer.finally(() => this.notEnded.delete(request));
  }

  /** The next batch of interactive changes; empty when there are none. */
  takeInteractive(): IndexRequest[] {
    return this.take('people');
  }

  /** The next batch of the other two lanes, which take turns while both have requests. */
  takeBulk(): IndexRequest[] {
    const next = this.lastBulkLane === 'bulk' ? 'rebuild' : 'bulk';
    if (this.queues[next].length) this.lastBulkLane = next;
    return this.take(this.lastBulkLane);
  }

  private take(lane: Lane): IndexRequest[] {
    const queue = this.queues[lane];
    const requests: IndexRequest[] = [];
    let ids = 0;
    const fits = (next: IndexRequest) =>
      !requests.length || (!next.alone && !requests[0]!.alone && ids + next.refs.length <= MOST_IDS[lane]);
    while (queue[0] && fits(queue[0])) {
      const request = queue.shift()!;
      request.take();
      ids += request.refs.length;
      requests.push(request);
    }
    return requests;
  }

  /** Refuses all that are queued in these lanes. */
  fail(lanes: readonly Lane[], error: unknown): void {
    for (const lane of lanes) for (const request of this.queues[lane].splice(0)) request.fail(error);
  }
}

const notTheWriter = () => new AppError('unavailable', 'Another replica writes to the index now');
