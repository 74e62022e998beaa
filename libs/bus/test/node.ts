import type { NatsTestServer } from '@kontor/testing';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus, BusModule, type BusOptions, BusStrategy, PassErrors, provision } from '../src/index.js';

@Module({})
class Root {}

/** A replica of a service with these controllers, in this process. */
export async function startReplica(nats: NatsTestServer, name: string, controllers: Type[], options: Partial<BusOptions> = {}) {
  const bus = await connect(nats, name, options);
  const root = { module: Root, imports: [BusModule.with(bus)], controllers };
  const app = await NestFactory.createMicroservice(root, { strategy: new BusStrategy(bus), logger: false });
  app.useGlobalFilters(new PassErrors());
  await app.listen();
  return {
    bus,
    /** As a service stops: first what has begun, then the connection. */
    async stop() {
      await app.close();
      await bus.connection.drain();
    },
    /** As a process dies: nothing is finished, nothing is said. */
    async vanish() {
      await bus.connection.close();
    },
  };
}

export async function connect(nats: NatsTestServer, name: string, options: Partial<BusOptions> = {}): Promise<Bus> {
  return Bus.connect({ ...nats.bus(name), ...options });
}

/** Makes the streams, as is done once before the services start. */
export async function provisionStreams(nats: NatsTestServer): Promise<void> {
  const admin = await connect(nats, 'admin');
  await provision(admin.connection);
  await admin.connection.close();
}
