import { Injectable } from '@nestjs/common';
import { Fresh, type Unsettled } from '../indexes/fresh.js';
import type { Batch } from './batch.js';

/**
 * For the writer: where the latest state of each entry is. Interactive and bulk changes are written at the same time; where both have the same entry,
 * the interactive one has precedence, and the bulk one leaves it out. An entry is in one of these states, the first that applies:
 *
 * - *interactive in flight*: an interactive batch is reading or writing it.
 * - *fresh*: it is in the fresh index, and has to be settled.
 * - *overtaken*, for a batch: it was changed interactively since that batch began to be read, even if it has been settled since.
 * - *bulk in flight*: a bulk batch is writing its identifiers; an interactive batch waits for that, because both write the same rows.
 * - *settled*: none of these.
 */
@Injectable()
export class EntryTracker {
  /** The sequence number of each fresh entry. */
  private fresh = new Map<string, number>();
  private freshSince = 0;
  private interactiveInFlight = new Set<string>();
  private bulkInFlight = { ids: new Set<string>(), written: Promise.resolve() as Promise<unknown> };
  private readonly unwritten = new Set<Batch>();

  constructor(private readonly table: Fresh) {}

  /** Whoever becomes the writer begins with this. */
  async start(): Promise<void> {
    this.fresh = await this.table.ids();
    this.freshSince = performance.now();
  }

  get freshCount(): number {
    return this.fresh.size;
  }

  /** How long there has been something fresh, or ago it is that settling was last tried, in milliseconds. */
  get freshMs(): number {
    return performance.now() - this.freshSince;
  }

  /** The bulk batches that have been taken and are not written yet. */
  beginBulk(batch: Batch): void {
    this.unwritten.add(batch);
  }

  endBulk(batch: Batch): void {
    this.unwritten.delete(batch);
  }

  /** Whether a bulk batch has to leave this entry out. */
  hasPrecedence(id: string, batch: Batch): boolean {
    return this.fresh.has(id) || this.interactiveInFlight.has(id) || batch.overtaken.has(id);
  }

  isFresh(id: string): boolean {
    return this.fresh.has(id);
  }

  /** Those of these entries whose identifiers the batch may write; those in flight interactively have overtaken it. */
  notOvertaken<E extends { id: string }>(entries: readonly E[], batch: Batch): E[] {
    for (const { id } of entries) if (this.interactiveInFlight.has(id)) batch.overtaken.add(id);
    return entries.filter(({ id }) => !batch.overtaken.has(id));
  }

  setBulkInFlight(ids: Iterable<string>, written: Promise<unknown>): void {
    this.bulkInFlight = { ids: new Set(ids), written: written.catch(() => undefined) };
  }

  setInteractiveInFlight(ids: Iterable<string>): void {
    this.interactiveInFlight = new Set(ids);
  }

  /** Resolves when none of these, which are in flight interactively, is in flight in bulk. */
  async bulkWritten(entries: readonly { id: string }[]): Promise<void> {
    if (entries.some(({ id }) => this.bulkInFlight.ids.has(id))) await this.bulkInFlight.written;
  }

  /** These are fresh since now. */
  addFresh(seqs: ReadonlyMap<string, number>): void {
    if (!this.fresh.size) this.freshSince = performance.now();
    for (const [id, seq] of seqs) {
      this.fresh.set(id, seq);
      for (const batch of this.unwritten) batch.overtaken.add(id);
    }
  }

  /** These are settled, unless they have become fresh again after this sequence number. */
  settle(entries: readonly Unsettled[], last: number): void {
    for (const { id } of entries) if ((this.fresh.get(id) ?? 0) <= last) this.fresh.delete(id);
  }

  /** The next attempt to settle is after as long a time. */
  noteSettlingTried(): void {
    this.freshSince = performance.now();
  }
}
