import { STATUS_CODES } from 'node:http';
import { AppError, describeError } from '@kontor/bus';
import { type ErrorCode, type Problem, statusOf } from '@kontor/contracts';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { closeIfUnread } from './bodies.js';

/** Every error of the gateway ends here and leaves as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger(ProblemFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.send(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  send(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = asAppError(thrown, request);
    // What a service could not explain, it has logged itself under the same request id.
    if (error.code === 'internal' && thrown !== error)
      this.log.error({
        event: 'call-failed',
        requestId: request.id,
        method: request.method,
        route: routeOf(request),
        ...describeError(thrown),
      });
    if (reply.sent || reply.raw.headersSent) {
      // The answer has begun and cannot be taken back; cutting it off is the only way to say that it is not whole.
      reply.raw.destroy();
      return;
    }
    const status = statusOf[error.code];
    reply.header('x-request-id', request.id);
    const { retryAfter } = error.details;
    if (retryAfter !== undefined && (status === 429 || status === 503)) reply.header('retry-after', String(Math.ceil(retryAfter)));
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    closeIfUnread(request, reply);
    void reply
      .code(status)
      .type('application/problem+json; charset=utf-8')
      .send(JSON.stringify(problemOf(error, request.id)));
  }
}

export function problemOf(error: AppError, requestId: string): Problem {
  const status = statusOf[error.code];
  const { retryAfter: _, errors, ...extras } = error.details;
  const problem = {
    type: `/problems/${error.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code: error.code,
    detail: error.message,
    ...(errors && { errors }),
    requestId,
  };
  // The standard members stand first, and no extra one takes their place.
  return { ...problem, ...extras, ...problem };
}

const MB = 1024 * 1024;
const routeOf = (request: FastifyRequest) => request.routeOptions?.url ?? 'none';

/** What Fastify and its plugins refuse, by their error codes. */
function asAppError(thrown: unknown, request: FastifyRequest): AppError {
  if (thrown instanceof AppError) return thrown;
  const error = (thrown instanceof HttpException && thrown.cause) || thrown;
  if (error instanceof AppError) return error;
  const { code = '', statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  // Nobody hears this answer, and nothing went wrong here.
  if (request.raw.destroyed && !request.raw.complete) return new AppError('invalid', 'The call was not sent to its end');
  const { maxBody, form, takes } = request.routeOptions?.config?.route ?? {};
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new AppError(
      'too-large',
      `The body is larger than ${(maxBody ?? request.routeOptions.bodyLimit) / MB} MB, the most that is taken here`,
    );
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const wanted = takes ? Object.keys(takes).join(', ') : form ? 'multipart/form-data' : 'application/json';
    return new AppError('unsupported', `The body is not of a type that is taken here: send it as ${wanted}, and say so in Content-Type`);
  }
  if (code === 'FST_ERR_BAD_URL')
    return new AppError('invalid', 'The address has a % that is not followed by the two digits of a character');
  const status = thrown instanceof HttpException ? thrown.getStatus() : statusCode;
  if (status === 404) return new AppError('not-found', `There is nothing at ${request.method} ${request.url.split('?', 1)[0]}`);
  if (error instanceof Error && code.startsWith('FST_') && status !== undefined && status < 500)
    return new AppError(codeOf(status), error.message);
  return new AppError('internal', 'Something went wrong inside; the log has more under this request id');
}

const codeOf = (status: number): ErrorCode =>
  (Object.entries(statusOf) as [ErrorCode, number][]).find(([, known]) => known === status)?.[0] ?? 'invalid';
