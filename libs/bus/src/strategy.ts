import type { EventContract, RequestContract } from '@kontor/contracts';
import type { Msg, Subscription } from '@nats-io/nats-core';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { firstValueFrom, isObservable } from 'rxjs';
import { addressOf, isAnswerable } from './address.js';
import { AppError, fieldErrors } from './app-error.js';
import { mayCall } from './audience.js';
import type { Bus } from './bus.js';
import { EventConsumer } from './consume.js';
import { fromHeaders, runAs } from './context.js';
import { describeError } from './describe-error.js';
import { HANDLE, ON, type OnOptions } from './handle.js';
import { Limit } from './limit.js';
import { parseInput } from './parse-input.js';
import { decode, encode, encodeError } from './wire.js';

/** Called after each handled request or event, for metrics. `code` is `ok` or an error code. */
export type Observer = (kind: 'request' | 'event', name: string, milliseconds: number, code: string) => void;

const MAX_REPLY = 7 * 1024 * 1024;

/**
 * The one transport of Kontor: requests over core NATS in a queue group named like the service, events over JetStream.
 * A request is answered only into the inbox of who asked. Handlers go through Nest's guards, interceptors and filters as with any transport. Every request gets an answer: also bad JSON,
 * too large replies, and thrown errors.
 */
export class BusStrategy extends Server implements CustomTransportStrategy {
  private readonly subscriptions: Subscription[] = [];
  private readonly consumers: EventConsumer[] = [];
  private readonly limit: Limit;

  constructor(
    private readonly bus: Bus,
    private readonly observe: Observer = () => {},
  ) {
    super();
    this.limit = new Limit(bus.options.concurrency ?? 64);
  }

  listen(ready: () => void): void {
    for (const handler of this.messageHandlers.values()) {
      const extras = (handler.extras ?? {}) as { [HANDLE]?: RequestContract; [ON]?: { contract: EventContract; options: OnOptions } };
      if (extras[HANDLE]) this.serve(extras[HANDLE], handler);
      if (extras[ON]) this.follow(extras[ON].contract, extras[ON].options, handler);
    }
    // The subscriptions are known to the broker before the service says that it is ready.
    void this.bus.connection.flush().then(
      () => ready(),
      () => ready(),
    );
  }

  private serve(contract: RequestContract, handler: MessageHandler): void {
    const { name } = this.bus.options;
    if (!contract.subject.startsWith(`${name}.`)) throw new Error(`${contract.subject} does not belong to the ${name} service`);
    this.subscriptions.push(
      this.bus.connection.subscribe(addressOf(contract.subject, '*'), {
        queue: name,
        callback: (error, message) => {
          if (error) this.logger.error({ event: 'subscription-failed', subject: contract.subject, message: error.message });
          else if (isAnswerable(message.subject, message.reply)) void this.answer(contract, handler, message);
          // Not answered, so not done either. The reply subject is not logged: whoever made it up may have written anything into it.
          else
            this.logger.warn({
              event: 'request-dropped',
              subject: message.subject,
              message: 'the answer is not for the inbox of who asks',
            });
        },
      }),
    );
  }

  private async answer(contract: RequestContract, handler: MessageHandler, message: Msg): Promise<void> {
    const start = performance.now();
    let code = 'ok';
    try {
      const reply = await this.limit.run(() => this.call(contract, handler, message));
      message.respond(reply);
    } catch (error) {
      const known =
        error instanceof AppError ? error : new AppError('internal', 'Something went wrong inside; the log has more under this request id');
      code = known.code;
      if (known !== error)
        this.logger.error({
          event: 'request-failed',
          subject: contract.subject,
          requestId: message.headers?.get('Kontor-Request-Id'),
          ...describeError(error),
        });
      const { data, headers } = encodeError(known);
      message.respond(data, { headers });
    }
    this.observe('request', contract.subject, performance.now() - start, code);
  }

  private async call(contract: RequestContract, handler: MessageHandler, message: Msg): Promise<Uint8Array> {
    const context = fromHeaders(message.headers, (signed) => this.bus.callers.verify(signed, contract.outlivesCaller));
    if (context.deadline && context.deadline <= Date.now())
      throw new AppError('timeout', 'The time for this request was over before its turn came');
    if (!mayCall(contract.audience, context.roles)) throw new AppError('forbidden', `${contract.summary}: your role does not allow it`);
    const input = parseInput(contract.input, decode(message.data));
    const output = contract.output.safeParse(await runAs(context, () => invoke(handler, input)));
    if (!output.success)
      throw new Error(
        `${contract.subject} would answer what its contract does not allow: ${fieldErrors(output.error.issues)
          .map((e) => `${e.path} ${e.code}`)
          .join(', ')}`,
      );
    const reply = encode(output.data);
    if (reply.length > MAX_REPLY) throw new AppError('too-large', 'The answer is too large; ask for less at a time');
    return reply;
  }

  private follow(contract: EventContract, options: OnOptions, handler: MessageHandler): void {
    const listener = {
      contract,
      options,
      receive: async (payload: unknown) => {
        const start = performance.now();
        try {
          await invoke(handler, payload);
          this.observe('event', options.as, performance.now() - start, 'ok');
        } catch (error) {
          this.observe('event', options.as, performance.now() - start, error instanceof AppError ? error.code : 'internal');
          throw error;
        }
      },
    };
    const consumer = new EventConsumer(this.bus, listener, this.logger);
    this.consumers.push(consumer);
    consumer.start();
  }

  /** Stops pulling events, takes no new requests, and waits until what has begun is finished. */
  async close(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
    if (!this.bus.connection.isClosed()) await Promise.all(this.subscriptions.map((subscription) => subscription.drain()));
    await this.limit.idle();
  }

  on(): never {
    throw new Error('The bus has no events of its own to listen to');
  }

  unwrap<T>(): T {
    return this.bus.connection as T;
  }
}

async function invoke(handler: MessageHandler, input: unknown): Promise<unknown> {
  const result: unknown = await handler(input);
  return isObservable(result) ? firstValueFrom(result, { defaultValue: undefined }) : result;
}
