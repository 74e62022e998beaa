import { AppError } from './app-error.js';

/**
 * An unexpected error for the log: what it is and where it came from, without values. Messages and parameters of database errors
 * hold what people typed ("invalid input syntax for type uuid: …"), so of those only codes and names are kept.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  if (!(error instanceof Error)) return { message: 'a value that is not an Error was thrown' };
  const frames = error.stack
    ?.split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 12)
    .map((line) => line.trim());
  const driver = (error as { driverError?: Record<string, unknown> }).driverError ?? (error as unknown as Record<string, unknown>);
  if (typeof driver.severity === 'string')
    return { name: error.name, sqlState: driver.code, table: driver.table, constraint: driver.constraint, routine: driver.routine, frames };
  return { name: error.name, message: error.message.slice(0, 500), frames };
}

/** Whether only a dependency is missing at the moment: nothing is wrong with what was asked, and asking again later makes sense. */
export const isTransient = (error: unknown): boolean =>
  error instanceof AppError && ['unavailable', 'busy', 'timeout'].includes(error.code);
