import { AppError, currentContext, grantees, teamId } from '@kontor/bus';
import type { Access, NewAccess } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import type { Noun } from '../sql/rows.js';

// Access control (docs/rules.md 2.10). Every read and write of contacts, customers and what belongs to them uses these conditions. `readers` and
// `writers` are stored on each row; null means everybody. A contact requires the right on its own row (alias t) and on its customer's (alias k).

export const unrestricted: Access = { restricted: false, agents: [], teams: [] };

function granted(column: 'readers' | 'writers', aliases: readonly string[]): string {
  const ids = grantees();
  if (!ids) return 'true';
  // Only UUIDs are interpolated, so this needs no parameters and can be embedded in any statement.
  const callerIds = `'{${ids.join(',')}}'::uuid[]`;
  return aliases.map((alias) => `(${alias}.${column} is null or ${alias}.${column} && ${callerIds})`).join(' and ');
}

/** Aliases of the tables that must grant a right: the row itself and, for contacts, the customer joined as `k`. */
const aliasesOf = (noun: Noun) => (noun === 'contact' ? ['t', 'k'] : ['t']);

/** SQL: the caller may see this row. */
export const mayRead = (noun: Noun): string => granted('readers', aliasesOf(noun));
/** SQL: the caller may change this row; light agents may change nothing. */
export const mayWrite = (noun: Noun): string => {
  const { roles } = currentContext();
  return roles.some((role) => role !== 'light_agent') ? granted('writers', aliasesOf(noun)) : 'false';
};
/** SQL: the caller may see the rows joined under these aliases, each with `readers`. A missing row of a left join does not restrict access. */
export const mayReadAll = (...aliases: string[]): string => granted('readers', aliases);
/** Equivalent to `mayRead(noun)` for lists, without joining each contact's customer: the few customers hidden from the caller are looked up once. */
export const mayReadListed = (noun: Noun): string => {
  if (noun === 'customer' || !grantees()) return mayRead(noun);
  return `${granted('readers', ['t'])} and ${mayReadCustomerOf('t')}`;
};
/** SQL: the customer referenced by the rows under this alias, if any, is not hidden from the caller. */
export function mayReadCustomerOf(alias: string): string {
  if (!grantees()) return 'true';
  const hidden = `select x.id from customer x where x.readers is not null and not (${granted('readers', ['x'])})`;
  return `(${alias}.customer_id is null or ${alias}.customer_id not in (${hidden}))`;
}
/**
 * SQL for rows linked to a contact (c) and a customer (k): the linked rows still exist. A purged one may have been restricted, so without it only
 * callers who see everything see the row.
 */
export const LINKED_ROWS_EXIST = '(t.contact_id is null or c.id is not null) and (t.customer_id is null or k.id is not null)';
export const mayWriteAll = (...aliases: string[]): string => granted('writers', aliases);

export const readOnly = (what: string) =>
  new AppError('forbidden', `You may see this ${what} but not change it; ask its owner or an admin for the right to write`);

/** Merges the given fields into an access list. Duplicate agents and teams are removed; the last named right wins. */
export function mergeAccess(before: Access, given: NewAccess | undefined): Access {
  if (!given) return before;
  const agents = given.agents ?? before.agents;
  const teams = given.teams ?? before.teams;
  return {
    restricted: given.restricted ?? before.restricted,
    agents: [...new Map(agents.map(({ id, rights }) => [id, { id, rights }])).values()],
    teams: [...new Map(teams.map(({ name, rights }) => [name, { name, rights }])).values()],
  };
}

interface Guarded {
  access: Access;
  ownerId: string | null;
}

/** The `readers` and `writers` columns derived from an access list. */
export function accessColumns({ access, ownerId }: Guarded): { access: Access | null; readers: string[] | null; writers: string[] | null } {
  const isSet = access.restricted || access.agents.length > 0 || access.teams.length > 0;
  if (!access.restricted) return { access: isSet ? access : null, readers: null, writers: null };
  const { tenant } = currentContext();
  const all = [
    ...(ownerId ? [{ id: ownerId, rights: 'write' as const }] : []),
    ...access.agents,
    ...access.teams.map(({ name, rights }) => ({ id: teamId(name, tenant), rights })),
  ];
  const withRight = (wanted: (rights: 'read' | 'write') => boolean) => [
    ...new Set(all.flatMap(({ id, rights }) => (wanted(rights) ? id : []))),
  ];
  return { access, readers: withRight(() => true), writers: withRight((rights) => rights === 'write') };
}

/** Only the owner and admins may change access or owner; without an owner, only admins. */
export function mayChangeAccess(before: Pick<Guarded, 'ownerId'>): boolean {
  const { agent, roles } = currentContext();
  return roles.includes('admin') || roles.includes('service') || (before.ownerId !== null && before.ownerId === agent?.id);
}
export function refuseChangingAccess(before: Guarded, fields: readonly string[]): void {
  if (!fields.includes('access') && !fields.includes('ownerId')) return;
  if (mayChangeAccess(before)) return;
  throw new AppError('forbidden', 'Only the owner and admins change access or owner');
}

/** Refuses agents in an access list who have never called the API. */
export async function refuseUnknownGrantees(tx: EntityManager, { agents }: Access): Promise<void> {
  if (agents.length === 0) return;
  const known: { id: string }[] = await tx.query('select id from agent where id = any($1)', [agents.map(({ id }) => id)]);
  refuseGrantees({ agents }, new Set(known.map(({ id }) => id)));
}

/** The same with the known agents already loaded. */
export function refuseGrantees({ agents }: Pick<Access, 'agents'>, known: ReadonlySet<string>): void {
  const index = agents.findIndex(({ id }) => !known.has(id));
  if (index < 0) return;
  const path = `access.agents[${index}].id`;
  const message = 'must be the id of an agent of this tenant; GET /v1/agents lists them';
  throw new AppError('invalid', `${path}: ${message}`, { errors: [{ path, message, code: 'unknown' }] });
}
