import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import {
  aContact,
  aCustomer,
  again,
  anAgent,
  dice,
  eventually,
  servicesBehindGateway,
  sized,
  startWorld,
  type World,
} from '@kontor/testing';
import { SEED } from '@kontor/testing/properties';
import pg from 'pg';
import { danglingLinks } from './parents.js';

// Concurrent agents run random operations that reference rows or end them, on so few rows that they conflict all the time. After each round there
// must be no dangling references.

const ROUNDS = sized(2, 6);
const PEOPLE = 8;
/** The number of entries of each kind to choose from. */
const FEW = 5;
const STEPS = sized(8, 25);
// Refusals because of concurrent operations; nothing is partially done.
const REFUSALS = new Set(['invalid', 'not-found', 'conflict', 'stale', 'busy', 'taken']);

// All services, because erasing calls each of them before the last rows are deleted.
let world: World;
let sql: pg.Client;
beforeAll(async () => {
  world = await startWorld({ services: await servicesBehindGateway(), meili: true });
  sql = new pg.Client(world.databases.customer?.migrationUrl);
  await sql.connect();
  // Each write is delayed, so that transactions overlap.
  await sql.query(`
    create function take_a_while() returns trigger language plpgsql as $$ begin perform pg_sleep(random() * 0.02); return new; end $$;
    ${['customer', 'contact', 'record', 'request', 'project_member']
      .map((table) => `create trigger take_a_while before insert or update on ${table} for each row execute function take_a_while();`)
      .join('\n')}
  `);
}, 120_000);
afterAll(async () => {
  await sql.end();
  await world.stop();
});

/** The shared ids; they stay after the entries are deleted. */
class Tenant {
  readonly admin: Context = anAgent({ roles: ['admin'] });
  readonly customers: string[] = [];
  readonly contacts: string[] = [];
  readonly records: string[] = [];
  readonly projects: string[] = [];
  readonly requests: string[] = [];
  readonly merges: string[] = [];
  /** Records that were restored alone, as reported by the response. */
  readonly restoredAlone: string[] = [];

  ask: World['ask'] = (who, contract, input) => world.ask(again(who), contract, input);
}

type Roll = ReturnType<typeof dice>;
type Step = (t: Tenant, pick: <T>(from: readonly T[]) => T) => Promise<unknown>;

const steps: Record<string, Step> = {
  'create a customer': async (t) => t.customers.push((await t.ask(t.admin, k.createCustomer, aCustomer())).id),
  'create a department': async (t, pick) =>
    t.customers.push((await t.ask(t.admin, k.createCustomer, aCustomer({ parentId: pick(t.customers) }))).id),
  'make a department': (t, pick) =>
    t.ask(t.admin, k.changeCustomer, { id: pick(t.customers), change: { parentId: pick([null, pick(t.customers)]) } }),
  'create a contact': async (t, pick) =>
    t.contacts.push((await t.ask(t.admin, k.createContact, aContact({ customerId: pick([null, pick(t.customers)]) }))).id),
  'move a contact': (t, pick) => t.ask(t.admin, k.moveContact, { id: pick(t.contacts), customerId: pick([null, pick(t.customers)]) }),
  'change many contacts': (t, pick) =>
    t.ask(t.admin, k.changeContacts, {
      ids: [...new Set([pick(t.contacts), pick(t.contacts), pick(t.contacts)])],
      change: { customerId: pick(t.customers) },
    }),
  'choose a primary contact': (t, pick) =>
    t.ask(t.admin, k.changeCustomer, { id: pick(t.customers), change: { primaryContactId: pick(t.contacts) } }),
  'write records': async (t, pick) => {
    const kind = pick(['ticket', 'opportunity', 'project'] as const);
    const link = pick([{ contactId: pick(t.contacts) }, { customerId: pick(t.customers) }]);
    const { items } = await t.ask(t.admin, k.upsertRecords, { items: [{ source: 'erp', externalId: randomUUID(), kind, ...link }] });
    for (const { id } of items) if (id) (kind === 'project' ? t.projects : t.records).push(id);
  },
  'change a record': (t, pick) =>
    t.ask(t.admin, k.changeRecord, {
      id: pick(t.records),
      change: pick([{ contactId: pick(t.contacts) }, { customerId: pick(t.customers) }]),
    }),
  'create a request': async (t, pick) =>
    t.requests.push((await t.ask(t.admin, k.createRequest, pick([{ contactId: pick(t.contacts) }, { customerId: pick(t.customers) }]))).id),
  'add a member': (t, pick) => t.ask(t.admin, k.addProjectMember, { id: pick(t.projects), contactId: pick(t.contacts) }),
  'delete a contact': (t, pick) => t.ask(t.admin, k.deleteContact, { id: pick(t.contacts) }),
  'delete a customer': (t, pick) => t.ask(t.admin, k.deleteCustomer, { id: pick(t.customers) }),
  'delete a record': (t, pick) => t.ask(t.admin, k.deleteRecord, { id: pick(t.records) }),
  'delete a request': (t, pick) => t.ask(t.admin, k.deleteRequest, { id: pick(t.requests) }),
  'restore a unit': async (t, pick) => {
    const { items } = await t.ask(t.admin, k.listBin, {});
    const { notRestored = [] } = await t.ask(t.admin, k.restoreFromBin, { id: pick(items.map(({ id }) => id)) });
    t.restoredAlone.push(...notRestored.map(({ id }) => id));
  },
  'purge a unit': async (t, pick) => {
    const { items } = await t.ask(t.admin, k.listBin, {});
    await t.ask(t.admin, k.purgeFromBin, { id: pick(items.map(({ id }) => id)) });
  },
  'merge contacts': async (t, pick) => {
    const { id } = await t.ask(t.admin, k.mergeContacts, { into: pick(t.contacts), from: [pick(t.contacts)] });
    if (id) t.merges.push(id);
  },
  'merge customers': async (t, pick) => {
    const { id } = await t.ask(t.admin, k.mergeCustomers, { into: pick(t.customers), from: [pick(t.customers)] });
    if (id) t.merges.push(id);
  },
  'undo a merge': (t, pick) => t.ask(t.admin, k.undoMerge, { id: pick(t.merges) }),
  'erase a contact': async (t, pick) => {
    const { id, version } = await t.ask(t.admin, k.getContact, { id: pick(t.contacts) });
    await t.ask(t.admin, k.eraseContact, { id, version });
  },
};
const names = Object.keys(steps);

async function attempt(t: Tenant, name: string, roll: Roll): Promise<unknown> {
  const pick = <T>(from: readonly T[]): T => {
    if (from.length === 0) throw Object.assign(new Error('there is none yet'), { code: 'not-found' });
    // The latest ones, because most of the others are deleted.
    return roll.pick(from.slice(-FEW));
  };
  try {
    await steps[name]?.(t, pick);
  } catch (error) {
    if (!REFUSALS.has((error as { code?: string }).code ?? '')) return { step: name, error };
  }
  return undefined;
}

test('random concurrent operations leave no dangling references', async () => {
  const roll = dice(SEED);
  const t = new Tenant();
  for (let i = 0; i < 6; i++) {
    await attempt(t, 'create a customer', roll);
    await attempt(t, 'create a contact', roll);
    await attempt(t, 'create a contact', roll);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const failures = await Promise.all(
      Array.from({ length: PEOPLE }, async () => {
        const failed: unknown[] = [];
        for (let step = 0; step < STEPS; step++) failed.push(await attempt(t, roll.pick(names), roll));
        return failed.filter(Boolean);
      }),
    );
    expect(failures.flat()).toEqual([]);
    // Erasures finish eventually.
    await eventually(async () => {
      const { rows } = await sql.query(`select kind, state, error from job where tenant_id = $1 and state not in ('finished', 'failed')`, [
        t.admin.tenant,
      ]);
      expect(rows).toEqual([]);
    }, 30_000);
    expect([round, await danglingLinks(sql, t.admin.tenant, t.restoredAlone)]).toEqual([round, []]);
  }
}, 240_000);
