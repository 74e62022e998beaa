import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { meiliBinary } from './binaries.js';
import { type Running, run, untilReady } from './process.js';

export interface MeiliOptions {
  dir: string;
  port: number;
  masterKey: string;
}

export function startMeili({ dir, port, masterKey }: MeiliOptions): Promise<Running> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const name = `Meilisearch (port ${port})`;
  const url = `http://127.0.0.1:${port}`;
  const server = run({
    name,
    command: meiliBinary(),
    args: [
      ...['--http-addr', `127.0.0.1:${port}`, '--env', 'production', '--no-analytics'],
      // Its defaults are the working directory.
      ...['--db-path', join(dir, 'data'), '--dump-dir', join(dir, 'dumps'), '--snapshot-dir', join(dir, 'snapshots')],
      ...['--max-indexing-memory', '512MiB', '--max-indexing-threads', '2'],
    ],
    // Not an argument: those are visible to everybody on the machine.
    env: { MEILI_MASTER_KEY: masterKey, HOME: dir },
    stopSignal: 'SIGTERM',
  });
  return untilReady(name, server, async () => {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
    return answer?.ok ?? false;
  });
}

/**
 * A key for the search service that may do everything with indexes and nothing with keys or the server itself. The same master key
 * always gives the same key.
 */
export async function searchServiceKey(url: string, masterKey: string): Promise<string> {
  const uid = '0190c2f0-6b6f-4d3a-9d5e-7a1f5b8c2e10';
  const headers = { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' };
  const existing = await fetch(`${url}/keys/${uid}`, { headers });
  const answer = existing.ok
    ? existing
    : await fetch(`${url}/keys`, {
        method: 'POST',
        headers,
        body: JSON.stringify({
          uid,
          name: 'search service',
          actions: ['search', 'documents.*', 'indexes.*', 'settings.*', 'tasks.*', 'stats.get', 'version'],
          indexes: ['*'],
          expiresAt: null,
        }),
      });
  if (!answer.ok) throw new Error(`Meilisearch did not make a key for the search service: ${await answer.text()}`);
  return ((await answer.json()) as { key: string }).key;
}
