import { AppError } from './app-error.js';
import { currentContext } from './context.js';
import { isLowerCaseUuid, uuidV5 } from './uuid.js';

/** Teams are known by name from the token; in access lists they are ids of the tenant. */
export const teamId = (name: string, tenant: string): string => uuidV5(tenant, name);

/**
 * The agent and teams as which the caller is asking, as lower-case UUIDs, for comparing with the readers of an entry (docs/rules.md 2.10);
 * undefined: sees everything, as admins and services do.
 */
export function grantees(): string[] | undefined {
  const { agent, roles, teams, tenant } = currentContext();
  if (roles.includes('admin') || roles.includes('service')) return undefined;
  const ids = [...(agent ? [agent.id] : []), ...teams.map((team) => teamId(team, tenant))];
  if (!ids.every(isLowerCaseUuid)) throw new AppError('invalid', 'The agent of this call must have a lower-case UUID');
  return ids;
}
