import { setTimeout as sleep } from 'node:timers/promises';
import type { EventContract } from '@kontor/contracts';
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/nats-core';
import { AppError, fieldErrors, invalid } from './app-error.js';
import { Bus } from './bus.js';
import { fromHeaders, runAs } from './context.js';
import { describeError, isTransient } from './describe-error.js';
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
const CONSUMER_EXISTS = 10_148; // server/errors.json of nats-server: consumer already exists

export interface Listener {
  contract: EventContract;
  options: OnOptions;
  receive(payload: unknown): Promise<void>;
}
interface Log {
  warn(message: unknown): void;
  error(message: unknown): void;
}

/**
 * Pulls the events of one listener through a durable consumer until it is stopped.
 * Done → ack. Failed → again later, with growing jittered delay (a bare nak burns all tries in milliseconds);
 * after 8 tries, or at once when the payload is invalid, the event goes to `dead.<service>.<subject>`.
 * While only a dependency is missing it is tried for ever: nothing is wrong with the event.
 */
export class EventConsumer {
  private stopped = false;
  private messages?: ConsumerMessages;
  private readonly inFlight = new Set<Promise<void>>();
  private loop?: Promise<void>;

  constructor(
    private readonly bus: Bus,
    private readonly listener: Listener,
    private readonly log: Log,
  ) {}

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
      if (behind) await this.bus.gate(behind).opened();
      if (this.stopped) return;
      try {
        await this.pull();
      } catch (error) {
        if (!this.stopped) this.log.warn({ event: 'consumer-interrupted', consumer: this.durable, ...describeError(error) });
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
    try {
      await manager.consumers.add('EVENTS', settings);
    } catch (error) {
      // An earlier version of the service made it with other settings.
      if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_EXISTS) throw error;
      await manager.consumers.update('EVENTS', this.durable, settings);
    }
    const consumer = await jetstream(this.bus.connection).consumers.get('EVENTS', this.durable);
    this.messages = await consumer.consume({ max_messages: stock, expires: options.behind ? ASK_BEHIND_GATE_MS : ASK_MS });
    if (this.stopped) this.messages.stop(); // stop() came while there was nothing to close yet
    if (options.behind) this.bus.gate(options.behind).onClose(() => this.messages?.stop());
    for await (const message of this.messages) {
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

  private async handle(message: JsMsg): Promise<void> {
    const stillWorking = setInterval(() => message.working(), (this.ackWaitS * 1000) / 3);
    try {
      const context = fromHeaders(message.headers);
      const parsed = this.listener.contract.payload.safeParse(decode(message.data));
      if (!parsed.success) throw invalid(fieldErrors(parsed.error.issues));
      await runAs({ ...context, roles: ['service'], agent: undefined, idempotencyKey: undefined, deadline: undefined }, () =>
        this.listener.receive(parsed.data),
      );
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
    const delayMs = Math.round(Math.min(250 * 2 ** Math.min(tries - 1, 7), 30_000) * (0.75 + Math.random() / 2));
    this.log.warn({ event: 'event-again-later', delayMs, ...about });
    message.nak(delayMs);
  }
}
