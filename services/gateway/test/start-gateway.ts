import { randomUUID } from 'node:crypto';
import type { Problem } from '@kontor/contracts';
import type { Service } from '@kontor/service';
import { startWorld } from '@kontor/testing';
import { service } from '../src/index.js';
import { startIdentityProvider } from './identity-provider.js';

interface CallOptions {
  token?: string;
  headers?: Record<string, string>;
  /** An object is sent as JSON; text, bytes and forms as they are. */
  body?: unknown;
}
export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  text: string;
  json: T;
}

/** The gateway on real servers, with an identity provider of its own and these services behind it. */
export async function startGateway({
  services = [],
  env = {},
  meili,
}: {
  services?: Service[];
  env?: Record<string, string>;
  meili?: boolean;
} = {}) {
  const identity = await startIdentityProvider();
  const world = await startWorld({
    services: [...services, service],
    meili,
    env: { gateway: { KONTOR_HTTP_PORT: '0', KONTOR_HTTP_HOST: '127.0.0.1', KONTOR_OIDC_ISSUER: identity.issuer, ...env } },
  });
  const url = world.running.get('gateway')?.url ?? '';

  async function call<T = Record<string, unknown>>(
    method: string,
    path: string,
    { token, headers, body }: CallOptions = {},
  ): Promise<Answer<T>> {
    const asItIs = body === undefined || typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(!asItIs && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: asItIs ? (body as string | undefined) : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = text !== '' && /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, json: (isJson ? JSON.parse(text) : undefined) as T };
  }

  return {
    world,
    identity,
    url,
    call,
    /** Calls as one agent; by default an admin of a tenant that nobody else has. */
    async as(claims: Record<string, unknown> = {}) {
      const token = await identity.token({ tenant: randomUUID(), ...claims });
      return <T = Record<string, unknown>>(method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
        call<T>(method, path, { token, body, headers });
    },
    async stop() {
      await world.stop();
      await identity.stop();
    },
  };
}
export type Gateway = Awaited<ReturnType<typeof startGateway>>;

/** What every refusal has; gives it for a closer look. */
export function problemIn(answer: Answer): Problem {
  const problem = answer.json as Problem;
  const type = answer.headers.get('content-type');
  if (type !== 'application/problem+json; charset=utf-8' || problem.status !== answer.status)
    throw new Error(`this is no problem document: ${answer.status} ${type} ${answer.text.slice(0, 300)}`);
  for (const member of ['type', 'title', 'code', 'detail', 'requestId'])
    if (typeof problem[member] !== 'string' || problem[member] === '') throw new Error(`the problem has no ${member}: ${answer.text}`);
  if (answer.headers.get('x-request-id') !== problem.requestId) throw new Error('the problem has another request id than its answer');
  return problem;
}
