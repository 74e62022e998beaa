import { AppError, type Bus } from '@kontor/bus';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayEnv } from '../env.js';
import { contextOf } from './context.js';
import { inCallersTerms, inputOf } from './input.js';
import { etagOf, isKnown } from './preconditions.js';
import type { Route } from './route.js';

type Respond = (bus: Bus, env: GatewayEnv, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** How a route answers HTTP: read the input, get the answer, say its version and place. What can be worked out once is worked out here. */
export function respond(route: Route): Respond {
  const read = inputOf(route);
  return async (bus, env, request, reply) => {
    const call = { bus, env, context: contextOf(request), input: read(request), request, reply };
    const answer = await route.answer(call).catch((error: unknown) => {
      throw error instanceof AppError ? inCallersTerms(error, route.body) : error;
    });
    if (answer === reply) return reply;
    const { id, version } = (answer ?? {}) as { id?: unknown; version?: unknown };
    if (typeof version === 'number') {
      reply.header('etag', etagOf(version));
      if (route.method === 'GET' && isKnown(request.headers['if-none-match'], version)) return reply.code(304).send();
    }
    if (route.status === 201 && typeof id === 'string') reply.header('location', `${route.path}/${id}`);
    return reply.send(route.status === 204 ? undefined : answer);
  };
}
