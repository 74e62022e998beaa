import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

export type Query = <R>(sql: string, parameters: unknown[]) => Promise<R[]>;

/** What the holder of a lock works with: the connection that holds it, and whether it still does. */
export interface HeldLock {
  client: Client;
  held(): boolean;
  /** Runs `work` in one transaction of the connection that holds the lock, one after the other: it cannot commit when the lock is lost. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

// A holder that is paused, or cut off, asks nothing any more; then PostgreSQL ends its session, and another one gets the lock. It must
// have stopped believing that it holds it before that.
const BEAT_MS = 1_500;
const BELIEVED_MS = 6_000;
const SESSION_MS = 8_000;

/**
 * Runs `work` if this process, and no other, can hold the lock `name` now; false when another one holds it.
 * The lock is a PostgreSQL session lock on a connection of its own, kept alive as a lease: when the holder dies, its connection ends and with it the
 * lock; when it is paused or cut off, the server ends the connection after 8 seconds.
 * `held()` says whether it still holds it; `work` must end soon after it says no.
 */
export async function tryHolding(url: string, name: string, work: (lock: HeldLock) => Promise<void>): Promise<boolean> {
  const client = new Client({
    connectionString: url,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    application_name: `kontor-lock-${name}`.slice(0, 63),
  });
  let stands = true;
  let answered = performance.now();
  const lost = () => {
    stands = false;
  };
  client.on('error', lost).on('end', lost);
  let beating: NodeJS.Timeout | undefined;
  try {
    await client.connect();
    // The time limits of the service's role are for requests; this session waits by design.
    await client.query(
      `set statement_timeout = 0; set idle_session_timeout = ${SESSION_MS}; set idle_in_transaction_session_timeout = ${SESSION_MS}`,
    );
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [
      `kontor:${name}`,
    ]);
    if (!rows[0]?.got) return false;
    answered = performance.now();
    const beat = () =>
      client.query('select 1').then(() => {
        answered = performance.now();
      }, lost);
    beating = setInterval(beat, BEAT_MS);
    await work({ client, held: () => stands && performance.now() - answered < BELIEVED_MS, transaction: transactionsOf(client) });
    return true;
  } finally {
    clearInterval(beating);
    // Ending a connection that is broken already fails, and is what we wanted.
    await client.end().catch(lost);
  }
}

function transactionsOf(client: Client): HeldLock['transaction'] {
  let before: Promise<unknown> = Promise.resolve();
  const query: Query = async (sql, parameters) => (await client.query(sql, parameters)).rows;
  return (work) => {
    const mine = before.then(async () => {
      await client.query('begin');
      try {
        const result = await work(query);
        await client.query('commit');
        return result;
      } catch (error) {
        // When the connection is gone, so is the transaction.
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
    });
    before = mine.catch(() => undefined);
    return mine;
  };
}

/**
 * Runs `work` whenever this process can hold the lock `name`, again and again until `signal` aborts. Another replica takes over within
 * a second or two of the holder's death, and within ten of its being paused. What makes `work` fail is told to `failed`; it is then started again.
 */
export async function whileHolding(
  url: string,
  name: string,
  signal: AbortSignal,
  work: (lock: HeldLock) => Promise<void>,
  failed: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await tryHolding(url, name, (lock) => work({ ...lock, held: () => lock.held() && !signal.aborted })).catch(failed);
    // An aborted sleep ends the loop, which is what the signal asks for.
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
  }
}
