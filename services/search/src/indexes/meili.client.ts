import { AppError } from '@kontor/bus';
import {
  Meilisearch,
  MeilisearchApiError,
  MeilisearchRequestError,
  MeilisearchRequestTimeOutError,
  type MultiSearchQuery,
} from 'meilisearch';
import { type Document, PHRASE_FIELDS } from './document.js';
import { type Filter, filterText } from './filter.js';
import { IndexNames } from './index-names.js';
import { SETTINGS } from './index-settings.js';
import { MeiliTasks } from './meili-tasks.js';
import { type Answer, type Question, queryOf } from './question.js';

/** What a verification compares. */
export type Kept = Pick<Document, 'id' | 'version' | 'hash'>;

/** Meilisearch answered, and will not do it: there is something wrong with what was asked. */
export class RefusedByMeili extends Error {
  constructor(code: string) {
    super(`Meilisearch refused: ${code}`);
  }
}

const INDEXES_AT_ONCE = 1_000;
/** Whoever asks waits for ten seconds; when Meilisearch hangs there must be time left to answer without it. */
const MOST_SEARCH_MS = 4_000;

/** Every call to Meilisearch. Fails with `unavailable` when it cannot be reached. */
export class MeiliClient {
  private readonly client: Meilisearch;
  private readonly searching: Meilisearch;
  private readonly tasks: MeiliTasks;

  constructor(
    url: string,
    key: string,
    readonly names = new IndexNames(),
  ) {
    // A compressed answer comes in pieces, and between them Meilisearch waits 40 ms for the first to be acknowledged.
    const config = { host: url, apiKey: key, requestInit: { headers: { 'accept-encoding': 'identity' } } };
    this.client = new Meilisearch({ ...config, timeout: 10_000 });
    this.tasks = new MeiliTasks(this.client);
    this.searching = new Meilisearch({ ...config, timeout: MOST_SEARCH_MS });
  }

  /** This hub's indexes, with the moment each was made: one of the same name can be another one. */
  async indexes(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let offset = 0; ; offset += INDEXES_AT_ONCE) {
      const { results } = await this.call(() => this.client.getRawIndexes({ offset, limit: INDEXES_AT_ONCE }));
      for (const { uid, createdAt } of results) if (this.names.owns(uid)) found.set(uid, String(createdAt));
      if (results.length < INDEXES_AT_ONCE) return found;
    }
  }

  /** Makes an empty index with the settings that this version works with; one that is there already stays. */
  async create(index: string): Promise<void> {
    await this.call(async () => {
      const made = await this.client.createIndex(index, { primaryKey: 'id' }).waitTask({ timeout: 0 });
      if (made.error && made.error.code !== 'index_already_exists') throw new Error(`The index could not be made: ${made.error.code}`);
      const set = await this.client.index(index).updateSettings(SETTINGS).waitTask({ timeout: 0 });
      if (set.error) throw new Error(`The settings of the index were refused: ${set.error.message}`);
      // An attribute that no document has ever had cannot be asked for; once one had it, it can.
      const named = { id: 'named', ...Object.fromEntries(PHRASE_FIELDS.map((field) => [field, ''])) };
      await this.client.index(index).addDocuments([named]).waitTask({ timeout: 0 });
      await this.client.index(index).deleteDocument('named').waitTask({ timeout: 0 });
    });
  }

  /** Drops an index; one that is not there is dropped already. */
  async drop(index: string): Promise<void> {
    await this.call(() => this.client.deleteIndex(index).waitTask({ timeout: 0 }));
  }

  /** Asks several questions in one call; the answers come in the same order. */
  async search(index: string, questions: readonly Question[]): Promise<Answer[]> {
    mustBeThere(index);
    const queries = questions.map((question) => queryOf(index, question));
    const { results } = await this.call(() => this.searching.multiSearch<{ queries: MultiSearchQuery[] }, Document>({ queries }));
    return results.map((result) => ({
      hits: result.hits,
      total: result.estimatedTotalHits ?? 0,
      facets: result.facetDistribution ?? {},
    }));
  }

  /** What the index has of these entries. */
  async kept(index: string, ids: readonly string[]): Promise<Kept[]> {
    if (!ids.length) return [];
    mustBeThere(index);
    const { results } = await this.call(() =>
      this.client.index<Document>(index).getDocuments({ ids: [...ids], fields: ['id', 'version', 'hash'], limit: ids.length }),
    );
    return results;
  }

  /** Some of the tenant's ids in the index, in an order that stays while nothing is written. */
  async idsOf(index: string, tenant: Filter, offset: number, limit: number): Promise<string[]> {
    const filter = typeof tenant === 'boolean' ? undefined : filterText(tenant);
    const { results } = await this.call(() => this.client.index<Document>(index).getDocuments({ fields: ['id'], offset, limit, filter }));
    return results.map(({ id }) => id);
  }

  /**
   * Hands over documents, one JSON text each, and the ids of what is to go; resolves when Meilisearch has taken them in, in the order of the calls.
   * `done` resolves when all of it can be found. Fails with `unavailable` as soon as it is not `allowed` any more.
   */
  async write(
    indexes: readonly string[],
    documents: readonly string[],
    gone: string[],
    allowed: () => boolean,
  ): Promise<{ done: Promise<void> }> {
    const tasks: number[] = [];
    const handOver = async (give: () => Promise<{ taskUid: number }>) => {
      if (!allowed()) throw new AppError('unavailable', 'Another replica writes to the index now');
      tasks.push((await this.call(give)).taskUid);
    };
    for (const name of indexes) {
      const index = this.client.index<Document>(name);
      for (const payload of payloads(documents)) await handOver(() => index.addDocumentsFromString(payload, 'application/x-ndjson'));
      if (gone.length) await handOver(() => index.deleteDocuments(gone));
    }
    return { done: Promise.all(tasks.map((task) => this.finished(task))).then(() => undefined) };
  }

  private async finished(task: number): Promise<void> {
    const { status, error } = await this.call(() => this.tasks.over(task));
    if (status === 'succeeded') return;
    // A full disk, say: nothing is wrong with what was given.
    if (error?.type !== 'invalid_request') throw new AppError('unavailable', 'The search engine could not write', { retryAfter: 5 });
    throw new RefusedByMeili(error.code);
  }

  async ping(): Promise<void> {
    await this.call(() => this.searching.health());
  }

  private async call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isAway(error)) throw new AppError('unavailable', 'The search engine cannot be reached at the moment', { retryAfter: 2 });
      // What Meilisearch says of a call quotes what was in it, and what people typed belongs in no log.
      if (error instanceof MeilisearchApiError)
        throw new Error(`Meilisearch refused a call: ${error.cause?.code ?? error.response.status}`);
      throw error;
    }
  }
}

/** Before the first writer has made one there is none. */
function mustBeThere(index: string): void {
  if (!index) throw new AppError('unavailable', 'The index is not made yet', { retryAfter: 2 });
}

// Meilisearch would take more at once, and works on all that waits as one task; putting ten megabytes together keeps searches waiting here.
const MOST_BYTES = 3 * 1024 * 1024;

function* payloads(documents: readonly string[]): Generator<string> {
  let payload: string[] = [];
  let size = 0;
  for (const document of documents) {
    const bytes = Buffer.byteLength(document) + 1;
    if (size + bytes > MOST_BYTES && payload.length) {
      yield payload.join('\n');
      payload = [];
      size = 0;
    }
    payload.push(document);
    size += bytes;
  }
  if (payload.length) yield payload.join('\n');
}

// Until the writer has made a new index and given it its settings, a moment after the first start; and until there is a key again, when all was lost.
const UNPREPARED = [
  'invalid_api_key',
  'invalid_index_uid',
  'index_not_found',
  'invalid_search_filter',
  'invalid_search_sort',
  'invalid_search_facets',
];

function isAway(error: unknown): boolean {
  if (error instanceof MeilisearchRequestError || error instanceof MeilisearchRequestTimeOutError) return true;
  return error instanceof MeilisearchApiError && (error.response.status >= 500 || UNPREPARED.includes(error.cause?.code ?? ''));
}
