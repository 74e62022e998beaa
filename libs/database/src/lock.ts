import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** What the holder of a lock works with: the connection that holds it, and whether it still does. */
export interface HeldLock {
  client: Client;
  held(): boolean;
}

/**
 * Runs `work` if this process, and no other, can hold the lock `name` now; false when another one holds it.
 * The lock is a PostgreSQL session lock on a connection of its own: when the holder dies, its connection ends and with it the lock.
 * `held()` says whether the connection still stands; `work` must end soon after it says no.
 */
export async function tryHolding(url: string, name: string, work: (lock: HeldLock) => Promise<void>): Promise<boolean> {
  const client = new Client({
    connectionString: url,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    application_name: `kontor-lock-${name}`.slice(0, 63),
  });
  let stands = true;
  const lost = () => {
    stands = false;
  };
  client.on('error', lost).on('end', lost);
  try {
    await client.connect();
    // The time limits of the service's role are for requests; this session waits by design.
    await client.query('set statement_timeout = 0');
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [
      `kontor:${name}`,
    ]);
    if (!rows[0]?.got) return false;
    await work({ client, held: () => stands });
    return true;
  } finally {
    // Ending a connection that is broken already fails, and is what we wanted.
    await client.end().catch(lost);
  }
}

/**
 * Runs `work` whenever this process can hold the lock `name`, again and again until `signal` aborts. Another replica takes over within
 * a second or two of the holder's death. What makes `work` fail is told to `failed`; it is then started again.
 */
export async function whileHolding(
  url: string,
  name: string,
  signal: AbortSignal,
  work: (lock: HeldLock) => Promise<void>,
  failed: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await tryHolding(url, name, ({ client, held }) => work({ client, held: () => held() && !signal.aborted })).catch(failed);
    // An aborted sleep ends the loop, which is what the signal asks for.
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
  }
}
