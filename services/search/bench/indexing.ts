// How long the index takes to be made anew, against Meilisearch indexing the same documents and nothing else.
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchStatus } from '@kontor/contracts';
import type { BenchHub } from '@kontor/testing/bench';
import type { Index, Meilisearch } from 'meilisearch';
import { meiliOf, untilDone } from './compare.js';

const BARE = 'bench-bare';
const AT_ONCE = 10_000;
const HOUR = 3_600_000;

/** Seconds from the call to the end of a rebuild. */
export async function rebuildSeconds(call: BenchHub['call']): Promise<number> {
  const start = performance.now();
  await call('POST', '/v1/admin/search/rebuild');
  for (;;) {
    const { rebuild } = await call<SearchStatus>('GET', '/v1/admin/search/status');
    if (rebuild?.state === 'failed') throw new Error(`the rebuild failed: ${rebuild.error}`);
    if (rebuild?.state === 'finished') return (performance.now() - start) / 1000;
    await sleep(100);
  }
}

/** Seconds that Meilisearch takes for the documents of the search service, in an index with the same settings. */
export async function bareSeconds(hub: BenchHub['meili']): Promise<number> {
  const meili = meiliOf(hub);
  const entries = await searchIndex(meili);
  const settings = await entries.getSettings();
  const folder = mkdtempSync(join(process.env.KONTOR_BENCH_DIR ?? tmpdir(), 'kontor-documents-'));
  try {
    const files = await keepDocuments(entries, settings.displayedAttributes ?? ['*'], folder);
    await meili.deleteIndex(BARE).waitTask({ timeout: HOUR });
    await meili.createIndex(BARE, { primaryKey: 'id' }).waitTask();
    const bare = meili.index(BARE);
    await bare.updateSettings(settings).waitTask({ timeout: HOUR });
    const start = performance.now();
    let last = 0;
    for (const file of files) last = (await bare.addDocumentsFromString(await readFile(file, 'utf8'), 'application/x-ndjson')).taskUid;
    await untilDone(meili, last);
    return (performance.now() - start) / 1000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await meili.deleteIndex(BARE).waitTask({ timeout: HOUR });
  }
}

/** The service's large index; what it is called is its own affair. */
async function searchIndex(meili: Meilisearch): Promise<Index> {
  const { indexes } = await meili.getStats();
  const [name] = Object.entries(indexes)
    .filter(([uid]) => !uid.startsWith('bench-'))
    .sort(([, a], [, b]) => b.numberOfDocuments - a.numberOfDocuments)
    .map(([uid]) => uid);
  if (!name) throw new Error('the search service has made no index');
  return meili.index(name);
}

/** The documents in files, because a million of them do not fit in memory beside everything else. */
async function keepDocuments(index: Index, displayed: string[], folder: string): Promise<string[]> {
  // The service needs no more than ids back; here the documents are wanted whole.
  await index.updateDisplayedAttributes(['*']).waitTask({ timeout: HOUR });
  const files: string[] = [];
  try {
    for (let offset = 0; ; offset += AT_ONCE) {
      const { results } = await index.getDocuments({ limit: AT_ONCE, offset });
      if (offset === 0 && !results[0]?.words) throw new Error(`the documents of ${index.uid} came back without their words`);
      const file = join(folder, `${offset}.ndjson`);
      if (results.length) await writeFile(file, results.map((document) => JSON.stringify(document)).join('\n'));
      if (results.length) files.push(file);
      if (results.length < AT_ONCE) return files;
    }
  } finally {
    await index.updateDisplayedAttributes(displayed).waitTask({ timeout: HOUR });
  }
}
