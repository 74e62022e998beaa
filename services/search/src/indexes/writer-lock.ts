import type { Transactions } from '@kontor/database';

/** The lock of the replica that writes to the index, and the gate that the index listeners wait at until it has it. */
export const WRITER = 'writer';

/** What only the replica that writes to the index has. Its transactions cannot commit when another one is the writer. */
export interface WriterLock {
  held(): boolean;
  /** Aborts when another one may be the writer; not when this one stops by itself. */
  lost: AbortSignal;
  transaction: Transactions;
  /** For interactive changes: it never waits for the others. */
  interactiveTransaction: Transactions;
}
