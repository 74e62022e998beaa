import { type MeiliClient, RefusedByMeili } from './meili.client.js';

const MOST_BYTES = 10 * 1024 * 1024;

/**
 * Hands documents and the ids of what is gone to Meilisearch; resolves when it has taken them in, in this order.
 * `done` resolves when all of it can be found. One bad document makes Meilisearch refuse all that came with it:
 * they are sent again in halves, until it is alone and left out.
 */
export async function send(
  meili: MeiliClient,
  documents: readonly string[],
  gone: string[],
  leftOut: (code: string) => void,
): Promise<{ done: Promise<void> }> {
  const tasks: Promise<void>[] = [];
  try {
    for (const payload of payloads(documents)) {
      const task = await meili.put(payload);
      tasks.push(meili.done(task).catch((error) => inHalves(meili, payload, error, leftOut)));
    }
    if (gone.length) tasks.push(meili.done(await meili.remove(gone)));
  } catch (error) {
    await Promise.allSettled(tasks);
    throw error;
  }
  return { done: Promise.all(tasks).then(() => undefined) };
}

async function inHalves(meili: MeiliClient, documents: readonly string[], error: unknown, leftOut: (code: string) => void): Promise<void> {
  if (!(error instanceof RefusedByMeili)) throw error;
  if (documents.length === 1) return leftOut(error.message);
  const half = Math.ceil(documents.length / 2);
  for (const some of [documents.slice(0, half), documents.slice(half)]) await (await send(meili, some, [], leftOut)).done;
}

function* payloads(documents: readonly string[]): Generator<string[]> {
  let payload: string[] = [];
  let size = 0;
  for (const document of documents) {
    const bytes = Buffer.byteLength(document) + 1;
    if (size + bytes > MOST_BYTES && payload.length) {
      yield payload;
      payload = [];
      size = 0;
    }
    payload.push(document);
    size += bytes;
  }
  if (payload.length) yield payload;
}
