import type { EventContract, RequestContract } from '@kontor/contracts';
import { type ConnectionOptions, type NatsConnection, NoRespondersError, RequestError, TimeoutError } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import type { z } from 'zod';
import { addressOf, inboxOf } from './address.js';
import { AppError } from './app-error.js';
import { CallerSigner, CallerVerifier } from './caller.js';
import { type Context, currentContext, toHeaders } from './context.js';
import { Followers } from './followers.js';
import { Gate } from './gate.js';
import { decodeReply, encode } from './wire.js';

export interface BusOptions {
  /** The service's name: its queue group, its user, the first token of its subjects. */
  name: string;
  url: string;
  user?: string;
  password?: string;
  /** The public keys of the gateway, with which callers are checked (see caller.ts). */
  callerKeys?: readonly string[];
  /** The gateway's private key: what is asked for an agent is signed with it. */
  signingKey?: string;
  /** Requests worked on at a time; four times as many wait, more are refused with `busy`. */
  concurrency?: number;
}

// A reply must fit into NATS' max_payload (8 MB) with room for headers.
const MAX_MESSAGE = 7 * 1024 * 1024;

/** Sends requests and publishes events; one connection per process, reconnecting for ever. */
export class Bus {
  /** The durable consumers that this process follows. */
  readonly followers = new Followers();
  private readonly gates = new Map<string, Gate>();
  /** Pending while the broker is away; undefined while it is there. */
  private away?: Promise<void>;
  private readonly signer?: CallerSigner;
  readonly callers: CallerVerifier;

  private constructor(
    readonly options: BusOptions,
    readonly connection: NatsConnection,
  ) {
    if (options.signingKey) this.signer = new CallerSigner(options.signingKey);
    this.callers = new CallerVerifier(options.callerKeys ?? []);
    void this.watch();
  }

  static async connect(options: BusOptions): Promise<Bus> {
    const settings: ConnectionOptions = {
      servers: options.url,
      name: options.name,
      inboxPrefix: inboxOf(options.name),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      waitOnFirstConnect: true,
      pingInterval: 10_000,
      maxPingOut: 2,
      // A stack for every request, made ahead of an error that seldom comes, costs a tenth of a call.
      noAsyncTraces: true,
      ...(options.user && { user: options.user, pass: options.password }),
    };
    return new Bus(options, await connect(settings));
  }

  /**
   * Asks the owner of the contract and gives its answer, checked against the contract.
   * Fails with the other side's AppError, with `unavailable` at once when nobody serves it, and with `timeout`
   * after the contract's time or the caller's deadline, whichever is sooner. While the broker is away it waits that long for it,
   * then fails with `unavailable`: nothing was asked.
   */
  async request<I extends z.ZodType, O extends z.ZodType>(
    contract: RequestContract<I, O>,
    input: z.input<I>,
    context: Context = currentContext(),
  ): Promise<z.output<O>> {
    const now = Date.now();
    const deadline = Math.min(now + contract.timeoutMs, context.deadline ?? Number.POSITIVE_INFINITY);
    if (deadline <= now) throw new AppError('timeout', `The time for ${contract.subject} was over before it was asked`);
    const headers = toHeaders({ ...context, deadline, signed: this.signatureOf(context) });
    const data = encode(input);
    if (data.length > MAX_MESSAGE) throw new AppError('too-large', `The request is larger than ${MAX_MESSAGE} bytes`);
    if (this.away) await this.back(deadline);
    const reply = await this.connection
      .request(addressOf(contract.subject, this.options.name), data, { timeout: Math.max(deadline - Date.now(), 1), headers })
      .catch((error: unknown) => {
        throw this.failure(contract.subject, error);
      });
    // The owner has parsed its answer with the same contract before it left.
    return decodeReply(reply) as z.output<O>;
  }

  /** What is asked for an agent goes out only as the gateway has signed it: unsigned it would count as work of a service, which may do more. */
  private signatureOf(context: Context): string | undefined {
    if (context.roles.length === 1 && context.roles[0] === 'service') return undefined;
    const signed = this.signer?.sign(context) ?? context.signed;
    if (!signed) throw new AppError('unauthenticated', 'The gateway has not signed who asked for this; ask for it again');
    return signed;
  }

  private async watch(): Promise<void> {
    let back = () => {};
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect' && !this.away) ({ promise: this.away, resolve: back } = Promise.withResolvers<void>());
      if (type === 'reconnect') {
        this.away = undefined;
        back();
      }
    }
    back();
  }

  /** What is sent while the broker is away is lost without a word, and its sender would wait until the deadline; so it waits here first. */
  private async back(deadline: number): Promise<void> {
    const late = new AppError('unavailable', 'The bus is not available at the moment', { retryAfter: 2 });
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      timer = setTimeout(reject, deadline - Date.now(), late);
    });
    await Promise.race([this.away, over]).finally(() => clearTimeout(timer));
  }

  private failure(subject: string, error: unknown): AppError {
    const service = subject.split('.', 1)[0];
    const cause = error instanceof RequestError && error.cause ? error.cause : error;
    if (cause instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders()))
      return new AppError('unavailable', `The ${service} service does not run at the moment`, { retryAfter: 2 });
    if (cause instanceof TimeoutError) return new AppError('timeout', `The ${service} service did not answer in time`, { retryAfter: 2 });
    return new AppError('unavailable', `The bus is not available: ${error instanceof Error ? error.message : String(error)}`, {
      retryAfter: 2,
    });
  }

  /** The subject an event goes out on. */
  static subjectOf(contract: EventContract, lane: Context['lane']): string {
    return contract.lanes ? `${contract.subject}.${lane}` : contract.subject;
  }

  /**
   * A gate that listeners named with `@On(…, { behind })` wait at: they pull events only while it is open.
   * For work that only one replica may do, opened by the replica that holds the lock.
   */
  gate(name: string): Gate {
    const gate = this.gates.get(name) ?? new Gate();
    this.gates.set(name, gate);
    return gate;
  }

  /** Whether the broker can be reached now. */
  async ping(): Promise<void> {
    if (this.connection.isClosed()) throw new Error('the connection to NATS is closed');
    const late = new Promise<never>((_, reject) => setTimeout(reject, 2_000, new Error('NATS did not answer within 2 s')).unref());
    await Promise.race([this.connection.flush(), late]);
  }
}
