import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats a check until it no longer throws, and gives its value; after `withinMs` (10 s) throws what it threw last. Instead of sleeping. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 10_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (let pause = 5; ; pause = Math.min(pause * 1.5, 200)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(pause);
    }
  }
}
