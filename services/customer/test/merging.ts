import { type Context, runAs, serviceContext } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { Database } from '@kontor/database';
import { aContact, aCustomer, again, startWorld, type World } from '@kontor/testing';
import type { z } from 'zod';
import { service } from '../src/index.js';

/** The servers and services of the importing test file, from `begin` to `end`. */
export let world: World;
let db: Database;
const heard: { subject: string; changes: k.Change[]; tenant: string }[] = [];

export async function begin(): Promise<void> {
  world = await startWorld({ services: [service] });
  db = await Database.connect({ name: 'test', url: world.databases.customer?.url ?? '' });
  world.bus.connection.subscribe('events.>', {
    callback: (_, m) => {
      heard.push({ subject: m.subject, tenant: m.headers?.get('Kontor-Tenant') ?? '', ...(m.json() as { changes: k.Change[] }) });
    },
  });
}
export async function end(): Promise<void> {
  await db.close();
  await world.stop();
}

export { refusal } from './refusal.js';
export const told = (agent: Context, id: string) =>
  heard.filter((h) => h.tenant === agent.tenant).flatMap((h) => h.changes.filter((c) => c.id === id));
export const sql = <R>(agent: Context, text: string, parameters: unknown[] = []): Promise<R[]> =>
  runAs(serviceContext(agent.tenant), () => db.transaction((tx) => tx.query(text, parameters)));

export const contact = (agent: Context, given: Parameters<typeof aContact>[0] = {}) =>
  world.ask(again(agent), k.createContact, aContact(given));
export const customer = (agent: Context, given: Parameters<typeof aCustomer>[0] = {}) =>
  world.ask(again(agent), k.createCustomer, aCustomer(given));
export const getContact = (agent: Context, { id }: { id: string }) => world.ask(again(agent), k.getContact, { id });
export const getCustomer = (agent: Context, { id }: { id: string }) => world.ask(again(agent), k.getCustomer, { id });
export const merge = (
  agent: Context,
  into: { id: string },
  from: { id: string }[],
  more: Partial<z.input<typeof k.mergeContacts.input>> = {},
) => world.ask(again(agent), k.mergeContacts, { into: into.id, from: from.map(({ id }) => id), ...more });
export const mergeCustomers = (
  agent: Context,
  into: { id: string },
  from: { id: string }[],
  more: Partial<z.input<typeof k.mergeContacts.input>> = {},
) => world.ask(again(agent), k.mergeCustomers, { into: into.id, from: from.map(({ id }) => id), ...more });
export const undo = (agent: Context, done: { id?: string }) => world.ask(again(agent), k.undoMerge, { id: done.id ?? '' });
/** Everything except what every change modifies. */
export const lasting = <T extends { version: number; updatedAt: string }>({ version: _, updatedAt: __, ...rest }: T) => rest;

/** Records, a request and memberships, as other parts of the service write them. */
export async function withThings(
  agent: Context,
  { contactId, customerId }: { contactId?: string; customerId?: string },
  n = 2,
  projects: string[] = [],
) {
  await sql(
    agent,
    `insert into record (id, source, external_id, kind, contact_id, customer_id)
     select gen_random_uuid(), 's', gen_random_uuid()::text, 'invoice', $1, $2 from generate_series(1, $3)`,
    [contactId ?? null, customerId ?? null, n],
  );
  await sql(
    agent,
    `insert into request (id, number, subject, status, caller, contact_id, customer_id)
     select gen_random_uuid(), (random() * 1e9)::int, 's', 'open', '{}', $1, $2`,
    [contactId ?? null, customerId ?? null],
  );
  if (contactId)
    await sql(agent, 'insert into project_member (project_id, contact_id) select unnest($1::uuid[]), $2', [projects, contactId]);
}
export async function aProject(agent: Context): Promise<string> {
  const [row] = await sql<{ id: string }>(
    agent,
    `insert into record (id, source, external_id, kind) values (gen_random_uuid(), 's', gen_random_uuid()::text, 'project') returning id`,
  );
  return row?.id ?? '';
}
export const projectsOf = async (agent: Context, { id }: { id: string }) =>
  (await sql<{ id: string }>(agent, 'select project_id as id from project_member where contact_id = $1 order by 1', [id])).map(
    (row) => row.id,
  );
export const countOf = async (agent: Context, table: string, column: string, { id }: { id: string }) =>
  (await sql<{ n: number }>(agent, `select count(*)::int as n from ${table} where ${column} = $1`, [id]))[0]?.n;
