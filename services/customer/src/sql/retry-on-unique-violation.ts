import { AppError } from '@kontor/bus';
import { violated } from '@kontor/database';

/**
 * Runs a transaction that checks whether keys are free before it writes. If a concurrent one takes a key in between, the unique index rejects the
 * write and the transaction is run again, so that its check finds the key taken. Applies to indexes named `…_taken`. Fails with `busy` after the last
 * try.
 */
export async function retryOnUniqueViolation<T>(step: () => Promise<T>, tries = 5): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!violated(error)?.endsWith('_taken')) throw error;
    if (tries > 1) return retryOnUniqueViolation(step, tries - 1);
    throw new AppError('busy', 'Concurrent calls keep taking the same key; try again', { retryAfter: 1 });
  }
}

/** The same for a change of one contact or customer that relies on the unique index to detect a taken external id, which is refused. */
export function retryOrRefuseTaken<T>(step: () => Promise<T>): Promise<T> {
  return retryOnUniqueViolation(() =>
    step().catch((error: unknown) => {
      if (!violated(error)?.endsWith('_external_id_taken')) throw error;
      const message = 'one of them already belongs to another contact or customer';
      throw new AppError('conflict', `externalIds: ${message}`, { errors: [{ path: 'externalIds', message, code: 'taken' }] });
    }),
  );
}
