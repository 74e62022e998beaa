import type { Lane as EventLane } from '@kontor/bus';
import { Mode } from '../indexes/mode.js';
import type { EntryRef } from './tenant-work.js';

/** `rebuild` writes only to the index that is being built. */
export type Lane = EventLane | 'rebuild';

/**
 * A request to index some entries, for which somebody waits. Its modes:
 *
 * - `queued`: it waits in its lane.
 * - `taken`: it is part of a batch that is being read and written.
 * - `split`: its batch failed; each half of it is a request of its own now, and it ends when both have ended.
 * - `ended`: whoever waited has been answered.
 *
 * Legal transitions:
 *
 * - queued → taken: it is its turn
 * - taken → split: something is wrong with its batch, and it is looked for where
 * - queued, taken, split → ended: it was indexed, it failed, or this replica is not the writer any more
 */
const TRANSITIONS = { queued: ['taken', 'ended'], taken: ['split', 'ended'], split: ['ended'], ended: [] } as const;

export class IndexRequest {
  /** Resolves when what the entries are by then can be found. */
  readonly answer: Promise<void>;
  private readonly mode = new Mode<keyof typeof TRANSITIONS>('IndexRequest', 'queued', TRANSITIONS);
  private readonly resolve: () => void;
  private readonly reject: (error: unknown) => void;

  constructor(
    readonly tenant: string,
    readonly refs: readonly EntryRef[],
    readonly lane: Lane,
    /** Not to be in a batch with others: something was wrong with the batch it was in before. */
    readonly alone: boolean,
  ) {
    ({ promise: this.answer, resolve: this.resolve, reject: this.reject } = Promise.withResolvers<void>());
  }

  get hasEnded(): boolean {
    return this.mode.is('ended');
  }

  take(): void {
    this.mode.set('taken');
  }

  /** Ends when all of its parts have ended, and fails when one of them does. */
  split(parts: readonly Promise<void>[]): void {
    this.mode.set('split');
    void Promise.allSettled(parts).then((outcomes) => {
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) this.fail(failed.reason);
      else this.succeed();
    });
  }

  /** Does nothing when it has ended, which one that is abandoned does while it is still being written. */
  succeed(): void {
    if (this.end()) this.resolve();
  }

  fail(error: unknown): void {
    if (this.end()) this.reject(error);
  }

  private end(): boolean {
    if (this.hasEnded) return false;
    this.mode.set('ended');
    return true;
  }
}
