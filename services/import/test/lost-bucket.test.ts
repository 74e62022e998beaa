import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bus, provision } from '@kontor/bus';
import { eventually, startWorld, type World } from '@kontor/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { service } from '../src/index.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world?.stop());

const ready = async () => {
  const response = await fetch(`${world.running.get('import')!.healthUrl}/health/ready`);
  return { status: response.status, files: ((await response.json()) as { details: Record<string, object> }).details.files };
};

test('the store of uploaded files is gone: it is said until it is there again', async () => {
  expect(await ready()).toEqual({ status: 200, files: { status: 'up' } });
  await (await jetstreamManager(world.bus.connection)).streams.delete('OBJ_imports');
  expect(await ready()).toEqual({
    status: 503,
    files: { status: 'down', message: expect.stringContaining('The store of uploaded files') },
  });
  const { KONTOR_NATS_PASSWORD: password } = world.nats.env('admin');
  const admin = await Bus.connect({ name: 'admin', url: world.nats.url, user: 'admin', password });
  await provision(admin.connection, { buckets: { imports: 64 * 1024 * 1024 }, maxBytes: 512 * 1024 * 1024 });
  await admin.connection.close();
  await eventually(async () => expect(await ready()).toEqual({ status: 200, files: { status: 'up' } }));
});
