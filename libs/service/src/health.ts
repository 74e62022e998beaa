import type { AddressInfo } from 'node:net';
import { Controller, type DynamicModule, Get, Header, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { HealthCheck, type HealthCheckResult, HealthCheckService, type HealthIndicatorFunction, TerminusModule } from '@nestjs/terminus';
import type { Registry } from 'prom-client';

/** A check throws when what it looks at cannot be used. `required: false` is reported, but does not make the service unready. */
export interface Check {
  name: string;
  required: boolean;
  run(): Promise<void>;
}
interface HealthOptions {
  checks: Check[];
  metrics: Registry;
  /** False while the service starts or stops: then it is not ready, whatever the checks say. */
  serving(): boolean;
}
const OPTIONS = Symbol('health options');

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    @Inject(OPTIONS) private readonly options: HealthOptions,
  ) {}

  /** The process can still work; if not, it must be started again. */
  @Get('health/live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Calls may be sent here. */
  @Get('health/ready')
  @HealthCheck({ swaggerDocumentation: false })
  ready(): Promise<HealthCheckResult> {
    const serving: HealthIndicatorFunction = () => ({ serving: { status: this.options.serving() ? 'up' : 'down' } });
    return this.health.check([serving, ...this.options.checks.map(indicator)]);
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.options.metrics.metrics();
  }
}

const indicator =
  (check: Check): HealthIndicatorFunction =>
  async () => {
    try {
      await check.run();
      return { [check.name]: { status: 'up' } };
    } catch (error) {
      const message = error instanceof Error ? error.message : 'failed';
      return { [check.name]: { status: check.required ? 'down' : 'up', ...(!check.required && { degraded: true }), message } };
    }
  };

@Module({})
class HealthModule {
  static with(options: HealthOptions): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [{ provide: OPTIONS, useValue: options }],
    };
  }
}

/** Serves `/health/live`, `/health/ready` and `/metrics` on a port of their own; gives the address and how to stop. */
export async function serveHealth(port: number, host: string, options: HealthOptions): Promise<{ url: string; stop(): Promise<void> }> {
  const app = await NestFactory.create<NestFastifyApplication>(HealthModule.with(options), new FastifyAdapter(), {
    // No logger of its own: Nest has one for the whole process, and it would take the place of the service's.
    abortOnError: false,
  });
  await app.listen(port, host);
  const address = app.getHttpServer().address() as AddressInfo;
  return { url: `http://127.0.0.1:${address.port}`, stop: () => app.close() };
}
