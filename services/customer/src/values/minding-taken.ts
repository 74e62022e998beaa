import { AppError } from '@kontor/bus';
import { violated } from '@kontor/database';

/**
 * Runs a step that may find an e-mail or external id free which another call takes at the same moment. The unique index lets one win:
 * a taken e-mail makes the other look again, so that it can name the winner; a taken external id is refused.
 */
export async function mindingTaken<T>(step: () => Promise<T>, tries = 3): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const constraint = violated(error);
    if (constraint === 'contact_email_taken' && tries > 1) return mindingTaken(step, tries - 1);
    if (constraint === 'contact_email_taken')
      throw new AppError('busy', 'Others take the same e-mail at the same moment, again and again; try again', { retryAfter: 1 });
    if (!constraint?.endsWith('_external_id_taken')) throw error;
    const message = 'one of them belongs to another one already';
    throw new AppError('conflict', `externalIds: ${message}`, { errors: [{ path: 'externalIds', message, code: 'taken' }] });
  }
}
