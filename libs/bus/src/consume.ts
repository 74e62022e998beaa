import { setTimeout as sleep } from 'node:timers/promises';
import type { EventContract } from '@kontor/contracts';
import {
  AckPolicy,
  type ConsumerInfo,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/nats-core';
import { AppError, fieldErrors, invalid } from './app-error.js';
import { backoffMs } from './backoff.js';
import { Bus } from './bus.js';
import { fromHeaders, runAs } from './context.js';
import { describeError, isTransient } from './describe-error.js';
import type { Follower } from './followers.js';
import { gapBetween } from './gap-between.js';
import type { OnOptions } from './handle.js';
import { decode } from './wire.js';

const SECOND = 1_000_000_000; // JetStream counts in nanoseconds
const ACK_WAIT_S = 60;
// Behind a gate only one process works: what it has in hand when it dies, or is paused, must soon come to the next one. So it takes no stock, and asks
// for events for a short time only, because those that come while it is paused would be lost for as long.
const ACK_WAIT_BEHIND_GATE_S = 6;
const ASK_MS = 10_000;
const ASK_BEHIND_GATE_MS = 5_000;
const TRIES = 8;
const MOST_DELAY_MS = 30_000;
// Where the server says nothing of it: when it has forgotten the consumer while none was asked for, or a stream was purged.
const LOOK_EVERY_MS = 3_000;
const CONSUMER_EXISTS = 10_148; // server/errors.json of nats-server: consumer already exists

export interface Listener {
  contract: EventContract;
  options: OnOptions;
  receive(payload: unknown): Promise<void>;
}
interface Log {
  log(message: unknown): void;
  warn(message: unknown): void;
  error(message: unknown): void;
}

/**
 * Pulls the events of one listener through a durable consumer until it is stopped.
 * Done → ack. Failed → again later, with growing jittered delay (a bare nak burns all tries in milliseconds);
 * after 8 tries, or at once when the payload is invalid, the event goes to `dead.<service>.<subject>`.
 * While only a dependency is missing it is tried for ever: nothing is wrong with the event.
 * A consumer that is not there (any more) is made again, from the first event that the stream has, after those who can repair what was missed were notified.
 */
export class EventConsumer {
  private stopped = false;
  private messages?: ConsumerMessages;
  private readonly inFlight = new Set<Promise<void>>();
  private loop?: Promise<void>;
  private readonly follower: Follower;
  /** The consumer as it was last seen. */
  private seen?: ConsumerInfo;

  constructor(
    private readonly bus: Bus,
    private readonly listener: Listener,
    private readonly log: Log,
  ) {
    this.follower = bus.followers.add(this.durable);
  }

  start(): void {
    this.loop = this.run();
  }

  /** Stops pulling, then waits for what is being worked on. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.listener.options.behind) this.bus.gate(this.listener.options.behind).open();
    await this.messages?.close();
    await this.loop;
    await Promise.all(this.inFlight);
  }

  private get durable(): string {
    return `${this.bus.options.name}-${this.listener.options.as}`;
  }

  private get ackWaitS(): number {
    return this.listener.options.behind ? ACK_WAIT_BEHIND_GATE_S : ACK_WAIT_S;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const { behind } = this.listener.options;
      if (behind) {
        if (this.follower.state === 'following') this.follower.state = 'waiting';
        await this.bus.gate(behind).opened();
      }
      if (this.stopped) return;
      try {
        await this.pull();
      } catch (error) {
        if (!this.stopped) this.interrupted(error);
      }
      if (!this.stopped) await sleep(500 + Math.random() * 500);
    }
  }

  private async pull(): Promise<void> {
    const { contract, options } = this.listener;
    const concurrency = options.concurrency ?? 1;
    const manager = await jetstreamManager(this.bus.connection, { checkAPI: false });
    const lane = options.lane ?? '*';
    const stock = options.behind ? concurrency : concurrency * 2;
    const settings = {
      durable_name: this.durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: this.ackWaitS * SECOND,
      max_deliver: -1,
      max_ack_pending: stock,
      filter_subject: contract.lanes ? `${contract.subject}.${lane}` : contract.subject,
    };
    await this.notifyOfGap(await this.info(manager));
    try {
      this.seen = await manager.consumers.add('EVENTS', settings);
    } catch (error) {
      // An earlier version of the service made it with other settings.
      if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_EXISTS) throw error;
      this.seen = await manager.consumers.update('EVENTS', this.durable, settings);
    }
    const consumer = await jetstream(this.bus.connection).consumers.get('EVENTS', this.durable);
    const messages = await consumer.consume({
      max_messages: stock,
      expires: options.behind ? ASK_BEHIND_GATE_MS : ASK_MS,
      abort_on_missing_resource: true,
    });
    this.messages = messages;
    if (this.stopped) messages.stop(); // stop() came while there was nothing to close yet
    if (options.behind) this.bus.gate(options.behind).onClose(() => messages.stop());
    this.nowFollowing();
    const looking = setInterval(() => void this.look(manager, messages), LOOK_EVERY_MS);
    await this.work(messages, concurrency).finally(() => clearInterval(looking));
  }

  private async work(messages: ConsumerMessages, concurrency: number): Promise<void> {
    for await (const message of messages) {
      if (this.stopped) {
        // Handed back at once; if it were just left, nobody would get it before the time to acknowledge is over.
        message.nak();
        continue;
      }
      const work = this.handle(message).finally(() => this.inFlight.delete(work));
      this.inFlight.add(work);
      if (this.inFlight.size >= concurrency) await Promise.race(this.inFlight);
    }
  }

  /** The consumer as it is; undefined when there is none. */
  private async info(manager: JetStreamManager): Promise<ConsumerInfo | undefined> {
    try {
      return await manager.consumers.info('EVENTS', this.durable);
    } catch (error) {
      if (isMissing(error, JetStreamApiCodes.ConsumerNotFound)) return undefined;
      throw error;
    }
  }

  /** Notifies when events may have been missed. Before the consumer is made: should this process die in between, the next one finds it missing again. */
  private async notifyOfGap(now: ConsumerInfo | undefined): Promise<void> {
    const gap = gapBetween(this.seen, now);
    if (gap) {
      await this.bus.followers.notifyOfGap(this.follower);
      const about = { event: 'consumer-gap', consumer: this.durable, gap };
      if (this.seen || this.follower.state === 'lost') this.log.warn(about);
      else this.log.log(about);
    }
    this.seen = now;
  }

  /** Ends the pulling when there is something that the server does not say by itself. While it cannot be asked nothing is known. */
  private async look(manager: JetStreamManager, messages: ConsumerMessages): Promise<void> {
    try {
      const now = await this.info(manager);
      if (gapBetween(this.seen, now)) messages.stop(new Error(`events of the consumer ${this.durable} may be missing`));
      else this.seen = now;
    } catch (error) {
      if (isMissing(error, JetStreamApiCodes.StreamNotFound)) messages.stop(error);
    }
  }

  private interrupted(error: unknown): void {
    const reason = error instanceof Error ? error.message : 'failed';
    const said = this.follower.state === 'lost' && this.follower.reason === reason;
    this.follower.state = 'lost';
    this.follower.reason = reason;
    // It is tried again every second; what stays as it is has been said.
    if (!said) this.log.warn({ event: 'consumer-interrupted', consumer: this.durable, ...describeError(error) });
  }

  private nowFollowing(): void {
    if (this.follower.state === 'lost') this.log.warn({ event: 'consumer-back', consumer: this.durable });
    this.follower.state = 'following';
    this.follower.reason = undefined;
  }

  private async handle(message: JsMsg): Promise<void> {
    const stillWorking = setInterval(() => message.working(), (this.ackWaitS * 1000) / 3);
    try {
      const context = fromHeaders(message.headers);
      const parsed = this.listener.contract.payload.safeParse(decode(message.data));
      if (!parsed.success) throw invalid(fieldErrors(parsed.error.issues));
      await runAs({ ...context, idempotencyKey: undefined, deadline: undefined }, () => this.listener.receive(parsed.data));
      message.ack();
    } catch (error) {
      await this.fail(message, error);
    } finally {
      clearInterval(stillWorking);
    }
  }

  private async fail(message: JsMsg, error: unknown): Promise<void> {
    const tries = message.info.deliveryCount;
    const hopeless = error instanceof AppError && (error.code === 'invalid' || error.code === 'unauthenticated');
    const about = { consumer: this.durable, subject: message.subject, sequence: message.seq, tries, ...describeError(error) };
    if (hopeless || (tries >= TRIES && !isTransient(error))) {
      this.log.error({ event: 'dead-letter', ...about });
      const dead = natsHeaders();
      for (const [key, values] of message.headers ?? []) if (!key.startsWith('Nats-')) for (const value of values) dead.append(key, value);
      dead.set('Kontor-Error', error instanceof AppError ? error.code : 'internal');
      dead.set('Nats-Msg-Id', `${this.durable}:${message.seq}`);
      try {
        await jetstream(this.bus.connection).publish(`dead.${this.bus.options.name}.${message.subject}`, message.data, { headers: dead });
        message.term();
        return;
      } catch (cause) {
        this.log.error({ event: 'dead-letter-refused', ...about, ...describeError(cause) });
      }
    }
    // A whole number: the server takes a delay with a fraction for none at all.
    const delayMs = backoffMs(tries, MOST_DELAY_MS);
    this.log.warn({ event: 'event-again-later', delayMs, ...about });
    message.nak(delayMs);
  }
}

const isMissing = (error: unknown, code: number): error is JetStreamApiError => error instanceof JetStreamApiError && error.code === code;
