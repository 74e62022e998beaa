import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { event } from '@kontor/contracts';
import { eventually, startServers } from '@kontor/testing';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Controller, type Type } from '@nestjs/common';
import { z } from 'zod';
import { AppError, Bus, type Context, currentContext, type Lane, On, type OnOptions, serviceContext, toHeaders } from '../src/index.js';
import { connect, provisionStreams, startReplica } from './node.js';

const changed = event('events.contact.changed.v1', z.object({ number: z.int() }), { summary: 'For tests', lanes: true });

/** Follows as the search service does; `receive` is the test's. */
function aFollower(receive: (number: number) => Promise<void> | void, options: Omit<OnOptions, 'as'> = {}): Type {
  @Controller()
  class Follower {
    @On(changed, { as: 'index-people', ...options })
    async follow({ number }: { number: number }) {
      await receive(number);
    }
  }
  return Follower;
}

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ nats: true });
let publisher: Bus;
let onlooker: Bus;
const replicas = new Set<Awaited<ReturnType<typeof startReplica>>>();

beforeAll(async () => {
  servers = await start();
  await provisionStreams(servers.nats);
  [publisher, onlooker] = await Promise.all([connect(servers.nats, 'customer'), connect(servers.nats, 'test')]);
});
afterEach(async () => {
  for (const replica of replicas) await stop(replica);
  const manager = await jetstreamManager(onlooker.connection);
  await manager.consumers.delete('EVENTS', 'search-index-people').catch(() => {});
  for (const stream of ['EVENTS', 'DEAD']) await manager.streams.purge(stream);
});
afterAll(async () => {
  await Promise.all([publisher.connection.close(), onlooker.connection.close()]);
  await servers.stop();
});

async function follow(controller: Type) {
  const replica = await startReplica(servers.nats, 'search', [controller]);
  replicas.add(replica);
  return replica;
}
async function stop(replica: Awaited<ReturnType<typeof startReplica>>) {
  replicas.delete(replica);
  await replica.stop();
}
async function publish(payload: unknown, lane: Lane = 'people', context: Context = serviceContext(randomUUID(), { lane })) {
  const data = typeof payload === 'string' ? payload : JSON.stringify(payload);
  await jetstream(publisher.connection).publish(Bus.subjectOf(changed, lane), data, { headers: toHeaders(context) });
}
const publishNumbers = async (...numbers: number[]) => {
  for (const number of numbers) await publish({ number });
};
const deadLetters = async () => {
  const { state } = await (await jetstreamManager(onlooker.connection)).streams.info('DEAD', { subjects_filter: '>' });
  return state.subjects ?? {};
};
const unfinished = async () => {
  const info = await (await jetstreamManager(onlooker.connection)).consumers.info('EVENTS', 'search-index-people');
  return info.num_pending + info.num_ack_pending;
};

describe('an event', () => {
  test('arrives with its tenant and lane, as work of the service and of no agent', async () => {
    const contexts: Context[] = [];
    await follow(aFollower(() => void contexts.push(currentContext())));
    const context = serviceContext(randomUUID(), { lane: 'bulk', roles: ['admin'], agent: { id: randomUUID() }, door: 'import' });
    await publish({ number: 1 }, 'bulk', context);
    await eventually(() => expect(contexts).toHaveLength(1));
    expect(contexts[0]).toEqual({ ...context, roles: ['service'], agent: undefined, idempotencyKey: undefined, deadline: undefined });
  });

  test('that came before anybody followed arrives too, in order, one at a time', async () => {
    await publishNumbers(1, 2, 3, 4, 5);
    const seen: number[] = [];
    let running = 0;
    await follow(
      aFollower(async (number) => {
        expect(++running).toBe(1);
        await sleep(5);
        running--;
        seen.push(number);
      }),
    );
    await eventually(() => expect(seen).toEqual([1, 2, 3, 4, 5]));
    await eventually(async () => expect(await unfinished()).toBe(0));
  });

  test('of another lane does not arrive where only one is followed', async () => {
    const seen: number[] = [];
    await follow(aFollower((number) => void seen.push(number), { lane: 'people' }));
    await publish({ number: 1 }, 'bulk');
    await publish({ number: 2 }, 'people');
    await eventually(() => expect(seen).toEqual([2]));
  });

  test('is worked on by as many at a time as was said, and no more', async () => {
    let running = 0;
    let most = 0;
    let done = 0;
    await publishNumbers(...Array.from({ length: 40 }, (_, i) => i));
    await follow(
      aFollower(
        async () => {
          most = Math.max(most, ++running);
          await sleep(10);
          running--;
          done++;
        },
        { concurrency: 4 },
      ),
    );
    await eventually(() => expect(done).toBe(40));
    expect(most).toBe(4);
  });

  test('is shared by replicas, each taken once', async () => {
    const seen: number[][] = [[], []];
    for (const mine of seen)
      await follow(
        aFollower(async (number) => {
          await sleep(5);
          mine.push(number);
        }),
      );
    await publishNumbers(...Array.from({ length: 30 }, (_, i) => i));
    await eventually(() => expect(seen.flat()).toHaveLength(30));
    expect(new Set(seen.flat()).size).toBe(30);
    expect(Math.min(...seen.map((mine) => mine.length))).toBeGreaterThan(0);
  });
});

describe('an event that fails', () => {
  test('comes again later, each time after a longer while', async () => {
    const times: number[] = [];
    await follow(
      aFollower(() => {
        times.push(performance.now());
        if (times.length < 4) throw new Error('not yet');
      }),
    );
    await publishNumbers(1);
    await eventually(() => expect(times).toHaveLength(4));
    const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    for (const [i, wait] of waits.entries()) expect(wait).toBeGreaterThan(250 * 2 ** i * 0.74);
    await eventually(async () => expect(await unfinished()).toBe(0));
    expect(await deadLetters()).toEqual({});
  });

  test.each([
    ['a payload that breaks its contract', '{"number":"one"}'],
    ['no JSON', '{'],
  ])('goes to the dead letters at once when it is hopeless: %s', async (_, data) => {
    const seen: number[] = [];
    await follow(aFollower((number) => void seen.push(number)));
    await publish(data);
    await publish({ number: 2 });
    await eventually(async () => expect(await deadLetters()).toEqual({ 'dead.search.events.contact.changed.v1.people': 1 }));
    await eventually(() => expect(seen).toEqual([2]));
    const letter = await (await jetstreamManager(onlooker.connection)).streams.getMessage('DEAD', { last_by_subj: 'dead.>' });
    expect(letter?.string()).toBe(data);
    expect(letter?.header.get('Kontor-Error')).toBe('invalid');
    expect(letter?.header.get('Kontor-Tenant')).toMatch(/^[0-9a-f-]{36}$/);
  });

  /** Takes the event so many times as the consumer would, and gives it back at once. */
  async function burnTries(tries: number): Promise<void> {
    await (await jetstreamManager(onlooker.connection)).consumers.add('EVENTS', {
      durable_name: 'search-index-people',
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: 60e9,
      max_deliver: -1,
      max_ack_pending: 2,
      filter_subject: 'events.contact.changed.v1.*',
    });
    const consumer = await jetstream(onlooker.connection).consumers.get('EVENTS', 'search-index-people');
    for (let i = 0; i < tries; i++) (await consumer.next({ expires: 2_000 }))?.nak();
  }

  test('eight times goes to the dead letters', async () => {
    await publishNumbers(1);
    await burnTries(7);
    let tries = 0;
    await follow(
      aFollower(() => {
        tries++;
        throw new Error('never');
      }),
    );
    await eventually(async () => expect(await deadLetters()).toEqual({ 'dead.search.events.contact.changed.v1.people': 1 }));
    expect(tries).toBe(1);
    await eventually(async () => expect(await unfinished()).toBe(0));
  });

  test('because a dependency is away is tried for ever', async () => {
    await publishNumbers(1);
    await burnTries(9);
    const away = new AppError('unavailable', 'The database cannot be reached');
    let tries = 0;
    const replica = await follow(
      aFollower(() => {
        tries++;
        throw away;
      }),
    );
    await eventually(() => expect(tries).toBe(1));
    await stop(replica);
    expect(await deadLetters()).toEqual({});
    expect(await unfinished()).toBe(1);
  });
});

describe('a follower that stops', () => {
  test('finishes what it has begun and hands the rest on at once', async () => {
    const [first, second]: number[][] = [[], []];
    const stopping = await follow(
      aFollower(async (number) => {
        await sleep(200);
        first?.push(number);
      }),
    );
    await publishNumbers(1, 2, 3, 4);
    await sleep(100);
    await stop(stopping);
    expect(first).toEqual([1]);
    await follow(aFollower((number) => void second?.push(number)));
    await eventually(() => expect(second).toEqual([2, 3, 4]));
  });
});

describe('a gate', () => {
  test('holds events back while it is closed, and hands over to the replica whose gate opens', async () => {
    const seen: number[][] = [[], []];
    const followBehind = (mine?: number[]) =>
      follow(
        aFollower(
          async (number) => {
            await sleep(20);
            mine?.push(number);
          },
          { behind: 'index' },
        ),
      );
    const [one, two] = [await followBehind(seen[0]), await followBehind(seen[1])];
    await publishNumbers(1, 2);
    await sleep(200);
    expect(seen).toEqual([[], []]);
    one.bus.gate('index').open();
    await eventually(() => expect(seen).toEqual([[1, 2], []]));
    await publishNumbers(3, 4, 5, 6);
    await eventually(() => expect(seen[0]?.length).toBeGreaterThan(2));
    one.bus.gate('index').close();
    two.bus.gate('index').open();
    await publishNumbers(7);
    await eventually(() => expect(seen.flat().sort()).toEqual([1, 2, 3, 4, 5, 6, 7]));
    expect(seen[1]).toContain(7);
  });
});

describe('NATS that dies', () => {
  test('loses no event, and the follower goes on by itself', async () => {
    const seen = new Set<number>();
    await follow(aFollower((number) => void seen.add(number)));
    await publishNumbers(1);
    await eventually(() => expect(seen).toEqual(new Set([1])));
    await servers.nats.kill();
    await servers.nats.restart();
    await eventually(() => publishNumbers(2));
    await eventually(() => expect(seen).toEqual(new Set([1, 2])), 30_000);
  });
});
