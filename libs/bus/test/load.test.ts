import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from '@kontor/contracts';
import { eventually, startServers } from '@kontor/testing';
import { Controller, type Type } from '@nestjs/common';
import { z } from 'zod';
import { AppError, type Bus, Handle, serviceContext } from '../src/index.js';
import { connect, startReplica } from './node.js';

const work = request('customer.work', z.strictObject({ number: z.int() }), z.object({ by: z.string() }), { summary: 'For tests' });

/** Each replica has a controller of its own, so that a test sees who did what. */
function aWorker(by: string, howLong: () => Promise<unknown>): { controller: Type; done: number[]; most: () => number } {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  @Controller()
  class Worker {
    @Handle(work)
    async work({ number }: { number: number }) {
      most = Math.max(most, ++running);
      await howLong();
      running--;
      done.push(number);
      return { by };
    }
  }
  return { controller: Worker, done, most: () => most };
}

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ nats: true });
let bus: Bus;
const replicas: Awaited<ReturnType<typeof startReplica>>[] = [];

beforeAll(async () => {
  servers = await start();
  bus = await connect(servers.nats, 'test');
});
afterEach(async () => {
  await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
});
afterAll(async () => {
  await bus.connection.close();
  await servers.stop();
});

async function replica(controller: Type, concurrency?: number) {
  const started = await startReplica(servers.nats, 'customer', [controller], { concurrency });
  replicas.push(started);
  return started;
}
const agents = { roles: ['agent' as const] };
const ask = (number: number) => bus.request(work, { number }, serviceContext(randomUUID(), agents));
const codes = (outcomes: PromiseSettledResult<unknown>[]) =>
  outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'ok' : (outcome.reason as AppError).code));

describe('a service under load', () => {
  test('works on N requests at a time, lets 4N wait, and refuses more as busy immediately', async () => {
    const gate = Promise.withResolvers<void>();
    const { controller, most } = aWorker('one', () => gate.promise);
    await replica(controller, 3);
    let refused = 0;
    const asked = Array.from({ length: 20 }, (_, i) =>
      ask(i).catch((error: AppError) => {
        refused++;
        throw error;
      }),
    );
    const all = Promise.allSettled(asked);
    await eventually(() => expect(refused).toBe(5));
    gate.resolve();
    const outcomes = codes(await all);
    expect(outcomes).toEqual([...Array(15).fill('ok'), ...Array(5).fill('busy')]);
    expect(most()).toBe(3);
    await expect(ask(21)).resolves.toEqual({ by: 'one' });
  });

  test('is shared by its replicas, and each request is worked on once', async () => {
    const [one, two] = [aWorker('one', () => sleep(1)), aWorker('two', () => sleep(1))];
    await Promise.all([replica(one.controller), replica(two.controller)]);
    await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i)));
    expect([...one.done, ...two.done].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(Math.min(one.done.length, two.done.length)).toBeGreaterThan(20);
  });
});

describe('a replica that stops', () => {
  test('answers what it has begun and what waits, and takes nothing new', async () => {
    const gate = Promise.withResolvers<void>();
    const { controller, done, most } = aWorker('one', () => gate.promise);
    const stopping = await startReplica(servers.nats, 'customer', [controller], { concurrency: 2 });
    const asked = Promise.all(Array.from({ length: 6 }, (_, i) => ask(i)));
    await eventually(() => expect(most()).toBe(2));
    await bus.connection.flush();
    const stopped = stopping.stop();
    const soonOver = () => serviceContext(randomUUID(), { ...agents, deadline: Date.now() + 300 });
    let late = 99;
    await eventually(() => expect(bus.request(work, { number: ++late }, soonOver())).rejects.toMatchObject({ code: 'unavailable' }));
    gate.resolve();
    await expect(asked).resolves.toHaveLength(6);
    await stopped;
    expect(done).not.toContain(late);
  });

  test('loses no request of a stream of them when another replica is there', async () => {
    const [one, two] = [aWorker('one', () => sleep(5)), aWorker('two', () => sleep(5))];
    const stopping = await startReplica(servers.nats, 'customer', [one.controller]);
    await replica(two.controller);
    const asked: Promise<unknown>[] = [];
    let stopped: Promise<void> | undefined;
    for (let i = 0; i < 400; i++) {
      asked.push(ask(i));
      if (i === 150) stopped = stopping.stop();
      if (i % 4 === 0) await sleep(1);
    }
    expect(codes(await Promise.allSettled(asked)).filter((code) => code !== 'ok')).toEqual([]);
    await stopped;
    expect(one.done.length).toBeGreaterThan(0);
    expect(one.done.length + two.done.length).toBe(400);
  });
});

async function untilDisconnected({ connection }: Bus): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'disconnect') return;
}

describe('NATS that dies', () => {
  test('is waited for, but no longer than the caller has time', async () => {
    const { controller } = aWorker('one', async () => {});
    await replica(controller);
    // Until the connection has noticed it, a call only gets no answer.
    const noticed = untilDisconnected(bus);
    await servers.nats.kill();
    await noticed;
    const impatient = serviceContext(randomUUID(), { ...agents, deadline: Date.now() + 300 });
    await expect(bus.request(work, { number: 1 }, impatient)).rejects.toMatchObject({ code: 'unavailable' });
    const patient = ask(2).catch((error: AppError) => error.code);
    await servers.nats.restart();
    // The other side may be back a moment later than we are.
    expect([{ by: 'one' }, 'unavailable']).toContainEqual(await patient);
    const start = performance.now();
    await eventually(() => expect(ask(3)).resolves.toEqual({ by: 'one' }));
    expect(performance.now() - start).toBeLessThan(5_000);
    await Promise.all([replicas[0]?.bus.ping(), bus.ping()]);
  });
});
