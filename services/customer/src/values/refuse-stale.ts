import { AppError } from '@kontor/bus';

/**
 * Refuses a change that was made on another version than the present one. The refusal holds what the change was about as it is now,
 * so that an agent can decide without asking again.
 */
export function refuseStale(present: { version: number }, expected: number | undefined, change: object = {}): void {
  if (expected === undefined || expected === present.version) return;
  const all = present as unknown as Record<string, unknown>;
  const current = Object.fromEntries(Object.keys(change).map((field) => [field, all[field]]));
  throw new AppError(
    'stale',
    `This was changed meanwhile: it is at version ${present.version}, not ${expected}; look at it again and repeat the change`,
    {
      version: present.version,
      current,
    },
  );
}
