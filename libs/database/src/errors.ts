import { AppError } from '@kontor/bus';
import { QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';

/** SQL states that mean: the server is away, starting, stopping or full. */
const AWAY = /^(08|53|57P0|55P03|57014|25P0[34])/;
/** Deadlock, serialization failure: PostgreSQL let another transaction win. */
export const LOST = ['40P01', '40001'];
const SOCKET = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** What went wrong in PostgreSQL, as far as it is not the statement's fault. */
export function translate(error: unknown): unknown {
  const state = sqlState(error);
  if (!state) return error;
  if (LOST.includes(state)) return new AppError('busy', 'Others changed the same things at the same moment; try again', { retryAfter: 1 });
  if (state === '55P03') return new AppError('busy', 'The database is too busy at the moment; try again', { retryAfter: 2 });
  if (state === '57014' || state === '25P04')
    return new AppError('busy', 'This took the database longer than a call may take; ask for less at once, or try again', {
      retryAfter: 2,
    });
  if (AWAY.test(state) || SOCKET.includes(state))
    return new AppError('unavailable', 'The database cannot be reached at the moment', { retryAfter: 2 });
  return error;
}

interface DriverError {
  code?: unknown;
  message?: unknown;
  constraint?: string;
}
/** TypeORM wraps the errors of statements, not those of connecting. */
function driverErrorOf(error: unknown): DriverError {
  const thrown = Object(error) as DriverError & { driverError?: DriverError };
  return thrown.driverError ?? thrown;
}

/** The SQL state (or the socket error's code) of a database error, undefined for others. */
export function sqlState(error: unknown): string | undefined {
  if (error instanceof AppError) return undefined;
  // The connection broke between two statements of a transaction, and TypeORM has taken it away.
  if (error instanceof QueryRunnerProviderAlreadyReleasedError || error instanceof QueryRunnerAlreadyReleasedError) return 'ECONNRESET';
  const driver = driverErrorOf(error);
  if (typeof driver.code === 'string') return driver.code;
  // node-postgres has no codes for these
  const message = String(driver.message);
  if (
    /Connection terminated|Client was closed|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      message,
    )
  )
    return 'ECONNRESET';
  return undefined;
}

/** The name of the constraint that was violated, for errors that a service turns into a refusal of its own. */
export function violated(error: unknown): string | undefined {
  const { code, constraint } = driverErrorOf(error);
  return typeof code === 'string' && code.startsWith('23') ? constraint : undefined;
}
