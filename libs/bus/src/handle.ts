import type { EventContract, RequestContract } from '@kontor/contracts';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import type { z } from 'zod';
import type { Lane } from './context.js';

export interface OnOptions {
  /** What we do with the event. With the service's name before it, it names the durable consumer; the NATS policy lists it. */
  as: string;
  /** Only this lane; without it both. */
  lane?: Lane;
  /** Events worked on at a time (default 1, which keeps their order). */
  concurrency?: number;
  /** The gate that must be open for events to be pulled. */
  behind?: string;
}

export const HANDLE = Symbol('kontor.handle');
export const ON = Symbol('kontor.on');

/** Answers a request. The method takes the contract's input and gives its output; anything else does not compile. */
export function Handle<I extends z.ZodType, O extends z.ZodType>(contract: RequestContract<I, O>) {
  return <T extends (input: z.output<I>) => z.input<O> | Promise<z.input<O>>>(
    target: object,
    key: string | symbol,
    method: TypedPropertyDescriptor<T>,
  ) => {
    MessagePattern(contract.subject, undefined as any, { [HANDLE]: contract } as any)(target, key, method);
  };
}

/** Receives an event, at least once and in no promised order across lanes. A thrown error brings it again later, at last to the dead letters. */
export function On<P extends z.ZodType>(contract: EventContract<P>, options: OnOptions) {
  return <T extends (payload: z.output<P>) => void | Promise<void>>(
    target: object,
    key: string | symbol,
    method: TypedPropertyDescriptor<T>,
  ) => {
    EventPattern(options.as, undefined as any, { [ON]: { contract, options } } as any)(target, key, method as any);
  };
}
