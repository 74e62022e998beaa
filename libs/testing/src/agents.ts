import { randomUUID } from 'node:crypto';
import { type Context, newTraceparent } from '@kontor/bus';

/** The context of a call of an agent, of a tenant of its own unless one is given. */
export const anAgent = (given: Partial<Context> = {}): Context => ({
  tenant: randomUUID(),
  agent: { id: randomUUID(), name: 'Test Agent' },
  roles: ['admin'],
  teams: [],
  requestId: randomUUID(),
  traceparent: newTraceparent(),
  lane: 'people',
  door: 'api',
  ...given,
});

/** The same agent's next call: a request id of its own. */
export const again = (agent: Context, given: Partial<Context> = {}): Context => ({ ...agent, requestId: randomUUID(), ...given });
