import { setTimeout as sleep } from 'node:timers/promises';

/** From this many changes on, a transaction counts as bulk: an import, a bulk call or a job. */
export const BULK_THRESHOLD = 100;
const IDLE_MS = 1_500;
const POLL_MS = 250;

let lastBulkAt = 0;

/** Records that a transaction changed this many entries. */
export function noteBulkActivity(count: number): void {
  if (count >= BULK_THRESHOLD) lastBulkAt = Date.now();
}

/** Resolves when this process has made no bulk change for a moment, or after `maxMs`. Deferrable work uses it to leave the CPU to imports. */
export async function waitUntilIdle(maxMs: number): Promise<void> {
  const until = Date.now() + maxMs;
  while (Date.now() < until && Date.now() - lastBulkAt < IDLE_MS) await sleep(POLL_MS);
}
