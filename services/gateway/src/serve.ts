import fastifyHelmet from '@fastify/helmet';
import fastifyMultipart from '@fastify/multipart';
import type { NestLog } from '@kontor/service';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Histogram, type Registry } from 'prom-client';
import { serveDocs } from './docs/serve-docs.js';
import type { GatewayEnv } from './env.js';
import { admit } from './http/admit.js';
import { guardBodies } from './http/bodies.js';
import { answerClientError } from './http/client-error.js';
import { requestIdOf } from './http/context.js';
import { takeJson } from './http/json-body.js';
import { answerOptions } from './http/options.js';
import { ProblemFilter } from './http/problem.js';
import { SEEN } from './http/seen.js';
import { stopSoon } from './http/stop.js';
import { Agents } from './identity/agents.js';
import { Tokens } from './identity/tokens.js';
import { takeImages } from './photos/image-body.js';

const KB = 1024;
const SECOND = 1_000;

/** Starts the HTTP application on its port. */
export async function serve(
  root: DynamicModule,
  env: GatewayEnv,
  nestLog: NestLog,
  metrics: Registry,
): Promise<{ app: NestFastifyApplication; url: string }> {
  const problems = new ProblemFilter();
  const adapter = new FastifyAdapter({
    bodyLimit: 1024 * KB,
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: false,
    return503OnClosing: false,
    // Nothing uses middleware here, and it costs every call.
    skipMiddie: true,
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => problems.send(error, request, reply),
    clientErrorHandler: answerClientError,
    http: { headersTimeout: 20 * SECOND },
    // The longest upload; a socket on which nothing moves; longer than the idle time of common load balancers.
    requestTimeout: 3_600 * SECOND,
    connectionTimeout: 150 * SECOND,
    keepAliveTimeout: 75 * SECOND,
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { bodyParser: false, logger: nestLog, abortOnError: false });
  app.useGlobalFilters(problems);
  const http = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;

  stopSoon(http);
  measure(http, metrics);
  limitBodies(http);
  takeJson(http);
  takeImages(http);
  // Limits of one form; the size of the file is counted where it is stored.
  await http.register(fastifyMultipart, {
    throwFileSizeLimit: false,
    limits: { fileSize: Infinity, files: 1, fields: 8, fieldSize: KB, fieldNameSize: 100, parts: 9, headerPairs: 20 },
  });
  await http.register(fastifyHelmet, securityHeaders);
  if (env.KONTOR_CORS_ORIGINS.length > 0)
    app.enableCors({
      origin: env.KONTOR_CORS_ORIGINS,
      // The route itself answers, also a call without an origin.
      strictPreflight: false,
      preflightContinue: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      // Headers of a call are let in whatever they are: what is not known does nothing.
      exposedHeaders: ['ETag', SEEN, 'Location', 'Retry-After', 'X-Request-Id'],
      maxAge: 600,
    });
  answerOptions(http);
  admit(http, app.get(Tokens), app.get(Agents));
  guardBodies(http, env.KONTOR_BODY_SECONDS, (error, request, reply) => problems.send(error, request, reply));
  serveDocs(app);

  await app.listen(env.KONTOR_HTTP_PORT, env.KONTOR_HTTP_HOST);
  const address = http.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : env.KONTOR_HTTP_PORT;
  return { app, url: `http://127.0.0.1:${port}` };
}

const securityHeaders = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      // What the pages under /docs need, all of it from here.
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
    },
  },
  // Said by what terminates TLS: only it knows whether the whole host is served over it.
  strictTransportSecurity: false,
  // The API is for other origins too, those that CORS lets in.
  crossOriginResourcePolicy: { policy: 'cross-origin' },
} as const;

/** Routes that take more than the usual body say so in the route table. */
function limitBodies(http: FastifyInstance): void {
  http.addHook('onRoute', (options) => {
    const { maxBody } = options.config?.route ?? {};
    if (maxBody !== undefined) options.bodyLimit = maxBody;
  });
}

function measure(http: FastifyInstance, metrics: Registry): void {
  const seconds = new Histogram({
    name: 'kontor_http_seconds',
    help: 'HTTP calls answered: how long each took, by method, route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
    registers: [metrics],
  });
  http.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
    done();
  });
}
