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
  /** Tenant, agent, roles, teams and door as the gateway has signed them; goes along with everything that is asked for this caller. */
  signed?: string;
}

/** Who asks. The gateway vouches for it with its signature; a service that passes a call on passes the signature on. */
export type Caller = Pick<Context, 'tenant' | 'agent' | 'roles' | 'teams' | 'door'>;

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

// A key is whatever the client says; header values must be one line of ASCII.
const pack = (value: string) => encodeURIComponent(JSON.stringify(value));
function unpack(value: string): string {
  try {
    return String(JSON.parse(decodeURIComponent(value)));
  } catch {
    throw new AppError('invalid', 'The header Idempotency-Key of the message cannot be read');
  }
}

/** The headers of a request or event. Who asks goes along only as signed; without a signature it is work of a service. */
export function toHeaders(context: Context): MsgHdrs {
  const h = natsHeaders();
  if (context.signed) h.set('Kontor-Caller', context.signed);
  else {
    h.set('Kontor-Tenant', context.tenant);
    h.set('Kontor-Door', context.door);
  }
  h.set('Kontor-Request-Id', context.requestId);
  h.set('traceparent', context.traceparent);
  h.set('Kontor-Lane', context.lane);
  if (context.deadline) h.set('Kontor-Deadline', String(context.deadline));
  if (context.idempotencyKey) h.set('Idempotency-Key', pack(context.idempotencyKey));
  return h;
}

/**
 * Reads what `toHeaders` wrote. The caller is the one that `verify` finds signed; a message without a signature is that of a service, and one
 * without a tenant is nobody's and is refused.
 */
export function fromHeaders(h: MsgHdrs | undefined, verify?: (signed: string) => Caller): Context {
  const deadline = Number(h?.get('Kontor-Deadline'));
  const signed = verify && h?.get('Kontor-Caller');
  return {
    ...(signed ? { ...verify(signed), signed } : serviceOf(h)),
    requestId: h?.get('Kontor-Request-Id') || randomUUID(),
    traceparent: h?.get('traceparent') || newTraceparent(),
    lane: h?.get('Kontor-Lane') === 'bulk' ? 'bulk' : 'people',
    ...(deadline > 0 && { deadline }),
    ...(h?.has('Idempotency-Key') && { idempotencyKey: unpack(h.get('Idempotency-Key')) }),
  };
}

function serviceOf(h: MsgHdrs | undefined): Caller {
  const tenant = h?.get('Kontor-Tenant');
  if (!tenant) throw new AppError('unauthenticated', 'The message names no tenant');
  return { tenant, roles: ['service'], teams: [], door: doors.find((door) => door === h?.get('Kontor-Door')) ?? 'api' };
}
