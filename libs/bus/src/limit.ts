import { AppError } from './app-error.js';

/** Lets `size` jobs run at a time and four times as many wait; refuses more with `busy`, so that memory stays bounded. */
export class Limit {
  private running = 0;
  private readonly queue: (() => void)[] = [];
  private idleWaiters: (() => void)[] = [];

  constructor(private readonly size: number) {}

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.running >= this.size) {
      if (this.queue.length >= this.size * 4)
        throw new AppError('busy', 'The service has more to do than it can take; try again shortly', { retryAfter: 1 });
      await new Promise<void>((resolve) => this.queue.push(resolve));
    } else this.running++;
    try {
      return await job();
    } finally {
      const next = this.queue.shift();
      // The place goes straight to the next one, so that nobody slips in between.
      if (next) next();
      else if (--this.running === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
    }
  }

  /** Resolves when nothing runs any more. */
  idle(): Promise<void> {
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.idleWaiters.push(resolve));
  }
}
