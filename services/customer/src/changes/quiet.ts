import { setTimeout as sleep } from 'node:timers/promises';

/** So many changes in one step are an import, a bulk call or a job, and no person's. */
export const MANY = 100;
const QUIET_MS = 1_500;
const LOOK_MS = 250;

let lastMany = 0;

/** Notes that a step has changed so many things. */
export function noteChanges(count: number): void {
  if (count >= MANY) lastMany = Date.now();
}

/**
 * Resolves when this process has changed nothing in bulk for a moment, at the latest after `mostMs`: for work that can wait, and that would
 * take the processor from an import.
 */
export async function untilQuiet(mostMs: number): Promise<void> {
  const until = Date.now() + mostMs;
  while (Date.now() < until && Date.now() - lastMany < QUIET_MS) await sleep(LOOK_MS);
}
