import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Context, runAs, serviceContext } from '@kontor/bus';
import {
  type Change,
  type ChangeKind,
  getPermissions,
  type InputOf,
  type PayloadOf,
  permissionsChanged,
  setPermissions,
} from '@kontor/contracts';
import { Database } from '@kontor/database';
import { anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { playCustomer } from './stand-in.js';

const tenant = randomUUID();
const agent = (given: Partial<Context> = {}) => anAgent({ tenant, roles: ['agent'], ...given });

let world: World;
let customer: Awaited<ReturnType<typeof playCustomer>>;
let db: Database;
const told: PayloadOf<typeof permissionsChanged>['changes'] = [];

beforeAll(async () => {
  world = await startWorld({ services: [service] });
  customer = await playCustomer(world.nats);
  db = await Database.connect({ name: 'test', url: world.databases['contact-permission']?.url ?? '' });
  world.bus.connection.subscribe(permissionsChanged.subject, {
    callback: (_, message) => {
      told.push(...message.json<PayloadOf<typeof permissionsChanged>>().changes);
    },
  });
});
afterAll(async () => {
  await Promise.all([customer.stop(), db.close()]);
  await world.stop();
});

const aContact = () => {
  const id = randomUUID();
  customer.knows(id);
  return id;
};
const get = (id: string, as = agent()) => world.ask(as, getPermissions, { id });
const set = (id: string, change: InputOf<typeof setPermissions>['change'], as = agent()) => world.ask(as, setPermissions, { id, change });
const change = (id: string, version: number, kind: ChangeKind): Change => ({ id, version, change: kind });

/** What the database keeps, which no contract shows yet. */
const kept = async (id: string): Promise<{ contact_version: number; state: string; permissions: unknown } | undefined> => {
  const rows = await runAs(serviceContext(tenant), () =>
    db.transaction((tx) => tx.query('select contact_version, state, permissions from permission where contact_id = $1', [id])),
  );
  return rows[0];
};
/** Resolves when everything told until now has been taken in: events are worked on one after the other. */
const allTakenIn = async () => {
  const last = aContact();
  await customer.tells(tenant, [change(last, 1, 'created')]);
  await eventually(async () => expect(await kept(last)).toBeDefined());
};

describe('what a contact may see', () => {
  test('is everything until somebody decides otherwise, also before the contact was heard of', async () => {
    const { support, ...others } = await get(aContact());
    expect(support).toEqual({ allowed: true, scope: 'own' });
    expect(Object.values(others)).toEqual(Array(5).fill({ allowed: true, scope: 'customer' }));
  });

  test('does not exist for a contact that does not exist, or that the agent may not see', async () => {
    await expect(get(randomUUID())).rejects.toMatchObject({ code: 'not-found' });
    await expect(set(randomUUID(), { invoices: { allowed: false } })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('changes feature by feature, and publishes one event', async () => {
    const id = aContact();
    await set(id, { invoices: { allowed: false } });
    await set(id, { invoices: { allowed: false } });
    const after = await set(id, { proposals: { allowed: false }, support: { scope: 'customer' } });
    expect(after).toMatchObject({
      invoices: { allowed: false },
      proposals: { allowed: false },
      support: { allowed: true, scope: 'customer' },
    });
    expect(await get(id)).toEqual(after);
    await eventually(() =>
      expect(told.filter(({ contactId }) => contactId === id).map(({ allowed }) => allowed)).toEqual([
        ['estimates', 'contracts', 'proposals', 'support', 'projects'],
        ['estimates', 'contracts', 'support', 'projects'],
      ]),
    );
  });

  test('loses nothing when two agents change it at the same moment', async () => {
    const id = aContact();
    const all = ['invoices', 'estimates', 'contracts', 'proposals', 'support', 'projects'] as const;
    await Promise.all(all.map((feature) => set(id, { [feature]: { allowed: false } })));
    expect(Object.values(await get(id)).map(({ allowed }) => allowed)).toEqual(Array(6).fill(false));
  });

  test('is read by light agents, and changed by others only', async () => {
    const id = aContact();
    expect(await get(id, agent({ roles: ['light_agent'] }))).toHaveProperty('projects');
    await expect(set(id, { invoices: { allowed: false } }, agent({ roles: ['light_agent'] }))).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('is another matter in another tenant', async () => {
    const id = aContact();
    await set(id, { invoices: { allowed: false } });
    expect((await get(id, agent({ tenant: randomUUID() }))).invoices.allowed).toBe(true);
  });

  test('is refused by name when there is no such feature', async () => {
    await expect(set(aContact(), { secrets: { allowed: true } } as never)).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'change.secrets', code: 'unknown-field' }] },
    });
  });
});

describe('events of contacts', () => {
  test('a batch of a thousand new contacts is one statement', async () => {
    const ids = Array.from({ length: 1000 }, () => randomUUID());
    await customer.tells(
      tenant,
      ids.map((id) => change(id, 1, 'created')),
      'bulk',
    );
    await allTakenIn();
    const [found] = await runAs(serviceContext(tenant), () =>
      db.transaction((tx) =>
        tx.query(
          'select count(*)::int as rows, count(distinct cmin::text || xmin::text)::int as statements from permission where contact_id = any($1)',
          [ids],
        ),
      ),
    );
    expect(found).toEqual({ rows: 1000, statements: 1 });
  });

  test('what was set before the contact was heard of stays', async () => {
    const id = aContact();
    await set(id, { contracts: { allowed: false } });
    await customer.tells(tenant, [change(id, 1, 'created')]);
    await allTakenIn();
    expect(await kept(id)).toMatchObject({ contact_version: 1, state: 'shown' });
    expect((await get(id)).contracts.allowed).toBe(false);
  });

  test('binned hides, restored shows again what was there', async () => {
    const id = aContact();
    await set(id, { contracts: { allowed: false } });
    await customer.tells(tenant, [change(id, 2, 'binned')]);
    await allTakenIn();
    expect(await kept(id)).toMatchObject({ state: 'hidden' });
    await customer.tells(tenant, [change(id, 3, 'restored')]);
    await allTakenIn();
    expect(await kept(id)).toMatchObject({ state: 'shown' });
    expect((await get(id)).contracts.allowed).toBe(false);
  });

  test('merged into another hides, because a merge can be undone', async () => {
    const id = aContact();
    await customer.tells(tenant, [change(id, 1, 'created'), change(id, 2, 'merged')]);
    await allTakenIn();
    expect(await kept(id)).toMatchObject({ state: 'hidden', permissions: { invoices: { allowed: true } } });
  });

  test.each(['erased', 'purged'] as const)('%s drops for ever, whatever comes late', async (kind) => {
    const id = aContact();
    await set(id, { contracts: { allowed: false } });
    await customer.tells(tenant, [change(id, 1, kind)]);
    await customer.tells(tenant, [change(id, 1, 'created')], 'bulk');
    await customer.tells(tenant, [change(id, 5, 'updated')]);
    await allTakenIn();
    expect(await kept(id)).toEqual({ contact_version: 1, state: 'gone', permissions: null });
    // The customer service still knew it when it was asked; the event was here first.
    await expect(set(id, { invoices: { allowed: false } })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('doubled, late and shuffled between lanes, they end in what is newest', async () => {
    const id = aContact();
    const history = [
      change(id, 1, 'created'),
      change(id, 2, 'updated'),
      change(id, 3, 'binned'),
      change(id, 4, 'restored'),
      change(id, 5, 'binned'),
    ];
    for (const each of [4, 2, 4, 0, 3, 1, 2]) await customer.tells(tenant, [history[each] as Change], each % 2 ? 'bulk' : 'people');
    await customer.tells(tenant, [...history].reverse(), 'bulk');
    await allTakenIn();
    expect(await kept(id)).toMatchObject({ contact_version: 5, state: 'hidden' });
  });
});

describe('9.3 merged contacts', () => {
  const merged = (id: string, version: number, into: string): Change => ({ id, version, change: 'merged', into });
  const merging = async (id: string, into: string) => {
    await customer.tells(tenant, [merged(id, 2, into)]);
    customer.forgets(id);
    await allTakenIn();
  };
  const undoing = async (id: string, version = 3) => {
    customer.knows(id);
    await customer.tells(tenant, [change(id, version, 'restored')]);
    await allTakenIn();
  };

  test('what was decided for the one that stays is so; what nobody decided for it is as it was decided for the other, until it is undone', async () => {
    const [anna, double] = [aContact(), aContact()];
    await set(anna, { invoices: { allowed: false }, estimates: { allowed: true } });
    await set(double, {
      invoices: { allowed: true },
      estimates: { allowed: false },
      projects: { allowed: false },
      support: { scope: 'customer' },
    });
    const before = [await get(anna), await get(double)];
    await merging(double, anna);
    const after = await get(anna);
    expect(after).toMatchObject({
      invoices: { allowed: false },
      estimates: { allowed: true },
      projects: { allowed: false },
      contracts: { allowed: true },
      support: { allowed: true, scope: 'customer' },
    });
    expect(await get(double)).toEqual(after);
    await eventually(() =>
      expect(told.filter(({ contactId }) => contactId === anna).at(-1)?.allowed).toEqual([
        'estimates',
        'contracts',
        'proposals',
        'support',
      ]),
    );
    await undoing(double);
    expect([await get(anna), await get(double)]).toEqual(before);
    await eventually(() => expect(told.filter(({ contactId }) => contactId === anna).at(-1)?.allowed).toContain('projects'));
  });

  test('what is decided after the merge counts, and stays when it is undone', async () => {
    const [anna, double] = [aContact(), aContact()];
    await set(double, { projects: { allowed: false }, invoices: { allowed: false } });
    await merging(double, anna);
    expect(await set(anna, { projects: { allowed: true } })).toMatchObject({ projects: { allowed: true }, invoices: { allowed: false } });
    expect(await set(double, { contracts: { allowed: false } })).toMatchObject({ contracts: { allowed: false } });
    await undoing(double);
    expect(await get(anna)).toMatchObject({ projects: { allowed: true }, invoices: { allowed: true }, contracts: { allowed: false } });
    expect(await get(double)).toMatchObject({ projects: { allowed: false }, contracts: { allowed: true } });
  });

  test('doubled, late and shuffled, events of merges end in what is newest; whoever sees the one sees the other', async () => {
    const [a, b, c] = [aContact(), aContact(), aContact()];
    await set(a, { projects: { allowed: false } });
    const history = [merged(a, 2, b), change(a, 3, 'restored'), merged(b, 4, c), merged(a, 4, b)];
    for (const each of [3, 0, 2, 1, 0, 3]) await customer.tells(tenant, [history[each] as Change], each % 2 ? 'bulk' : 'people');
    await allTakenIn();
    expect((await get(c)).projects.allowed).toBe(false);
    customer.forgets(a);
    customer.forgets(b);
    expect((await get(a)).projects.allowed).toBe(false);
    customer.forgets(c);
    await expect(get(a)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('two that are said to be merged into each other end nothing', async () => {
    const [a, b] = [aContact(), aContact()];
    await set(a, { projects: { allowed: false } });
    await customer.tells(tenant, [merged(a, 2, b), merged(b, 2, a)]);
    await allTakenIn();
    expect((await get(b)).projects.allowed).toBe(false);
  });
});
