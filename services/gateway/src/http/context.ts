import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AppError, type Context, newTraceparent } from '@kontor/bus';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../identity/caller.js';
import { idempotencyKeyOf } from './preconditions.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set before the body is read. */
    caller: Caller | null;
  }
}

const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The caller's own request id when it is a harmless one, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** What goes with every request to a service. */
export function contextOf(request: FastifyRequest): Context {
  const { caller, id, headers, method } = request;
  if (!caller) throw new AppError('unauthenticated', 'An access token is needed');
  const { traceparent } = headers;
  return {
    tenant: caller.tenant,
    agent: caller.agent,
    roles: caller.roles,
    teams: caller.teams,
    requestId: id,
    traceparent: typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : newTraceparent(),
    lane: 'people',
    door: 'api',
    idempotencyKey: method === 'POST' ? idempotencyKeyOf(headers['idempotency-key']) : undefined,
  };
}
