// What a follower has on the bus is gone while it runs: its consumer, the stream, or all of NATS.
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually, sized } from '@kontor/testing';
import { provisionStreams } from './node.js';
import { aFollower, durable, type Stream, startStream } from './stream.js';

const WITHIN_MS = 20_000;

let stream: Stream;
let seen: Set<number>;
beforeAll(async () => {
  stream = await startStream();
});
beforeEach(() => {
  seen = new Set();
});
afterEach(() => stream.clear());
afterAll(() => stream.end());

/** A follower that has come to the end of the stream once. */
async function follow(options: Parameters<typeof aFollower>[1] = {}) {
  const replica = await stream.follow(aFollower((number) => void seen.add(number), options));
  if (options.behind) replica.bus.gate(options.behind).open();
  const gaps: string[] = [];
  replica.bus.followers.onGap(async (consumer) => void gaps.push(consumer));
  await stream.publishNumbers(1);
  await eventually(() => expect(seen).toEqual(new Set([1])));
  await eventually(async () => expect(await stream.unfinished()).toBe(0));
  gaps.length = 0;
  return { followers: replica.bus.followers, gaps };
}

describe.each([{}, { behind: 'index' }])('a follower with %j', (options) => {
  test('whose consumer is deleted gets what comes afterwards, and says that there was a gap', async () => {
    const { followers, gaps } = await follow(options);
    await stream.manager.consumers.delete('EVENTS', durable);
    await stream.publishNumbers(2, 3);
    await eventually(() => expect(seen).toEqual(new Set([1, 2, 3])), WITHIN_MS);
    expect(gaps).toContain(durable);
    await eventually(() => expect(followers.list()).toMatchObject([{ consumer: durable, state: 'following' }]));
    expect(() => followers.assertFollowing()).not.toThrow();
  });

  test('whose stream is deleted says so until it is there again', async () => {
    const { followers, gaps } = await follow(options);
    await stream.manager.streams.delete('EVENTS');
    await eventually(() => expect(() => followers.assertFollowing()).toThrow(`${durable}: stream not found`), WITHIN_MS);
    expect(followers.list()).toMatchObject([{ consumer: durable, state: 'lost' }]);
    await provisionStreams(stream.nats);
    await stream.publishNumbers(4);
    await eventually(() => expect(seen).toContain(4), WITHIN_MS);
    expect(gaps).toContain(durable);
    expect(() => followers.assertFollowing()).not.toThrow();
  });

  test('whose consumer was created again by somebody else says that there was a gap', async () => {
    const { gaps } = await follow(options);
    const { config } = await stream.manager.consumers.info('EVENTS', durable);
    await stream.manager.consumers.delete('EVENTS', durable);
    await stream.manager.consumers.add('EVENTS', config).catch(() => undefined);
    await eventually(() => expect(gaps).toContain(durable), WITHIN_MS);
    await stream.publishNumbers(5);
    await eventually(() => expect(seen).toContain(5), WITHIN_MS);
  });
});

// Waits for the follower to look twice, five seconds each.
if (sized(false, true))
  test('a stream that loses events before they came is a gap', async () => {
    const goOn = Promise.withResolvers<void>();
    const blocking = async (number: number) => {
      if (number === 2) await goOn.promise;
      seen.add(number);
    };
    const replica = await stream.follow(aFollower(blocking));
    const gaps: string[] = [];
    replica.bus.followers.onGap(async (consumer) => void gaps.push(consumer));
    await stream.publishNumbers(1);
    await eventually(() => expect(seen).toEqual(new Set([1])));
    gaps.length = 0;
    // As many as are asked for ahead, and more that wait in the stream.
    await stream.publishNumbers(2, 3, 4, 5, 6, 7);
    await looks(2);
    await stream.manager.streams.purge('EVENTS');
    await eventually(() => stream.publishNumbers(8));
    await looks(2);
    goOn.resolve();
    await eventually(() => expect(seen).toContain(8), WITHIN_MS);
    await eventually(() => expect(gaps).toEqual([durable]), WITHIN_MS);
    expect(seen).not.toContain(7);
  });

/** Until the follower has asked so many times how its consumer is. */
async function looks(times: number): Promise<void> {
  const asked = stream.onlooker.connection.subscribe(`$JS.API.CONSUMER.INFO.EVENTS.${durable}`, { max: times });
  for await (const _ of asked);
}

test('while the repair cannot be requested, nothing is followed, and it is requested again', async () => {
  const { followers } = await follow();
  const repaired = Promise.withResolvers<void>();
  let able = false;
  const [replica] = [...stream.replicas];
  replica!.bus.followers.onGap(async () => {
    if (!able) throw new Error('the database is away');
    repaired.resolve();
  });
  await stream.manager.consumers.delete('EVENTS', durable);
  await eventually(() => expect(() => followers.assertFollowing()).toThrow('the database is away'), WITHIN_MS);
  able = true;
  await repaired.promise;
  await stream.publishNumbers(9);
  await eventually(() => expect(seen).toContain(9), WITHIN_MS);
});

test('NATS that comes back without its data: what is published then arrives', async () => {
  const { nats } = stream;
  if (!nats.pid) return; // Of a container the folder is not at hand; a deleted stream is as lost.
  const { followers, gaps } = await follow();
  const command = readFileSync(`/proc/${nats.pid}/cmdline`, 'utf8').split('\0');
  const folder = command[command.findIndex((one) => one === '-sd' || one === '--store_dir') + 1]!;
  await nats.kill();
  rmSync(folder, { recursive: true });
  await nats.restart();
  await eventually(() => expect(() => followers.assertFollowing()).toThrow(durable), WITHIN_MS);
  await eventually(() => provisionStreams(nats), WITHIN_MS);
  await eventually(() => stream.publishNumbers(10), WITHIN_MS);
  await eventually(() => expect(seen).toContain(10), WITHIN_MS);
  expect(gaps).toContain(durable);
});
