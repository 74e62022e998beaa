import type { IncomingMessage } from 'node:http';
import { AppError } from '@kontor/bus';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const KB = 1024;
const MB = 1024 * KB;
/** Smaller bodies are not counted. */
const SMALL = 64 * KB;
/** So much of larger bodies is held at once: several full bulk calls of a tenant, and of a few tenants together. */
const MOST_OF_TENANT = 24 * MB;
const MOST_IN_ALL = 64 * MB;
/** An upload may take an hour, but so much of it must come in each span of time. */
const PROGRESS = 16 * KB;
/** So long an answer that came before the body was whole can be read by a client that still sends. */
const LINGER_MS = 2_000;

/** Bounds how many large bodies are held at once, and how long a client may take to send one. */
export function guardBodies(
  http: FastifyInstance,
  seconds: number,
  refuse: (error: AppError, request: FastifyRequest, reply: FastifyReply) => void,
): void {
  const held = new Map<string, number>();
  let all = 0;

  function hold(tenant: string, bytes: number): () => void {
    const before = held.get(tenant) ?? 0;
    if (before > 0 && before + bytes > MOST_OF_TENANT)
      throw new AppError('limited', 'Too many large bodies are sent for this tenant at once: send one after the other', { retryAfter: 1 });
    if (all > 0 && all + bytes > MOST_IN_ALL)
      throw new AppError('busy', 'Too many large bodies are sent at the moment; try again', { retryAfter: 1 });
    held.set(tenant, before + bytes);
    all += bytes;
    return () => {
      const left = (held.get(tenant) ?? 0) - bytes;
      if (left > 0) held.set(tenant, left);
      else held.delete(tenant);
      all -= bytes;
    };
  }

  http.addHook('preParsing', async (request, reply) => {
    if (!hasBody(request.raw)) return;
    const { route } = request.routeOptions.config;
    const bytes = Math.min(Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY), request.routeOptions.bodyLimit);
    // The file of a form goes through piece by piece.
    if (request.caller && !route?.form && bytes > SMALL) reply.raw.once('close', hold(request.caller.tenant, bytes));
    const stop = expectBody(request.raw, seconds * 1_000, route?.form !== undefined, () =>
      refuse(
        new AppError('invalid', `The body was not sent in time: ${seconds} s are the most, and an upload must go on meanwhile`),
        request,
        reply,
      ),
    );
    reply.raw.once('close', stop);
  });
}

/** Calls `late` when the body is not there in time, or, where it may be long, does not go on. */
function expectBody(call: IncomingMessage, spanMs: number, mayBeLong: boolean, late: () => void): () => void {
  const { socket } = call;
  let bytes = socket.bytesRead;
  const timer = setInterval(() => {
    if (call.complete) return clearInterval(timer);
    // What we do not take at the moment, the client cannot send.
    if (mayBeLong && (call.isPaused() || socket.bytesRead - bytes >= PROGRESS)) bytes = socket.bytesRead;
    else {
      clearInterval(timer);
      late();
    }
  }, spanMs).unref();
  return () => clearInterval(timer);
}

const hasBody = ({ headers }: IncomingMessage) => headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;

/**
 * Ends the connection after an answer that came before the body was whole: what is left of it would have to be read to get to the next call.
 * A moment later, because a connection that is cut while the client sends takes the answer from it.
 */
export function closeIfUnread(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = request;
  if (raw.complete || !hasBody(raw)) return;
  reply.header('connection', 'close');
  const { socket } = raw;
  // What Node calls when such an answer has been sent.
  socket.destroySoon = () => {
    socket.end();
    raw.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    raw.once('end', () => socket.destroy());
    socket.once('close', () => clearTimeout(timer));
  };
}
