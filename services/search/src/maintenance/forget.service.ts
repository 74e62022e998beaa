import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, currentContext } from '@kontor/bus';
import type { AboutEntry, Forgotten } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { Indexer } from '../indexing/indexer.js';
import { currentTenant } from '../tenant.js';
import { type Entry, textFields, wordsIn } from '../words/entry-fields.js';
import { isHan, splitHanName, type Word } from '../words/words.js';

/** How long an answer is waited for at the most, and how much of the caller's time stays for telling it. */
const MOST_MS = 30_000;
const SPARE_MS = 500;
const LOOK_EVERY_MS = 50;

/**
 * Any replica may be asked, and only the writer may forget: between two of its batches, so that none that was read before puts the entry back.
 * So the order goes through a table, and outlives whoever was asked.
 */
@Injectable()
export class ForgetService {
  constructor(
    private readonly db: Database,
    private readonly indexer: Indexer,
  ) {}

  async forget(about: AboutEntry): Promise<Forgotten> {
    const tenant = currentTenant();
    await this.db.acrossTenants((tx) =>
      tx.query(
        `insert into forgetting (tenant_id, entry_id, words) values ($1, $2, $3)
         on conflict (tenant_id, entry_id) do update set words = excluded.words, counts = null`,
        [tenant, about.id, [...wordsOfEntry(about)]],
      ),
    );
    this.indexer.wake();
    const until = Math.min(Date.now() + MOST_MS, currentContext().deadline ?? Number.POSITIVE_INFINITY) - SPARE_MS;
    while (Date.now() < until) {
      const counts = await this.takeAnswer(tenant, about.id);
      if (counts) return { counts };
      await sleep(LOOK_EVERY_MS);
    }
    throw new AppError('unavailable', 'The index has not forgotten the entry yet, but will; ask again', { retryAfter: 5 });
  }

  /** When two wait for the same entry one of them gets the counts; for the other there was nothing left to forget. */
  private async takeAnswer(tenant: string, id: string): Promise<Forgotten['counts'] | undefined> {
    const [row]: { counts: Forgotten['counts'] | null; waits: boolean }[] = await this.db.acrossTenants((tx) =>
      tx.query(
        `with answered as (delete from forgetting where tenant_id = $1 and entry_id = $2 and counts is not null returning counts)
         select (select counts from answered) as counts,
                exists (select from forgetting where tenant_id = $1 and entry_id = $2) as waits`,
        [tenant, id],
      ),
    );
    return row?.counts ?? (row?.waits ? undefined : { documents: 0, words: 0, identifiers: 0 });
  }
}

/** Every spelling of every word that stood in the entry now or earlier, whatever the field. */
function wordsOfEntry({ kind, entry, formerly }: AboutEntry): Set<string> {
  const now = textFields({ kind, ...entry } as Entry);
  const before = formerly.flatMap((text) => (isHan(text) ? [text, ...splitHanName(text)] : [text]));
  const words: Word[] = [...now, ...before.map((value) => ({ field: 'notes', value }))].flatMap((one) => wordsIn(one));
  return new Set(words.flatMap(({ short, long }) => [short, ...long]));
}
