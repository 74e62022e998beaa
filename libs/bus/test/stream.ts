import { randomUUID } from 'node:crypto';
import { event } from '@kontor/contracts';
import { startServers } from '@kontor/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Controller, type Type } from '@nestjs/common';
import { z } from 'zod';
import { Bus, type Context, type Lane, On, type OnOptions, serviceContext, toHeaders } from '../src/index.js';
import { connect, provisionStreams, startReplica } from './node.js';

const changed = event('events.contact.changed.v1', z.object({ number: z.int() }), { summary: 'For tests', lanes: true });
/** What the follower's consumer is called. */
export const durable = 'search-index-people';

/** Follows as the search service does; `receive` is the test's. */
export function aFollower(receive: (number: number) => Promise<void> | void, options: Omit<OnOptions, 'as'> = {}): Type {
  @Controller()
  class Follower {
    @On(changed, { as: 'index-people', ...options })
    async follow({ number }: { number: number }) {
      await receive(number);
    }
  }
  return Follower;
}

type Replica = Awaited<ReturnType<typeof startReplica>>;
export type Stream = Awaited<ReturnType<typeof startStream>>;

/** NATS with its streams, the customer service's connection to publish, and followers as the tests start them. */
export async function startStream() {
  const servers = await startServers({ nats: true });
  const { nats } = servers;
  await provisionStreams(nats);
  const [publisher, onlooker] = await Promise.all([connect(nats, 'customer'), connect(nats, 'test')]);
  const manager = await jetstreamManager(onlooker.connection);
  /** Empty, and such that a test may lose events of them on purpose, which the streams of a hub refuse. */
  const makeStreams = async () => {
    for (const name of ['EVENTS', 'DEAD']) {
      const { config } = await manager.streams.info(name);
      await manager.streams.delete(name);
      await manager.streams.add({ ...config, deny_purge: false });
    }
  };
  await makeStreams();
  const replicas = new Set<Replica>();

  const stop = async (replica: Replica) => {
    replicas.delete(replica);
    await replica.stop();
  };
  const publish = async (payload: unknown, lane: Lane = 'people', context: Context = serviceContext(randomUUID(), { lane })) => {
    const data = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await jetstream(publisher.connection).publish(Bus.subjectOf(changed, lane), data, { headers: toHeaders(context) });
  };
  return {
    nats,
    /** May do everything on the bus. */
    onlooker,
    manager,
    /** Those that follow now. */
    replicas,
    publish,
    stop,
    async publishNumbers(...numbers: number[]) {
      for (const number of numbers) await publish({ number });
    },
    async follow(controller: Type): Promise<Replica> {
      const replica = await startReplica(nats, 'search', [controller]);
      replicas.add(replica);
      return replica;
    },
    /** How many dead letters there are, by subject. */
    async deadLetters(): Promise<Record<string, number>> {
      const { state } = await manager.streams.info('DEAD', { subjects_filter: '>' });
      return state.subjects ?? {};
    },
    /** How many events the follower has not acknowledged. */
    async unfinished(): Promise<number> {
      const { num_pending, num_ack_pending } = await manager.consumers.info('EVENTS', durable);
      return num_pending + num_ack_pending;
    },
    /** After each test: nobody follows, and nothing is left to follow. */
    async clear() {
      for (const replica of replicas) await stop(replica);
      await manager.consumers.delete('EVENTS', durable).catch(() => {});
      await makeStreams();
    },
    async end() {
      await Promise.all([publisher.connection.close(), onlooker.connection.close()]);
      await servers.stop();
    },
  };
}
