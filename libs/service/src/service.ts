import 'reflect-metadata';
import { Bus, BusModule, BusStrategy, PassErrors } from '@kontor/bus';
import { type DynamicModule, type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import { type BaseEnv, readEnv } from './env.js';
import { type Check, serveHealth } from './health.js';
import { createLog, NestLog } from './log.js';
import { createMetrics, measureFollowers } from './metrics.js';

type Variables = Record<string, string | undefined>;

export interface Definition<E extends z.ZodType<BaseEnv>> {
  name: string;
  env: E;
  /** The service's own module; the bus is injectable in it. */
  module(env: z.output<E>): Type | DynamicModule;
  /** For the gateway: the key with which it signs who asks. */
  signingKey?(env: z.output<E>): string;
  /** Brings the database up to date; run once before a new version starts, never at boot. */
  migrate?(env: z.output<E>): Promise<unknown>;
  /** What must work for calls to be sent here, beside the bus. */
  checks?(app: INestApplicationContext, env: z.output<E>): Check[];
  /** For the gateway: the HTTP application beside the bus. Gives its address and how to stop taking calls. */
  serve?(
    root: DynamicModule,
    env: z.output<E>,
    nestLog: NestLog,
    metrics: Registry,
  ): Promise<{ app: INestApplicationContext; url: string }>;
}

export interface RunningService {
  name: string;
  /** Where `/health/ready` and `/metrics` are. */
  healthUrl: string;
  /** The HTTP API, where the service has one. */
  url?: string;
  /** Takes no more calls, finishes what has begun (25 s at most), publishes the last events, closes every connection. */
  stop(): Promise<void>;
}

export interface Service {
  name: string;
  /** Whether it has a database. */
  migrates: boolean;
  start(variables: Variables): Promise<RunningService>;
  migrate(variables: Variables): Promise<void>;
}

const FINISH_MS = 25_000;

@Module({})
class Root {}

/** Makes a service out of its parts; the same for all six, so that they start, report and stop alike. */
export function defineService<E extends z.ZodType<BaseEnv>>(definition: Definition<E>): Service {
  const { name } = definition;
  return {
    name,
    migrates: definition.migrate !== undefined,
    async migrate(variables) {
      await definition.migrate?.(readEnv(definition.env, name, variables));
    },
    async start(variables) {
      const env = readEnv(definition.env, name, variables);
      const log = createLog(name, env.KONTOR_LOG_LEVEL);
      const nestLog = new NestLog(log);
      const metrics = createMetrics(name);
      let serving = false;
      const bus = await Bus.connect({
        name,
        url: env.KONTOR_NATS_URL,
        user: env.KONTOR_NATS_USER,
        password: env.KONTOR_NATS_PASSWORD,
        callerKeys: env.KONTOR_CALLER_KEY,
        signingKey: definition.signingKey?.(env),
        concurrency: env.KONTOR_CONCURRENCY,
      });
      measureFollowers(metrics.registry, bus.followers);
      // Closed for good (wrong password, say): nothing will work any more, so the process is to be started again.
      void bus.connection.closed().then((error) => {
        if (!serving) return;
        log.fatal({ event: 'bus-closed', message: error?.message });
        process.exitCode = 1;
        process.kill(process.pid, 'SIGTERM');
      });
      const root: DynamicModule = { module: Root, imports: [BusModule.with(bus), definition.module(env)] };
      let app: INestApplicationContext;
      let url: string | undefined;
      try {
        if (definition.serve) ({ app, url } = await definition.serve(root, env, nestLog, metrics.registry));
        else {
          const microservice = await NestFactory.createMicroservice(root, {
            strategy: new BusStrategy(bus, metrics.observe),
            logger: nestLog,
            abortOnError: false,
          });
          microservice.useGlobalFilters(new PassErrors());
          await microservice.listen();
          app = microservice;
        }
      } catch (error) {
        await bus.connection.close();
        throw error;
      }
      const checks: Check[] = [
        { name: 'bus', required: true, run: () => bus.ping() },
        // While it receives no events what it answers gets out of date.
        { name: 'events', required: true, run: async () => bus.followers.assertFollowing() },
        ...(definition.checks?.(app, env) ?? []),
      ];
      const health = await serveHealth(env.KONTOR_HEALTH_PORT, env.KONTOR_HEALTH_HOST, {
        checks,
        metrics: metrics.registry,
        serving: () => serving,
      });
      serving = true;
      log.info({ event: 'ready', healthUrl: health.url, ...(url && { url }) });
      return {
        name,
        healthUrl: health.url,
        url,
        async stop() {
          serving = false;
          // Requests and events first, then the outbox's last batch and the pools (shutdown hooks), then the bus itself.
          await within(FINISH_MS, app.close());
          if (!bus.connection.isClosed()) await within(5_000, bus.connection.drain());
          await health.stop();
          log.info({ event: 'stopped' });
        },
      };
    },
  };
}

/** Waits for it, but no longer than so many milliseconds: a stop must come to an end. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, milliseconds)))]);
  clearTimeout(timer);
}
