import type { Bus, Context } from '@kontor/bus';
import type { Audience, RequestContract } from '@kontor/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { GatewayEnv } from '../env.js';

/** What a route works with: the parts of one call. */
export interface Call<I = unknown> {
  bus: Bus;
  env: GatewayEnv;
  /** Who asks; goes with every request to a service. */
  context: Context;
  /** Parameters and body, checked against the route's input, and as they were sent. */
  input: I;
  request: FastifyRequest;
  reply: FastifyReply;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One route of the API: what it takes, who may call it, and what it answers. The OpenAPI document is made from the same values. */
export interface Route {
  method: Method;
  /** From the root, with parameters as in /v1/contacts/:id */
  path: string;
  /** The noun it belongs to, under which the documentation lists it. */
  tag: string;
  name: string;
  summary: string;
  audience: Audience;
  input: z.ZodObject;
  output?: z.ZodType;
  /** The member of the input that the body becomes; without it the members that are no parameters are the body. */
  body?: string;
  status: number;
  /** Members of the input that are parameters although the call has a body. */
  query?: string[];
  /** The largest body, in bytes. */
  maxBody?: number;
  /** The form that is taken instead of JSON. */
  form?: z.ZodObject;
  /** The bodies that are taken instead of JSON only, by media type; the route reads them itself. */
  takes?: Record<string, z.ZodType>;
  /** The media types of the answer where it is not JSON. */
  produces?: string | string[];
  /** What is there has an ETag of its own, which is not a version; the route handles it itself. */
  tagged?: true;
  /** Gives the answer's body, or the reply when it has sent it. */
  answer(call: Call): Promise<unknown>;
}

export type RouteInController = Omit<Route, 'tag'>;
type Options = Partial<Pick<Route, 'status' | 'body' | 'query' | 'maxBody'>>;

/** A route of which the owner of the contract gives the answer. */
function ask(method: Method, path: string, contract: RequestContract, options: Options): RouteInController {
  const { summary, audience, output } = contract;
  if (!(contract.input instanceof z.ZodObject)) throw new Error(`${contract.subject} takes no object, so it cannot be a route`);
  return {
    method,
    path,
    name: nameOf(contract.subject),
    summary,
    audience,
    // Strict, so that a parameter nobody knows is refused by name instead of doing nothing.
    input: contract.input.strict(),
    output: method === 'DELETE' || options.status === 204 ? undefined : output,
    status: 200,
    ...options,
    answer: ({ bus, input, context }) => bus.request(contract, input, context),
  };
}

export const get = (path: string, contract: RequestContract) => ask('GET', path, contract, {});
export const post = (path: string, contract: RequestContract, options: Options = {}) => ask('POST', path, contract, options);
export const create = (path: string, contract: RequestContract) => ask('POST', path, contract, { status: 201 });
export const patch = (path: string, contract: RequestContract, options: Options = { body: 'change' }) =>
  ask('PATCH', path, contract, options);
export const put = (path: string, contract: RequestContract, options: Options) => ask('PUT', path, contract, options);
export const remove = (path: string, contract: RequestContract) => ask('DELETE', path, contract, { status: 204 });

/** A route that does more than ask one service, with the input that its `answer` gets. */
export function route<I extends z.ZodObject>(
  method: Method,
  path: string,
  more: Omit<RouteInController, 'method' | 'path' | 'input' | 'answer' | 'audience' | 'status'> & {
    audience?: Audience;
    status?: number;
    input: I;
    answer(call: Call<z.input<I>>): Promise<unknown>;
  },
): RouteInController {
  return { audience: 'readers', status: 200, ...more, method, path, answer: (call) => more.answer(call as Call<z.input<I>>) };
}

// customer.list-customer-contacts → listCustomerContacts
const nameOf = (subject: string) => (subject.split('.')[1] ?? subject).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

declare module 'fastify' {
  interface FastifyContextConfig {
    route?: Route;
  }
}
