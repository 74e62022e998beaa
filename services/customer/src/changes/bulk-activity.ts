import { setTimeout as sleep } from 'node:timers/promises';

/** So many changes in one step are an import, a bulk call or a job, and no person's. */
export const BULK_THRESHOLD = 100;
const IDLE_MS = 1_500;
const POLL_MS = 250;

let lastBulkAt = 0;

/** Notes that a step has changed so many things. */
export function noteBulkActivity(count: number): void {
  if (count >= BULK_THRESHOLD) lastBulkAt = Date.now();
}

/**
 * Resolves when this process has changed nothing in bulk for a moment, at the latest after `maxMs`: for work that can wait, and that would
 * take the processor from an import.
 */
export async function waitUntilIdle(maxMs: number): Promise<void> {
  const until = Date.now() + maxMs;
  while (Date.now() < until && Date.now() - lastBulkAt < IDLE_MS) await sleep(POLL_MS);
}
