import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@kontor/testing';
import { AckPolicy, DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { AppError } from '../src/index.js';
import { aFollower, durable, type Stream, startStream } from './stream.js';

let stream: Stream;
beforeAll(async () => {
  stream = await startStream();
});
afterEach(() => stream.clear());
afterAll(() => stream.end());

describe('an event that fails', () => {
  test('is redelivered, each time after a longer delay', async () => {
    const times: number[] = [];
    await stream.follow(
      aFollower(() => {
        times.push(performance.now());
        if (times.length < 4) throw new Error('not yet');
      }),
    );
    await stream.publishNumbers(1);
    await eventually(() => expect(times).toHaveLength(4));
    const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    for (const [i, wait] of waits.entries()) expect(wait).toBeGreaterThan(250 * 2 ** i * 0.74);
    await eventually(async () => expect(await stream.unfinished()).toBe(0));
    expect(await stream.deadLetters()).toEqual({});
  });

  test.each([
    ['a payload that breaks its contract', '{"number":"one"}'],
    ['no JSON', '{'],
  ])('goes to the dead letters at once when it is hopeless: %s', async (_, data) => {
    const seen: number[] = [];
    await stream.follow(aFollower((number) => void seen.push(number)));
    await stream.publish(data);
    await stream.publish({ number: 2 });
    await eventually(async () => expect(await stream.deadLetters()).toEqual({ 'dead.search.events.contact.changed.v1.people': 1 }));
    await eventually(() => expect(seen).toEqual([2]));
    const letter = await stream.manager.streams.getMessage('DEAD', { last_by_subj: 'dead.>' });
    expect(letter?.string()).toBe(data);
    expect(letter?.header.get('Kontor-Error')).toBe('invalid');
    expect(letter?.header.get('Kontor-Tenant')).toMatch(/^[0-9a-f-]{36}$/);
  });

  /** Takes the event so many times as the consumer would, and gives it back at once. */
  async function burnTries(tries: number): Promise<void> {
    await stream.manager.consumers.add('EVENTS', {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: 60e9,
      max_deliver: -1,
      max_ack_pending: 2,
      filter_subject: 'events.contact.changed.v1.*',
    });
    const consumer = await jetstream(stream.onlooker.connection).consumers.get('EVENTS', durable);
    for (let i = 0; i < tries; i++) (await consumer.next({ expires: 2_000 }))?.nak();
  }

  test('eight times goes to the dead letters', async () => {
    await stream.publishNumbers(1);
    await burnTries(7);
    let tries = 0;
    await stream.follow(
      aFollower(() => {
        tries++;
        throw new Error('never');
      }),
    );
    await eventually(async () => expect(await stream.deadLetters()).toEqual({ 'dead.search.events.contact.changed.v1.people': 1 }));
    expect(tries).toBe(1);
    await eventually(async () => expect(await stream.unfinished()).toBe(0));
  });

  test('because a dependency is away is tried for ever', async () => {
    await stream.publishNumbers(1);
    await burnTries(9);
    const away = new AppError('unavailable', 'The database cannot be reached');
    let tries = 0;
    const replica = await stream.follow(
      aFollower(() => {
        tries++;
        throw away;
      }),
    );
    await eventually(() => expect(tries).toBe(1));
    await stream.stop(replica);
    expect(await stream.deadLetters()).toEqual({});
    expect(await stream.unfinished()).toBe(1);
  });
});
