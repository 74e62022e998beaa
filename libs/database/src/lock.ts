import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { translate } from './errors.js';

export type Query = <R>(sql: string, parameters: unknown[]) => Promise<R[]>;

/** Runs `work` in one transaction, one after the other. */
export type Transactions = <T>(work: (query: Query) => Promise<T>) => Promise<T>;

/** What the holder of a lock works with: the connection that holds it, and whether it still does. */
export interface HeldLock {
  /** For short statements only: while one runs, the lease is not renewed. */
  client: Client;
  held(): boolean;
  /** Aborts when the lock is lost; its connections are cut then, and what waits for them fails. */
  lost: AbortSignal;
  /**
   * Transactions that cannot commit when the lock is lost, however long they take: on a connection of their own, with a lock of its own, `part` of
   * this one. Resolves when the last holder can commit none any more. They fail as those of `Database` do.
   */
  transactions(part: string): Promise<Transactions>;
}

// A holder that is paused, or cut off, sends no heartbeats; then PostgreSQL ends its session, and another one gets the lock. Before that it must
// have stopped trusting its lease.
const HEARTBEAT_MS = 1_500;
const LEASE_TRUSTED_MS = 5_500;
const SESSION_MS = 7_000;
const WATCH_MS = 250;
const TRY_EVERY_MS = 100;

/** A connection that ends with its process, or seven seconds after it was paused or cut off, and with it the locks that it holds. */
class Session {
  readonly client: Client;
  /** Send time of the last query that was answered. */
  lastAnswered = performance.now();
  private readonly socket = new Socket();
  private heartbeats?: NodeJS.Timeout;
  private asking = false;

  constructor(url: string, name: string, lost: () => void) {
    this.client = new Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      application_name: `kontor-lock-${name}`.slice(0, 63),
      stream: () => this.socket,
    });
    this.client.on('error', lost).on('end', lost);
  }

  async begin(): Promise<void> {
    await this.client.connect();
    // The time limits of the service's role are for requests; this session waits by design. Looking after the client every second ends what a
    // killed holder has left running.
    await this.client.query(
      `set statement_timeout = 0; set lock_timeout = 0; set transaction_timeout = 0; set client_connection_check_interval = 1000;
       set idle_session_timeout = ${SESSION_MS}; set idle_in_transaction_session_timeout = ${SESSION_MS}`,
    );
    this.heartbeats = setInterval(() => void this.sendHeartbeat(), HEARTBEAT_MS);
  }

  async tryLock(key: string): Promise<boolean> {
    const sent = performance.now();
    const { rows } = await this.client.query<{ got: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [
      `kontor:${key}`,
    ]);
    this.lastAnswered = sent;
    return rows[0]?.got ?? false;
  }

  private async sendHeartbeat(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const sent = performance.now();
    try {
      await this.client.query('select 1');
    } catch {
      // The connection is gone, which it says itself, or the transaction that this came into has failed: an answer as good as any.
    }
    this.asking = false;
    this.lastAnswered = sent;
  }

  cut(): void {
    this.socket.destroy();
  }

  /** Ends the connection in order while the server answers; cuts it after a second. */
  async end(): Promise<void> {
    clearInterval(this.heartbeats);
    // Ending a connection that is broken already fails, and is what we wanted.
    await Promise.race([this.client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })]);
    this.cut();
  }
}

/**
 * Runs `work` if this process, and no other, can hold the lock `name` now; false when another one holds it.
 * The lock is a PostgreSQL session lock on a connection of its own, kept alive as a lease: when the holder dies, its connection ends and with it the
 * lock; when it is paused or cut off, the server ends the connection after 7 seconds.
 * `held()` says whether it still holds it; `work` must end soon after it says no.
 */
export async function tryHolding(url: string, name: string, work: (lock: HeldLock) => Promise<void>): Promise<boolean> {
  const lost = new AbortController();
  const sessions: Session[] = [];
  const lose = () => {
    lost.abort();
    for (const session of sessions) session.cut();
  };
  const begin = async (part: string) => {
    const session = new Session(url, part, lose);
    sessions.push(session);
    await session.begin();
    return session;
  };
  let watching: NodeJS.Timeout | undefined;
  try {
    const lease = await begin(name);
    if (!(await lease.tryLock(name))) return false;
    const held = () => {
      if (performance.now() - lease.lastAnswered > LEASE_TRUSTED_MS) lose();
      return !lost.signal.aborted;
    };
    watching = setInterval(held, WATCH_MS);
    await work({
      client: lease.client,
      held,
      lost: lost.signal,
      async transactions(part) {
        const session = await begin(`${name}-${part}`);
        while (!(await session.tryLock(`${name}/${part}`))) await sleep(TRY_EVERY_MS);
        return transactionsOf(session.client);
      },
    });
    return true;
  } finally {
    clearInterval(watching);
    await Promise.all(sessions.map((session) => session.end()));
  }
}

function transactionsOf(client: Client): Transactions {
  let before: Promise<unknown> = Promise.resolve();
  const query: Query = async (sql, parameters) => (await client.query(sql, parameters)).rows;
  return (work) => {
    const mine = before.then(async () => {
      try {
        await client.query('begin');
        const result = await work(query);
        await client.query('commit');
        return result;
      } catch (error) {
        // When the connection is gone, so is the transaction.
        await client.query('rollback').catch(() => undefined);
        throw translate(error);
      }
    });
    before = mine.catch(() => undefined);
    return mine;
  };
}

/**
 * Runs `work` whenever this process can hold the lock `name`, again and again until `signal` aborts. Another replica takes over within
 * a second or two of the holder's death, and within ten of its being paused. `failed` is called with what makes `work` fail; it is then started again.
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
