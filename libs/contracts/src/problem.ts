import { z } from 'zod';

/** All error codes with their HTTP statuses. The list is closed, so that clients may switch over it (docs/rules.md 10). */
export const statusOf = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'email-taken': 409,
  stale: 412,
  'too-large': 413,
  unsupported: 415,
  'unreadable-file': 422,
  'key-reused': 422,
  limited: 429,
  internal: 500,
  busy: 503,
  unavailable: 503,
  timeout: 504,
} as const;

export type ErrorCode = keyof typeof statusOf;

export const FieldError = z.object({
  path: z.string().describe('where, as a path in the body or the name of a parameter: emails[0].address'),
  message: z.string(),
  code: z.string(),
});
export type FieldError = z.output<typeof FieldError>;

/** RFC 9457, with a stable `code` and a list of field errors. */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(statusOf) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    errors: z.array(FieldError).optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof Problem>;
