import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { type Door, doors } from '@kontor/contracts';
import { type MsgHdrs, headers as natsHeaders } from '@nats-io/nats-core';
import { AppError } from './app-error.js';

export type Role = 'admin' | 'agent' | 'light_agent' | 'service';
/** People's changes go before those of imports and jobs. */
export type Lane = 'people' | 'bulk';

/** Who asks, for whom, and until when. It travels with every request and event as headers, never as input. */
export interface Context {
  tenant: string;
  agent?: { id: string; name?: string };
  roles: Role[];
  teams: string[];
  requestId: string;
  traceparent: string;
  lane: Lane;
  /** Which way a change came in; kept in history. */
  door: Door;
  /** Milliseconds since 1970 after which nobody waits for the answer any more. */
  deadline?: number;
  idempotencyKey?: string;
}

const storage = new AsyncLocalStorage<Context>();

/** Runs `work` for this context; everything it asks or emits carries it on. */
export const runAs = <T>(context: Context, work: () => T): T => storage.run(context, work);

/** The context of the call that is being worked on. */
export function currentContext(): Context {
  const context = storage.getStore();
  if (!context) throw new Error('There is no context here: wrap the work in runAs(…)');
  return context;
}

/** The agent who asks; work that no agent has asked for has none, and is refused where one is needed. */
export function currentAgent(): { id: string; name?: string } {
  const { agent } = currentContext();
  if (!agent) throw new AppError('forbidden', 'Only an agent can do this');
  return agent;
}

// UUIDs come from a store of random bytes; asking the system for bytes each time is dear.
const hex = () => randomUUID().replaceAll('-', '');

/** A W3C trace context of its own. */
export const newTraceparent = () => `00-${hex()}-${hex().slice(16)}-01`;

/** A context for work that no agent has asked for directly, like following events. */
export const serviceContext = (tenant: string, more: Partial<Context> = {}): Context => ({
  tenant,
  roles: ['service'],
  teams: [],
  requestId: randomUUID(),
  traceparent: newTraceparent(),
  lane: 'people',
  door: 'api',
  ...more,
});

// Names and teams are whatever the identity provider says; header values must be one line of ASCII.
const pack = (value: unknown) => encodeURIComponent(JSON.stringify(value));
const unpack = <T>(value: string): T => JSON.parse(decodeURIComponent(value)) as T;

export function toHeaders(context: Context): MsgHdrs {
  const h = natsHeaders();
  h.set('Kontor-Tenant', context.tenant);
  if (context.agent) h.set('Kontor-Agent', pack(context.agent));
  h.set('Kontor-Roles', context.roles.join(','));
  if (context.teams.length) h.set('Kontor-Teams', pack(context.teams));
  h.set('Kontor-Request-Id', context.requestId);
  h.set('traceparent', context.traceparent);
  h.set('Kontor-Lane', context.lane);
  h.set('Kontor-Door', context.door);
  if (context.deadline) h.set('Kontor-Deadline', String(context.deadline));
  if (context.idempotencyKey) h.set('Idempotency-Key', pack(context.idempotencyKey));
  return h;
}

/** Reads what `toHeaders` wrote; a message without a tenant is nobody's and is refused. */
export function fromHeaders(h: MsgHdrs | undefined): Context {
  const tenant = h?.get('Kontor-Tenant');
  if (!h || !tenant) throw new AppError('unauthenticated', 'The message names no tenant');
  const deadline = Number(h.get('Kontor-Deadline'));
  return {
    tenant,
    ...(h.has('Kontor-Agent') && { agent: unpack<{ id: string; name?: string }>(h.get('Kontor-Agent')) }),
    roles: h.get('Kontor-Roles').split(',').filter(Boolean) as Role[],
    teams: h.has('Kontor-Teams') ? unpack<string[]>(h.get('Kontor-Teams')) : [],
    requestId: h.get('Kontor-Request-Id') || randomUUID(),
    traceparent: h.get('traceparent') || newTraceparent(),
    lane: h.get('Kontor-Lane') === 'bulk' ? 'bulk' : 'people',
    door: doors.find((door) => door === h.get('Kontor-Door')) ?? 'api',
    ...(deadline > 0 && { deadline }),
    ...(h.has('Idempotency-Key') && { idempotencyKey: unpack<string>(h.get('Idempotency-Key')) }),
  };
}
