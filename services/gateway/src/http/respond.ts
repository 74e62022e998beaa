import { AppError, type Bus } from '@kontor/bus';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayEnv } from '../env.js';
import { contextOf } from './context.js';
import { inCallersTerms, inputOf } from './input.js';
import { etagOf, isKnown } from './preconditions.js';
import type { Route } from './route.js';
import { kindWritten, SEEN, seenIn } from './seen.js';

type Respond = (bus: Bus, env: GatewayEnv, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** How a route answers HTTP: read the input, get the answer, say its version and place. What can be worked out once is worked out here. */
export function respond(route: Route): Respond {
  const read = inputOf(route);
  const kind = kindWritten(route);
  return async (bus, env, request, reply) => {
    const call = { bus, env, context: contextOf(request), input: read(request), request, reply };
    const answer = await route.answer(call).catch((error: unknown) => {
      throw error instanceof AppError ? inCallersTerms(error, route.body) : error;
    });
    if (answer === reply) return reply;
    const { id, version, job } = (answer ?? {}) as { id?: unknown; version?: unknown; job?: { id?: unknown } };
    // The work continues after this response.
    if (typeof job?.id === 'string') return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(answer);
    const seen = kind && seenIn(answer, kind);
    if (seen) reply.header(SEEN, seen);
    // An old id answers with what it was merged into (docs/rules.md 9.3).
    const asked = (request.params as { id?: string }).id?.toLowerCase();
    if (typeof id === 'string' && asked !== undefined && id !== asked && route.path.endsWith('/:id'))
      reply.header('content-location', route.path.replace(':id', id));
    // The version in the answer to a new picture is that of its contact or customer, and so is not a tag of the picture (RFC 9110, 9.3.4).
    if (typeof version === 'number' && !route.tagged) {
      reply.header('etag', etagOf(version));
      if (route.method === 'GET' && isKnown(request.headers['if-none-match'], version)) return reply.code(304).send();
    }
    if (route.status === 201 && typeof id === 'string') {
      const params = request.params as Record<string, string>;
      reply.header('location', `${route.path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? '')}/${id}`);
    }
    return reply.send(route.status === 204 ? undefined : answer);
  };
}
