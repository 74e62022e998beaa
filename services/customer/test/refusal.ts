import type { FieldError } from '@kontor/contracts';

export interface Refusal {
  code: string;
  message: string;
  details: { errors?: FieldError[] } & Record<string, unknown>;
}

/** How a call was refused; fails when it was not. */
export const refusal = (promise: Promise<unknown>): Promise<Refusal> =>
  promise.then(
    () => Promise.reject(new Error('was not refused')),
    (error: Refusal) => error,
  );
