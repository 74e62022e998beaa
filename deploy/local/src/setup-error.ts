/** Something the person at the keyboard can put right: shown as one sentence, without a stack trace. */
export class SetupError extends Error {
  override name = 'SetupError';
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
