import { AppError } from '@kontor/bus';

/** Refuses a change that was made on another version than the present one. */
export function refuseStale(present: number, expected: number | undefined): void {
  if (expected !== undefined && expected !== present)
    throw new AppError(
      'stale',
      `This was changed meanwhile: it is at version ${present}, not ${expected}; get it again and repeat the change`,
      { version: present },
    );
}
