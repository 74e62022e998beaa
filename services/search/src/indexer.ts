import { setImmediate as letOthersWork } from 'node:timers/promises';
import { AppError, Bus, isTransient, type Lane, serviceContext } from '@kontor/bus';
import { getEntries } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { Dictionary, type Identified } from './dictionary.js';
import { documentOf } from './document.js';
import type { Entry } from './entry-fields.js';
import { identifiersOf } from './identifiers.js';
import { MeiliClient } from './meili.client.js';

/** Somebody who waits until the index knows what these entries are. */
interface Waiting {
  tenant: string;
  ids: readonly string[];
  lane: Lane;
  /** Not to be in a batch with others: something was wrong with the batch it was in before. */
  alone: boolean;
  done(): void;
  failed(error: unknown): void;
}

/** What is to be written. */
interface Work {
  documents: string[];
  gone: string[];
}

const MOST_IDS = 4_000;
const IDS_AT_ONCE = 1_000;
const DOCUMENTS_AT_ONCE = 100;
const BATCHES_IN_FLIGHT = 2;
const IDLE_MS = 1_000;

/**
 * Keeps the index at what the customer service says. It never trusts an event but asks what the entries are now, and writes what it was told
 * in the order in which it asked: doubled, late and shuffled events do no harm, and nothing goes back to an older state.
 * Everything that waits is one batch; the next one is prepared while Meilisearch works on the last.
 */
@Injectable()
export class Indexer {
  private readonly queues: Record<Lane, Waiting[]> = { people: [], bulk: [] };
  private running = false;
  private woken = () => {};

  constructor(
    private readonly bus: Bus,
    private readonly dictionary: Dictionary,
    private readonly meili: MeiliClient,
  ) {}

  /** Resolves when everything that these entries are at the time of the call can be found. People's changes go before those of imports. */
  refresh(tenant: string, ids: readonly string[], lane: Lane): Promise<void> {
    return this.queue(tenant, ids, lane, false);
  }

  private queue(tenant: string, ids: readonly string[], lane: Lane, alone: boolean): Promise<void> {
    // Who waited here would hold on to an event that the writer should have.
    if (!this.running) return Promise.reject(notTheWriter());
    return new Promise((done, failed) => {
      this.queues[lane].push({ tenant, ids, lane, alone, done, failed });
      this.wake();
    });
  }

  wake(): void {
    this.woken();
  }

  /** Works until `held` says that another replica may be the writer now; who still waits is refused, and the event comes again. */
  async run(held: () => boolean): Promise<void> {
    this.running = true;
    const inFlight = new Set<Promise<void>>();
    while (held()) {
      const batch = this.takeBatch();
      if (!batch.length) {
        await this.pause();
        continue;
      }
      const { done } = await this.write(batch, held);
      const finished = done.finally(() => inFlight.delete(finished));
      inFlight.add(finished);
      if (inFlight.size >= BATCHES_IN_FLIGHT) await Promise.race(inFlight);
    }
    this.running = false;
    await Promise.all(inFlight);
    for (const waiting of [...this.queues.people.splice(0), ...this.queues.bulk.splice(0)]) waiting.failed(notTheWriter());
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, IDLE_MS);
      this.woken = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    let ids = 0;
    const fits = (next: Waiting) => !batch.length || (!next.alone && !batch[0]!.alone && ids + next.ids.length <= MOST_IDS);
    for (const queue of [this.queues.people, this.queues.bulk])
      while (queue[0] && fits(queue[0])) {
        const waiting = queue.shift()!;
        ids += waiting.ids.length;
        batch.push(waiting);
      }
    return batch;
  }

  /** Hands the batch to Meilisearch; `done` when it can be found. Never fails: those who wait are told. */
  private async write(batch: readonly Waiting[], held: () => boolean): Promise<{ done: Promise<void> }> {
    const written: Waiting[] = [];
    const work: Work = { documents: [], gone: [] };
    const byTenant = Map.groupBy(batch, ({ tenant }) => tenant);
    await Promise.all(
      Array.from(byTenant, async ([tenant, waiting]) => {
        try {
          const { documents, gone } = await this.prepare(tenant, [...new Set(waiting.flatMap(({ ids }) => ids))]);
          work.documents = work.documents.concat(documents);
          work.gone = work.gone.concat(gone);
          written.push(...waiting);
        } catch (error) {
          this.refuse(waiting, error);
        }
      }),
    );
    const refuse = (error: unknown) => this.refuse(written, error);
    try {
      if (!held()) throw notTheWriter();
      const { done } = await this.meili.write(work.documents, work.gone);
      const tell = () => {
        for (const waiting of written) waiting.done();
      };
      return { done: done.then(tell, refuse) };
    } catch (error) {
      refuse(error);
      return { done: Promise.resolve() };
    }
  }

  /**
   * While something is only away, everybody tries again later. Otherwise one entry is bad, and the others must not suffer for it:
   * each half goes its own way, asked for and written anew, until the bad one is alone and its event ends among the dead letters.
   */
  private refuse(batch: readonly Waiting[], error: unknown): void {
    for (const { tenant, ids, lane, done, failed } of batch) {
      if (isTransient(error) || (batch.length === 1 && ids.length === 1)) {
        failed(error);
        continue;
      }
      const half = Math.ceil(ids.length / 2);
      const parts = [ids.slice(0, half), ids.slice(half)].filter((part) => part.length);
      void Promise.allSettled(parts.map((part) => this.queue(tenant, part, lane, true))).then((outcomes) => {
        const bad = outcomes.find((outcome) => outcome.status === 'rejected');
        if (bad) failed(bad.reason);
        else done();
      });
    }
  }

  /** What the entries are now. Words and identifiers are written first: a document without them could not be found, they without it do no harm. */
  private async prepare(tenant: string, ids: readonly string[]): Promise<Work> {
    const parts = Array.from({ length: Math.ceil(ids.length / IDS_AT_ONCE) }, (_, i) => ids.slice(i * IDS_AT_ONCE, (i + 1) * IDS_AT_ONCE));
    const entries = (await Promise.all(parts.map((part) => this.fetch(tenant, part)))).flat();
    const documents: string[] = [];
    const terms = new Set<string>();
    const identified = new Map<string, Identified>(ids.map((id) => [id, { id, identifiers: [] }]));
    const gone = new Set(ids);
    for (const [i, entry] of entries.entries()) {
      // Searches are answered by this process, too, and wait no longer than for some of the documents.
      if (i % DOCUMENTS_AT_ONCE === DOCUMENTS_AT_ONCE - 1) await letOthersWork();
      const document = documentOf(tenant, entry);
      for (const word of document.words) terms.add(word);
      identified.set(entry.id, { id: entry.id, identifiers: identifiersOf(entry) });
      documents.push(JSON.stringify(document));
      gone.delete(entry.id);
    }
    await this.dictionary.learn(tenant, terms, [...identified.values()]);
    return { documents, gone: [...gone] };
  }

  private async fetch(tenant: string, ids: readonly string[]): Promise<Entry[]> {
    try {
      const { contacts, customers } = await this.bus.request(getEntries, { ids: [...ids] }, serviceContext(tenant));
      return [
        ...contacts.map((contact) => ({ kind: 'contact' as const, ...contact })),
        ...customers.map((customer) => ({ kind: 'customer' as const, ...customer })),
      ];
    } catch (error) {
      // Entries with very long notes: fewer at a time.
      if (!(error instanceof AppError) || error.code !== 'too-large' || ids.length === 1) throw error;
      const half = Math.ceil(ids.length / 2);
      return [...(await this.fetch(tenant, ids.slice(0, half))), ...(await this.fetch(tenant, ids.slice(half)))];
    }
  }
}

const notTheWriter = () => new AppError('unavailable', 'Another replica writes to the index now');
