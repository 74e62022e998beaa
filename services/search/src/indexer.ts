import { AppError, Bus, type Lane, serviceContext } from '@kontor/bus';
import { getEntries } from '@kontor/contracts';
import { Injectable, Logger } from '@nestjs/common';
import { Dictionary, type Identified } from './dictionary.js';
import { documentOf } from './document.js';
import type { Entry } from './entry-fields.js';
import { identifiersOf } from './identifiers.js';
import { MeiliClient } from './meili.client.js';
import { send } from './send-documents.js';

/** Somebody who waits until the index knows what these entries are. */
interface Waiting {
  tenant: string;
  ids: readonly string[];
  done(): void;
  failed(error: unknown): void;
}

/** What is to be written for one tenant. */
interface Work {
  documents: string[];
  gone: string[];
}

const MOST_IDS = 4_000;
const IDS_AT_ONCE = 1_000;
const BATCHES_IN_FLIGHT = 2;
const IDLE_MS = 1_000;

/**
 * Keeps the index at what the customer service says. It never trusts an event but asks what the entries are now, and writes what it was told
 * in the order in which it asked: doubled, late and shuffled events do no harm, and nothing goes back to an older state.
 * Everything that waits is one batch; the next one is prepared while Meilisearch works on the last.
 */
@Injectable()
export class Indexer {
  private readonly log = new Logger('Indexer');
  private readonly queues: Record<Lane, Waiting[]> = { people: [], bulk: [] };
  private woken = () => {};

  constructor(
    private readonly bus: Bus,
    private readonly dictionary: Dictionary,
    private readonly meili: MeiliClient,
  ) {}

  /** Resolves when everything that these entries are at the time of the call can be found. People's changes go before those of imports. */
  refresh(tenant: string, ids: readonly string[], lane: Lane): Promise<void> {
    return new Promise((done, failed) => {
      this.queues[lane].push({ tenant, ids, done, failed });
      this.wake();
    });
  }

  wake(): void {
    this.woken();
  }

  /** Works until `held` says that another replica may be the writer now; who still waits is refused, and the event comes again. */
  async run(held: () => boolean): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    while (held()) {
      const batch = this.takeBatch();
      if (!batch.length) {
        await this.pause();
        continue;
      }
      const writing = await this.write(batch, held);
      const finished = writing.finally(() => inFlight.delete(finished));
      inFlight.add(finished);
      if (inFlight.size >= BATCHES_IN_FLIGHT) await Promise.race(inFlight);
    }
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
    for (const queue of [this.queues.people, this.queues.bulk])
      while (queue[0] && (ids === 0 || ids + queue[0].ids.length <= MOST_IDS)) {
        const waiting = queue.shift()!;
        ids += waiting.ids.length;
        batch.push(waiting);
      }
    return batch;
  }

  /** Hands the batch to Meilisearch; what it gives ends when Meilisearch has it all. Neither ever fails: those who wait are told. */
  private async write(batch: readonly Waiting[], held: () => boolean): Promise<Promise<void>> {
    const byTenant = [...Map.groupBy(batch, ({ tenant }) => tenant)];
    const prepared = await Promise.all(
      byTenant.map(async ([tenant, waiting]) => {
        const ids = new Set(waiting.flatMap((one) => one.ids));
        try {
          return { waiting, ...(await this.prepare(tenant, [...ids])) };
        } catch (error) {
          for (const one of waiting) one.failed(error);
          return { waiting: [], documents: [], gone: [] };
        }
      }),
    );
    const waiting = prepared.flatMap((one) => one.waiting);
    const refuse = (error: unknown) => {
      for (const one of waiting) one.failed(error);
    };
    if (!held()) return Promise.resolve(refuse(notTheWriter()));
    const documents = prepared.flatMap((one) => one.documents);
    const gone = prepared.flatMap((one) => one.gone);
    try {
      const sent = await send(this.meili, documents, gone, (code) => this.log.error({ event: 'document-refused', code }));
      return sent.done.then(() => waiting.forEach((one) => one.done()), refuse);
    } catch (error) {
      return Promise.resolve(refuse(error));
    }
  }

  /** What the entries are now. Words and identifiers are written first: a document without them could not be found, they without it do no harm. */
  private async prepare(tenant: string, ids: readonly string[]): Promise<Work> {
    const chunks = Array.from({ length: Math.ceil(ids.length / IDS_AT_ONCE) }, (_, i) => ids.slice(i * IDS_AT_ONCE, (i + 1) * IDS_AT_ONCE));
    const entries = (await Promise.all(chunks.map((chunk) => this.fetch(tenant, chunk)))).flat();
    const documents: string[] = [];
    const terms = new Set<string>();
    const identified = new Map<string, Identified>(ids.map((id) => [id, { id, identifiers: [] }]));
    const gone = new Set(ids);
    for (const entry of entries) {
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
