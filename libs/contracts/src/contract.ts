import type { z } from 'zod';

/** Who may call a request: `agents` includes admins, `readers` also light agents; `services` are only other services on their own behalf. */
export type Audience = 'admins' | 'agents' | 'readers' | 'services';

export interface RequestContract<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  kind: 'request';
  /** `<service>.<verb>-<noun>`; the first token is the service that answers. */
  subject: string;
  input: I;
  output: O;
  audience: Audience;
  /** One sentence for the API documentation. */
  summary: string;
  /** How long the caller waits, in milliseconds. */
  timeoutMs: number;
  /** For long-running work like an import: the signature of the caller is accepted even after it has expired. */
  outlivesCaller?: true;
}

export interface EventContract<P extends z.ZodType = z.ZodType> {
  kind: 'event';
  /** `events.<noun>.<past>.v<n>`; with lanes, `.people` or `.bulk` is added when it is published. */
  subject: string;
  payload: P;
  lanes: boolean;
  summary: string;
}

export type InputOf<C> = C extends RequestContract<infer I, z.ZodType> ? z.output<I> : never;
export type OutputOf<C> = C extends RequestContract<z.ZodType, infer O> ? z.output<O> : never;
export type PayloadOf<C> = C extends EventContract<infer P> ? z.output<P> : never;

/**
 * Declares a request in one value: subject, validation, whitelist of the response (what is not in `output` is removed) and documentation. Subjects
 * are constants; user input never becomes a part of one.
 */
export function request<I extends z.ZodType, O extends z.ZodType>(
  subject: string,
  input: I,
  output: O,
  options: Pick<RequestContract, 'summary'> & Partial<Pick<RequestContract, 'audience' | 'timeoutMs' | 'outlivesCaller'>>,
): RequestContract<I, O> {
  if (!/^[a-z0-9-]{1,64}\.[a-z0-9-]{1,64}$/.test(subject))
    throw new Error(`"${subject}" is not a request subject: write <service>.<verb>-<noun>`);
  return { kind: 'request', subject, input, output, audience: 'readers', timeoutMs: 5_000, ...options };
}

/** Declares an event. Payloads hold ids, versions, kinds of change and field names, never personal data. */
export function event<P extends z.ZodType>(subject: string, payload: P, options: { summary: string; lanes?: boolean }): EventContract<P> {
  if (!/^events(\.[a-z0-9-]{1,64}){2}\.v\d+$/.test(subject))
    throw new Error(`"${subject}" is not an event subject: write events.<noun>.<past>.v<n>`);
  return { kind: 'event', subject, payload, lanes: false, ...options };
}
