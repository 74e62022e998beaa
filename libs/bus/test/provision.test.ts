import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type NatsTestServer, startServers } from '@kontor/testing';
import { AckPolicy, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
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

test.each([
  ['EVENTS', 'events.something.changed.v1'],
  ['DEAD', 'dead.service.events.something.changed.v1'],
])('nobody empties the stream %s, nor takes a message out of it, also where it was made by an earlier version', async (name, subject) => {
  const { config } = await manager.streams.info(name);
  await manager.streams.delete(name);
  await manager.streams.add({ name, subjects: config.subjects, duplicate_window: config.duplicate_window });
  await provisionStreams(servers.nats);
  const { seq } = await jetstream(onlooker.connection).publish(subject, 'kept');
  await expect(manager.streams.purge(name)).rejects.toThrow();
  await expect(manager.streams.deleteMessage(name, seq)).rejects.toThrow();
  expect((await manager.streams.info(name)).state.messages).toBe(1);
});

test('a file in the bucket can be replaced and deleted', async () => {
  const bucket = await new Objm(onlooker.connection).open('imports');
  for (const content of ['one', 'two']) await bucket.putBlob({ name: 'file' }, Buffer.from(content));
  expect(Buffer.from((await bucket.getBlob('file')) ?? []).toString()).toBe('two');
  await bucket.delete('file');
  expect(await bucket.getBlob('file')).toBeNull();
});

test('an update takes the consumers away that no service has any more, and no other', async () => {
  for (const name of ['search-index-customers', 'search-index-customers-people', 'somebody-else'])
    await manager.consumers.add('EVENTS', { durable_name: name, ack_policy: AckPolicy.Explicit });
  await provisionStreams(servers.nats);
  const left = await manager.consumers.list('EVENTS').next();
  expect(left.map(({ name }) => name).sort()).toEqual(['search-index-customers-people', 'somebody-else']);
});
