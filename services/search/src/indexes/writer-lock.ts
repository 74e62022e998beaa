import type { Transactions } from '@kontor/database';

/** What only the replica that writes to the index has. Its transactions cannot commit when another one is the writer. */
export interface WriterLock {
  held(): boolean;
  transaction: Transactions;
  /** For what people change: it never waits for the others. */
  peoplesTransaction: Transactions;
}
