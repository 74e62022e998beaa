import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@kontor/bus';
import type { Meilisearch, Task } from 'meilisearch';

const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 150;

interface Waiting {
  done(task: Task): void;
  failed(error: unknown): void;
}

/**
 * Waits for tasks of Meilisearch, for all of them with one question: a look at one task takes as long as a search, and many wait while much is indexed.
 * Looks often for a short task, and seldom for a long one.
 */
export class MeiliTasks {
  private readonly waiting = new Map<number, Waiting>();
  private pause = FIRST_LOOK_MS;
  private looking = false;

  constructor(private readonly client: Meilisearch) {}

  /** The task when it is over, however it ended. Fails as the client does when Meilisearch cannot be asked, and with `unavailable` when it does not know the task. */
  over(uid: number): Promise<Task> {
    return new Promise((done, failed) => {
      this.waiting.set(uid, { done, failed });
      this.pause = FIRST_LOOK_MS;
      if (!this.looking) void this.look();
    });
  }

  private async look(): Promise<void> {
    this.looking = true;
    while (this.waiting.size) {
      await sleep(this.pause);
      this.pause = Math.min(this.pause * 1.5, LAST_LOOK_MS);
      const uids = [...this.waiting.keys()];
      try {
        const { results } = await this.client.tasks.getTasks({ uids, limit: uids.length });
        const tasks = new Map(results.map((task) => [task.uid, task]));
        for (const uid of uids) {
          const task = tasks.get(uid);
          if (!task) this.take(uid)?.failed(lost());
          else if (task.status !== 'enqueued' && task.status !== 'processing') this.take(uid)?.done(task);
        }
      } catch (error) {
        for (const uid of uids) this.take(uid)?.failed(error);
      }
    }
    this.looking = false;
  }

  private take(uid: number): Waiting | undefined {
    const waiting = this.waiting.get(uid);
    this.waiting.delete(uid);
    return waiting;
  }
}

// It was started without its data; then the index is gone, too, and will be rebuilt.
const lost = () => new AppError('unavailable', 'The search engine has lost what it was given', { retryAfter: 2 });
