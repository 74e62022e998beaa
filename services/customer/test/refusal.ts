import type { FieldError } from '@kontor/contracts';

export interface Refusal {
  code: string;
  message: string;
  details: { errors?: FieldError[] } & Record<string, unknown>;
}

/** The error of a call; fails if the call succeeded. */
export const refusal = (promise: Promise<unknown>): Promise<Refusal> =>
  promise.then(
    () => Promise.reject(new Error('was not refused')),
    (error: Refusal) => error,
  );
