import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@kontor/testing';
import { type Context, currentContext, serviceContext } from '../src/index.js';
import { aFollower, durable, type Stream, startStream } from './stream.js';

let stream: Stream;
beforeAll(async () => {
  stream = await startStream();
});
afterEach(() => stream.clear());
afterAll(() => stream.end());

describe('an event', () => {
  test('arrives with its tenant and lane, as work of the service and of no agent', async () => {
    const contexts: Context[] = [];
    await stream.follow(aFollower(() => void contexts.push(currentContext())));
    const context = serviceContext(randomUUID(), { lane: 'bulk', roles: ['admin'], agent: { id: randomUUID() }, door: 'import' });
    await stream.publish({ number: 1 }, 'bulk', context);
    await eventually(() => expect(contexts).toHaveLength(1));
    expect(contexts[0]).toEqual({ ...context, roles: ['service'], agent: undefined, idempotencyKey: undefined, deadline: undefined });
  });

  test('that came before anybody followed arrives too, in order, one at a time', async () => {
    await stream.publishNumbers(1, 2, 3, 4, 5);
    const seen: number[] = [];
    let running = 0;
    await stream.follow(
      aFollower(async (number) => {
        expect(++running).toBe(1);
        await sleep(5);
        running--;
        seen.push(number);
      }),
    );
    await eventually(() => expect(seen).toEqual([1, 2, 3, 4, 5]));
    await eventually(async () => expect(await stream.unfinished()).toBe(0));
  });

  test('of another lane does not arrive where only one is followed', async () => {
    const seen: number[] = [];
    await stream.follow(aFollower((number) => void seen.push(number), { lane: 'people' }));
    await stream.publish({ number: 1 }, 'bulk');
    await stream.publish({ number: 2 }, 'people');
    await eventually(() => expect(seen).toEqual([2]));
  });

  test('is worked on by as many at a time as was said, and no more', async () => {
    let running = 0;
    let most = 0;
    let done = 0;
    await stream.publishNumbers(...Array.from({ length: 40 }, (_, i) => i));
    await stream.follow(
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
      await stream.follow(
        aFollower(async (number) => {
          await sleep(5);
          mine.push(number);
        }),
      );
    await stream.publishNumbers(...Array.from({ length: 30 }, (_, i) => i));
    await eventually(() => expect(seen.flat()).toHaveLength(30));
    expect(new Set(seen.flat()).size).toBe(30);
    expect(Math.min(...seen.map((mine) => mine.length))).toBeGreaterThan(0);
  });
});

describe('a follower that stops', () => {
  test('finishes what it has begun and hands over the rest immediately', async () => {
    const [first, second]: number[][] = [[], []];
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const stopping = await stream.follow(
      aFollower(async (number) => {
        begun.resolve();
        await goOn.promise;
        first?.push(number);
      }),
    );
    await stream.publishNumbers(1, 2, 3, 4);
    await begun.promise;
    const stopped = stream.stop(stopping);
    goOn.resolve();
    await stopped;
    expect(first).toEqual([1]);
    await stream.follow(aFollower((number) => void second?.push(number)));
    await eventually(() => expect(second).toEqual([2, 3, 4]));
  });

  test('stops although it has only just started', async () => {
    await stream.stop(await stream.follow(aFollower(() => undefined)));
  });
});

describe('a follower of a newer version', () => {
  test('receives with its own settings through the consumer that the older one made', async () => {
    const seen: number[] = [];
    const older = await stream.follow(aFollower(() => undefined));
    await eventually(async () => expect(await stream.unfinished()).toBe(0));
    await stream.stop(older);
    await stream.publishNumbers(1, 2);
    await stream.follow(aFollower((number) => void seen.push(number), { concurrency: 7 }));
    await eventually(() => expect(seen.sort()).toEqual([1, 2]));
    expect((await stream.manager.consumers.info('EVENTS', durable)).config.max_ack_pending).toBe(14);
  });
});

describe('a gate', () => {
  test('holds events back while it is closed, and hands over to the replica whose gate opens', async () => {
    const seen: number[][] = [[], []];
    const followBehind = (mine?: number[]) =>
      stream.follow(
        aFollower(
          async (number) => {
            await sleep(20);
            mine?.push(number);
          },
          { behind: 'index' },
        ),
      );
    const [one, two] = [await followBehind(seen[0]), await followBehind(seen[1])];
    await stream.publishNumbers(1, 2);
    await sleep(200);
    expect(seen).toEqual([[], []]);
    one.bus.gate('index').open();
    await eventually(() => expect(seen).toEqual([[1, 2], []]));
    await stream.publishNumbers(3, 4, 5, 6);
    await eventually(() => expect(seen[0]?.length).toBeGreaterThan(2));
    one.bus.gate('index').close();
    two.bus.gate('index').open();
    await stream.publishNumbers(7);
    await eventually(() => expect(seen.flat().sort()).toEqual([1, 2, 3, 4, 5, 6, 7]));
    expect(seen[1]).toContain(7);
  });
});

describe('NATS that dies', () => {
  test('loses no event, and the follower continues by itself', async () => {
    const seen = new Set<number>();
    await stream.follow(aFollower((number) => void seen.add(number)));
    await stream.publishNumbers(1);
    await eventually(() => expect(seen).toEqual(new Set([1])));
    await stream.nats.kill();
    await stream.nats.restart();
    await eventually(() => stream.publishNumbers(2));
    await eventually(() => expect(seen).toEqual(new Set([1, 2])), 30_000);
  });
});
