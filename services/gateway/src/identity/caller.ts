import { AppError, isLowerCaseUuid, type Role, uuidV5 } from '@kontor/bus';
import type { GatewayEnv } from '../env.js';

/** Who calls, as a verified token says. */
export interface Caller {
  tenant: string;
  agent: { id: string; name?: string };
  roles: Role[];
  teams: string[];
  /** All of the above in one string: equal when nothing about the agent has changed. */
  fingerprint: string;
}

type Claims = Record<string, unknown>;
// RFC 9562: the namespace of names that are URLs, as issuers are.
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';
const MAX_NAME = 256;
const MAX_TEAM = 256;
// `service` is a role too, but never one that a token may give.
const ROLES = ['admin', 'agent', 'light_agent'] as const satisfies readonly Role[];

/** Reads tenant, agent, roles and teams; a token without tenant or role belongs to nobody here and is refused with 403. */
export function callerOf(claims: Claims & { iss?: string; sub?: string }, env: GatewayEnv): Caller {
  const tenantClaim = find(claims, env.KONTOR_OIDC_TENANT_CLAIM);
  if (typeof tenantClaim !== 'string' || !tenantClaim.trim())
    throw new AppError('forbidden', `The access token has no claim "${env.KONTOR_OIDC_TENANT_CLAIM}" that names the tenant`);
  requireNameable(tenantClaim, env.KONTOR_OIDC_TENANT_CLAIM);
  requireNameable(String(claims.sub), 'sub');
  const named = texts(find(claims, env.KONTOR_OIDC_ROLES_CLAIM));
  if (named.length === 0)
    throw new AppError('forbidden', `The access token has no claim "${env.KONTOR_OIDC_ROLES_CLAIM}" that lists the roles of its holder`);
  const roles = ROLES.filter((role) => named.includes(role));
  if (roles.length === 0)
    throw new AppError('forbidden', `The claim "${env.KONTOR_OIDC_ROLES_CLAIM}" has none of the roles known here: ${ROLES.join(', ')}`);

  const lowerCase = tenantClaim.toLowerCase();
  const tenant = isLowerCaseUuid(lowerCase) ? lowerCase : uuidV5(env.KONTOR_TENANT_NAMESPACE, tenantClaim);
  const id = uuidV5(uuidV5(URL_NAMESPACE, String(claims.iss)), String(claims.sub));
  const name = [claims.name, claims.preferred_username].flatMap(texts).map(shown).find(Boolean);
  const agent = name === undefined ? { id } : { id, name };
  const teams = [...new Set(texts(find(claims, env.KONTOR_OIDC_TEAMS_CLAIM)))];
  for (const team of teams) requireNameable(team, env.KONTOR_OIDC_TEAMS_CLAIM, MAX_TEAM);
  return { tenant, agent, roles, teams, fingerprint: JSON.stringify([tenant, agent, roles, teams]) };
}

/** Claims may be named like URLs, with dots in them, or nested: realm_access.roles. */
function find(claims: Claims, name: string): unknown {
  if (name in claims) return claims[name];
  return name.split('.').reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), claims);
}

const isObject = (value: unknown): value is Claims => typeof value === 'object' && value !== null;

/** The texts in a claim that is a list or one text, but empty ones. */
const texts = (claim: unknown): string[] => [claim].flat().filter((value) => typeof value === 'string' && value !== '') as string[];

/** What is only shown is cleaned of what a database cannot keep. */
const shown = (name: string): string => name.toWellFormed().replaceAll('\u0000', '').slice(0, MAX_NAME).toWellFormed();

/**
 * What says which tenant, agent or team it is must be that to the letter. Half a surrogate pair, and what a broken one was replaced with before
 * it came here, stand for many texts: different tenants would become one. Nor is a name cut off.
 */
function requireNameable(value: string, claim: string, most = Number.POSITIVE_INFINITY): void {
  const wrong =
    !value.isWellFormed() || value.includes('\ufffd')
      ? 'must be well-formed Unicode'
      : value.includes('\u0000')
        ? 'has the character U+0000'
        : '';
  const reason = wrong || (value.length > most ? `is longer than ${most} characters` : '');
  if (reason) throw new AppError('forbidden', `A text in the claim "${claim}" of the access token ${reason}`);
}
