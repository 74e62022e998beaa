import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@kontor/testing';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

it('/health says to anybody whether calls may be sent here, and nothing else', async () => {
  const health = () => gateway.call('GET', '/health');
  const ready = await health();
  expect([ready.status, ready.json, ready.headers.get('cache-control')]).toEqual([200, { status: 'ready' }, 'no-store']);
  await gateway.world.nats.kill();
  const away = problemIn(await health());
  expect(away).toEqual({ ...away, status: 503, code: 'unavailable', detail: 'The hub is not ready' });
  expect((await health()).headers.get('retry-after')).toBe('1');
  await gateway.world.nats.restart();
  await eventually(async () => expect((await health()).status).toBe(200), 30_000);
});
