import { type Context, currentContext, Handle } from '@kontor/bus';
import type { RequestContract } from '@kontor/contracts';
import { BaseEnv, defineService, type Service } from '@kontor/service';
import { Controller, Module, type Type } from '@nestjs/common';
import type { z } from 'zod';

interface Answer {
  contract: RequestContract;
  give(input: never, context: Context): unknown;
}

export const answer = <I extends z.ZodType, O extends z.ZodType>(
  contract: RequestContract<I, O>,
  give: (input: z.output<I>, context: Context) => z.input<O> | Promise<z.input<O>>,
): Answer => ({ contract, give });

/** A service on the real bus that answers these requests as the test says: for what the real one does only in trouble. */
export function standIn(name: string, answers: Answer[]): Service {
  @Controller()
  class Answers {}
  for (const { contract, give } of answers) {
    const descriptor = { configurable: true, value: (input: unknown) => give(input as never, currentContext()) };
    Object.defineProperty(Answers.prototype, contract.subject, descriptor);
    Handle(contract)(Answers.prototype, contract.subject, descriptor);
  }
  return defineService({ name, env: BaseEnv, module: () => moduleOf(Answers) });
}

function moduleOf(controller: Type): Type {
  @Module({ controllers: [controller] })
  class StandIn {}
  return StandIn;
}
