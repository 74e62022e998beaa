import { describeError } from '@kontor/bus';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';

// How many rows may have been written since the last time, while there is other work and while there is none.
const MOST_WHEN_BUSY = 250_000;
const MOST_WHEN_IDLE = 500;

/** Vacuums the dictionary after much has been written to it. */
@Injectable()
export class DictionaryVacuum {
  private readonly log = new Logger('DictionaryVacuum');
  private written = 0;
  private running?: Promise<void>;

  constructor(private readonly db: Database) {}

  /** So many rows have been written or deleted. */
  noteWritten(rows: number): void {
    this.written += rows;
  }

  /**
   * Sorts in what the trigram indexes have only noted so far, which every search reads through, and counts again, without which PostgreSQL plans badly.
   * After an import that is the difference between 5 and 50 ms. Runs in the background when it is due; that it failed only makes searches slower.
   */
  runWhenDue({ busy }: { busy: boolean }): void {
    if (this.running || this.written < (busy ? MOST_WHEN_BUSY : MOST_WHEN_IDLE)) return;
    this.written = 0;
    this.running = this.db.source
      .query('vacuum (analyze) word, identifier')
      .then(
        () => undefined,
        (error: unknown) => this.log.warn({ event: 'dictionary-not-vacuumed', ...describeError(error) }),
      )
      .finally(() => {
        this.running = undefined;
      });
  }
}
