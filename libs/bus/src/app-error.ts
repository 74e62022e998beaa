import type { ErrorCode, FieldError } from '@kontor/contracts';
import type { z } from 'zod';

export interface ErrorDetails {
  /** One entry for each wrong field or parameter. */
  errors?: FieldError[];
  /** Seconds after which trying again makes sense, for `busy`, `limited` and `unavailable`. */
  retryAfter?: number;
  /** Anything else a client can use, shown beside the standard members of the problem: the id of the contact that has an e-mail, say. */
  [extra: string]: unknown;
}

/**
 * The one way to fail. The message is for the caller: what is wrong, where, and what would be right, without personal data of others.
 * It crosses the bus as it is and becomes an `application/problem+json` answer with the status of its code.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }
}

// Answers of a thousand items that are all wrong must still fit into one message, however long the names in them are.
const MOST_ERRORS = 20;
const LONGEST_NAME = 100;

const pathOf = (path: readonly PropertyKey[]) =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i ? '.' : ''}${shortened(String(step))}`)).join('');
const shortened = (name: string) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME).toWellFormed()}…` : name);

/** Turns what Zod found into one entry per field; an unknown field is an entry of its own, by name. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'is not a known field', code: 'unknown-field' }));
    return [{ path: pathOf(issue.path), message: issue.message, code: issue.code }];
  });
}

/** The error for input that does not fit its contract; it names the first 20 wrong fields and says how many more there are. */
export function invalid(errors: FieldError[]): AppError {
  const first = errors[0];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new AppError('invalid', first ? `${first.path || 'the request'}: ${first.message}${more}` : 'The request is not valid', {
    errors: errors.slice(0, MOST_ERRORS),
    ...(errors.length > MOST_ERRORS && { moreErrors: errors.length - MOST_ERRORS }),
  });
}
