import { AppError } from '@kontor/bus';
import type { FastifyInstance } from 'fastify';

/** Answers OPTIONS at every path that there is with the methods it has (RFC 9110, 9.3.7), also to callers who are not known. */
export function answerOptions(http: FastifyInstance): void {
  const allowed = new Map<string, Set<string>>();
  http.addHook('onRoute', ({ url, method }) => {
    if (method === 'OPTIONS' || url === '*') return;
    const methods = allowed.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    if (allowed.has(url)) return;
    allowed.set(url, methods);
    http.options(url, (_, reply) =>
      reply
        .code(204)
        .header('allow', [...methods, 'OPTIONS'].join(', '))
        .send(),
    );
  });
  // CORS has a route for all other paths.
  http.addHook('onRequest', async ({ method, url, routeOptions }) => {
    if (method === 'OPTIONS' && routeOptions.url === '*') throw new AppError('not-found', `There is nothing at ${url.split('?', 1)[0]}`);
  });
}
