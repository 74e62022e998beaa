import { AppError, currentContext, grantees, teamId } from '@kontor/bus';
import type { Access, NewAccess } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import type { Noun } from '../sql/rows.js';

// Who may see and change what (docs/rules.md 2.10). Every read and write of contacts, customers and what belongs to them goes through here.
// `readers` and `writers` stand on each row, null for everybody; a contact needs the right on its own row (alias t) and on its customer's (alias k).

export const openToAll: Access = { restricted: false, agents: [], teams: [] };

function granted(column: 'readers' | 'writers', aliases: readonly string[]): string {
  const ids = grantees();
  if (!ids) return 'true';
  // Only UUIDs are put in here, so this needs no parameters and can stand in every statement.
  const mine = `'{${ids.join(',')}}'::uuid[]`;
  return aliases.map((alias) => `(${alias}.${column} is null or ${alias}.${column} && ${mine})`).join(' and ');
}

/** The tables that a right on this noun needs: the row's own, and for contacts that of its customer, joined as `k`. */
const aliasesOf = (noun: Noun) => (noun === 'contact' ? ['t', 'k'] : ['t']);

/** SQL: the caller may see this row. */
export const mayRead = (noun: Noun): string => granted('readers', aliasesOf(noun));
/** SQL: the caller may change this row; light agents change nothing. */
export const mayWrite = (noun: Noun): string => {
  const { roles } = currentContext();
  return roles.some((role) => role !== 'light_agent') ? granted('writers', aliasesOf(noun)) : 'false';
};
/** SQL: the caller may see rows that other tables join under these aliases, each with `readers`; a row that is not there hides nothing. */
export const mayReadAll = (...aliases: string[]): string => granted('readers', aliases);
/**
 * The same as `mayRead('contact')` for lists, without joining the customer of each contact: the customers that are hidden from the caller
 * are few, and are looked up once.
 */
export const mayReadListed = (noun: Noun): string => {
  if (noun === 'customer' || !grantees()) return mayRead(noun);
  return `${granted('readers', ['t'])} and ${mayReadCustomerOf('t')}`;
};
/** SQL: the customer of rows under this alias, if they have one, is not hidden from the caller. */
export function mayReadCustomerOf(alias: string): string {
  if (!grantees()) return 'true';
  const hidden = `select x.id from customer x where x.readers is not null and not (${granted('readers', ['x'])})`;
  return `(${alias}.customer_id is null or ${alias}.customer_id not in (${hidden}))`;
}
/**
 * SQL, for what is linked to a contact (c) and a customer (k): what a link led to may have been restricted, so when that is gone for good only those
 * who see everything see it.
 */
export const LINKED_ROWS_EXIST = '(t.contact_id is null or c.id is not null) and (t.customer_id is null or k.id is not null)';
export const mayWriteAll = (...aliases: string[]): string => granted('writers', aliases);

export const readOnly = (what: string) =>
  new AppError('forbidden', `You may see this ${what} but not change it; ask its owner or an admin for the right to write`);

/** Lays what was given over an access list; each agent and team stands in it once, with the last right that was named. */
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

/** What an access list comes down to, as it is kept beside it. */
export function accessColumns({ access, ownerId }: Guarded): { access: Access | null; readers: string[] | null; writers: string[] | null } {
  const said = access.restricted || access.agents.length > 0 || access.teams.length > 0;
  if (!access.restricted) return { access: said ? access : null, readers: null, writers: null };
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

/** Only the owner and admins change access or owner; of one without an owner only admins do. */
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

/** The same for one of many, when it is known which agents there are. */
export function refuseGrantees({ agents }: Pick<Access, 'agents'>, known: ReadonlySet<string>): void {
  const index = agents.findIndex(({ id }) => !known.has(id));
  if (index < 0) return;
  const path = `access.agents[${index}].id`;
  const message = 'names no agent of this tenant; GET /v1/agents lists them';
  throw new AppError('invalid', `${path}: ${message}`, { errors: [{ path, message, code: 'unknown' }] });
}
