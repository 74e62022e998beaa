import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type NatsTestServer, startServers } from '@kontor/testing';
import { AckPolicy, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { Bus } from '../src/index.js';
import { connect, provisionStreams } from './node.js';

let servers: { nats: NatsTestServer; stop(): Promise<void> };
let onlooker: Bus;
let manager: JetStreamManager;
beforeAll(async () => {
  servers = await startServers({ nats: true });
  await provisionStreams(servers.nats);
  onlooker = await connect(servers.nats, 'test');
  manager = await jetstreamManager(onlooker.connection);
});
afterAll(async () => {
  await onlooker.connection.close();
  await servers.stop();
});

test('an update takes the consumers away that no service has any more, and no other', async () => {
  for (const name of ['search-index-customers', 'search-index-customers-people', 'somebody-else'])
    await manager.consumers.add('EVENTS', { durable_name: name, ack_policy: AckPolicy.Explicit });
  await provisionStreams(servers.nats);
  const left = await manager.consumers.list('EVENTS').next();
  expect(left.map(({ name }) => name).sort()).toEqual(['search-index-customers-people', 'somebody-else']);
});
