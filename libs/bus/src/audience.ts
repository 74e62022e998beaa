import type { Audience } from '@kontor/contracts';
import type { Role } from './context.js';

const allowed: Record<Audience, readonly Role[]> = {
  services: ['service'],
  admins: ['admin'],
  agents: ['admin', 'agent'],
  readers: ['admin', 'agent', 'light_agent'],
};

/** Whether one of these roles is among those a contract is for. */
export const mayCall = (audience: Audience, roles: readonly Role[]): boolean => roles.some((role) => allowed[audience].includes(role));
