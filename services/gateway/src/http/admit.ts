import { AppError, mayCall } from '@kontor/bus';
import type { FastifyInstance } from 'fastify';
import type { Agents } from '../identity/agents.js';
import type { Tokens } from '../identity/tokens.js';
import { contextOf } from './context.js';

/** Lets only known callers with a sufficient role reach a route of the API; before the body is read, so that a refusal costs nothing. */
export function admit(http: FastifyInstance, tokens: Tokens, agents: Agents): void {
  http.decorateRequest('caller', null);
  http.addHook('onRoute', ({ url, method, config }) => {
    if (url.startsWith('/v1') && method !== 'OPTIONS' && !config?.route)
      throw new Error(`${url} is not in a table of routes, so nobody would check who calls it; make it with controller()`);
  });
  http.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    const { route } = request.routeOptions.config;
    if (!route) return; // the documentation, or nothing at all
    // What is answered belongs to the caller alone, but the caller may keep it and ask with its ETag.
    reply.header('cache-control', 'private, no-cache');
    request.caller = await tokens.verify(request.headers.authorization);
    if (!mayCall(route.audience, request.caller.roles))
      throw new AppError('forbidden', `${route.summary}: your role (${request.caller.roles.join(', ')}) does not allow it`);
    if (!agents.knows(request.caller)) await agents.introduce(request.caller, contextOf(request));
  });
}
