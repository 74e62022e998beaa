import { AppError, currentContext, isLowerCaseUuid } from '@kontor/bus';
import { DataSource, type EntityManager, type EntitySchema } from 'typeorm';
import { LOST, sqlState, translate } from './errors.js';
import { Outbox } from './outbox.js';

export interface DatabaseOptions {
  /** The role that the service works as; it owns nothing. */
  url: string;
  /** Connections of this replica (default 10). */
  poolSize?: number;
  entities?: (new () => object)[] | EntitySchema[];
  /** Named in pg_stat_activity. */
  name: string;
}

/**
 * How long a transaction for this call may take: nobody waits for it after the deadline, and what has no end must not take the database from others.
 * Ending a statement keeps the connection, and leaves a moment to say so; ending the transaction, where many short statements take too long, does not.
 * PostgreSQL begins to count again only when it does not count yet, hence the 0.
 */
function limits(): string {
  const { deadline } = currentContext();
  if (deadline === undefined) return '';
  const left = Math.max(deadline - Date.now(), 2);
  const statement = Math.ceil(Math.max(left * 0.8, left - 1_000));
  return `; set local statement_timeout = ${statement}; set local transaction_timeout = 0; set local transaction_timeout = ${left}`;
}

/** Lets a transaction of a job go on for longer than one that somebody waits for; for what must be done whole or not at all. */
export async function mayTakeLong(tx: EntityManager): Promise<void> {
  await tx.query(`set local statement_timeout = '15min'; set local transaction_timeout = 0; set local transaction_timeout = '30min'`);
}

/** The one way to the service's PostgreSQL: each piece of work is a transaction for one tenant. */
export class Database {
  readonly outbox: Outbox;

  private constructor(
    readonly source: DataSource,
    readonly options: DatabaseOptions,
  ) {
    this.outbox = new Outbox(options.url);
  }

  static async connect(options: DatabaseOptions): Promise<Database> {
    const source = new DataSource({
      type: 'postgres',
      url: options.url,
      entities: options.entities ?? [],
      applicationName: `kontor-${options.name}`,
      installExtensions: false,
      poolSize: options.poolSize ?? 10,
      extra: { connectionTimeoutMillis: 5_000, keepAlive: true },
      // An idle connection that breaks (server restarted) must not end the process; the pool makes a new one.
      poolErrorHandler: () => {},
    });
    await source.initialize();
    return new Database(source, options);
  }

  /**
   * Runs `work` in one transaction for the tenant of the current call; row-level security hides everybody else's rows.
   * Events that `emit` wrote in it are on their way as soon as it has committed.
   * Retried up to three times after a deadlock: so `work` must have no effects other than those of `tx`.
   * Fails with `unavailable` when the database cannot be reached, and with `busy` when it keeps losing against others,
   * or needs longer than the caller waits: PostgreSQL ends it shortly before the deadline of the call.
   */
  async transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    const { tenant } = currentContext();
    if (!isLowerCaseUuid(tenant)) throw new AppError('invalid', 'The tenant of this call must be a lower-case UUID');
    // In one round trip; the tenant has been checked to be a UUID, because here no parameter can be used.
    return this.run(() => `start transaction; set local kontor.tenant = '${tenant}'${limits()}`, work);
  }

  /** Runs `work` without a tenant: it sees only the tables that have no policy (tenants, ledgers, outbox). */
  acrossTenants<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.run(() => 'start transaction', work);
  }

  /** One reading statement without a tenant, which needs no transaction around it. */
  async queryAcrossTenants<R>(sql: string, parameters: unknown[]): Promise<R[]> {
    try {
      return await this.source.query(sql, parameters);
    } catch (error) {
      throw translate(error);
    }
  }

  private async run<T>(begin: () => string, work: (tx: EntityManager) => Promise<T>, tries = 3): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      await runner.query(begin());
      // What TypeORM's startTransaction() would note, so that a save() inside does not begin and commit a transaction of its own.
      Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
      const result = await work(runner.manager);
      await runner.commitTransaction();
      if (Outbox.wasUsed(runner.manager)) this.outbox.wake();
      return result;
    } catch (error) {
      // When the connection is gone, so is the transaction; the error says why it failed, not that it could not be rolled back.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      if (tries > 1 && LOST.includes(sqlState(error) ?? '')) return await this.run(begin, work, tries - 1);
      throw translate(error);
    } finally {
      await runner.release();
    }
  }

  /** Whether the database answers now. */
  async ping(): Promise<void> {
    await this.source.query('select 1');
  }

  async close(): Promise<void> {
    await this.outbox.stop();
    if (this.source.isInitialized) await this.source.destroy();
  }
}
