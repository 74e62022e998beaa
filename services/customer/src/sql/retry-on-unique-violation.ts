import { AppError } from '@kontor/bus';
import { violated } from '@kontor/database';

/**
 * Runs a step that looks whether keys are free before it writes; another call may take one in between. The unique index lets one win, and the step
 * is run again: what it finds taken then it refuses itself, or leaves out. Indexes that this is about are named `…_taken`.
 * Fails with `busy` when others win again and again.
 */
export async function retryOnUniqueViolation<T>(step: () => Promise<T>, tries = 5): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!violated(error)?.endsWith('_taken')) throw error;
    if (tries > 1) return retryOnUniqueViolation(step, tries - 1);
    throw new AppError('busy', 'Others take the same key at the same moment, again and again; try again', { retryAfter: 1 });
  }
}

/** The same for a step about one contact or customer that leaves it to the unique index to say that an external id is taken: that is refused. */
export function retryOrRefuseTaken<T>(step: () => Promise<T>): Promise<T> {
  return retryOnUniqueViolation(() =>
    step().catch((error: unknown) => {
      if (!violated(error)?.endsWith('_external_id_taken')) throw error;
      const message = 'one of them belongs to another one already';
      throw new AppError('conflict', `externalIds: ${message}`, { errors: [{ path: 'externalIds', message, code: 'taken' }] });
    }),
  );
}
