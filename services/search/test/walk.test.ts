import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Context } from '@kontor/bus';
import { type ChangeKind, getSearchStatus, rebuildIndex, search, verifyIndex } from '@kontor/contracts';
import { again, anAgent, dice, eventually, sized, startWorld, type World } from '@kontor/testing';
import { SEED } from '@kontor/testing/properties';
import { service } from '../src/index.js';
import { playCustomer, type StandIn } from './stand-in.js';
import { counted, type Entry, employedBy, inOrder, maySee, randomEntry, randomQuery, type SortName, sortKey } from './walk-model.js';
import { Watcher } from './walk-watcher.js';

const of = dice(SEED);

/** One tenant: what there is, what is in the bin, and who looks on. */
interface Tenant {
  admin: Context;
  agent: Context;
  entries: Map<string, Entry>;
  bin: Map<string, Entry>;
  watcher: Watcher;
}

let world: World;
let customer: StandIn;
let tenants: Tenant[];
const mail: Promise<void>[] = [];

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '300' } } });
  customer = await playCustomer(world.nats);
  tenants = [newTenant(), newTenant()];
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

function newTenant(): Tenant {
  const admin = anAgent();
  return {
    admin,
    agent: anAgent({ tenant: admin.tenant, roles: ['agent'] }),
    entries: new Map(),
    bin: new Map(),
    watcher: new Watcher(world, admin),
  };
}

type Lane = 'people' | 'bulk';

function becomes(tenant: Tenant, entries: readonly Entry[], change: ChangeKind, lane: Lane): void {
  const [to, from] = change === 'binned' ? [tenant.bin, tenant.entries] : [tenant.entries, tenant.bin];
  for (const entry of entries) {
    to.set(entry.id, entry);
    from.delete(entry.id);
  }
  announce(tenant, entries, change, lane);
}

/** From now on it is so; the events come when they come: late, twice, in any order. */
function announce(tenant: Tenant, entries: readonly Entry[], change: ChangeKind, lane: Lane): void {
  for (const entry of entries) {
    if (change === 'binned') customer.forgets(tenant.admin.tenant, entry.id);
    else customer.knows(tenant.admin.tenant, entry);
  }
  for (const [kind, some] of Map.groupBy(entries, (entry) => entry.kind)) {
    const ids = some.map(({ id }) => id);
    const tell = async () => {
      await pause(of.upTo(300));
      await customer.tells(tenant.admin.tenant, kind, ids, change, lane);
    };
    mail.push(tell());
    if (of.chance(0.3)) mail.push(tell());
  }
}

function step(tenant: Tenant): void {
  const lane = of.pick<Lane>(['people', 'people', 'bulk']);
  const many = lane === 'bulk' ? 40 : 4;
  const there = [...tenant.entries.values()];
  const firms = there.filter(({ kind }) => kind === 'customer');
  const owners = [tenant.admin.agent!.id, tenant.agent.agent!.id];
  const some = [...new Set(of.some(there, many))];
  const kind = of.pick(['create', 'change', 'change', 'bin', 'restore', 'tick', 'tick']);
  if (kind === 'tick') tenant.watcher.tick(of, (entries, change) => announce(tenant, entries, change, lane));
  else if (kind === 'create' || there.length < 30)
    becomes(
      tenant,
      Array.from({ length: many }, () => randomEntry(of, owners, firms)),
      'created',
      lane,
    );
  else if (kind === 'bin') becomes(tenant, some.filter((entry) => entry.kind === 'contact').slice(0, 8), 'binned', lane);
  else if (kind === 'restore')
    becomes(
      tenant,
      [...tenant.bin.values()].slice(0, many).map((entry) => ({ ...entry, version: entry.version + 1 })),
      'restored',
      lane,
    );
  else
    change(
      tenant,
      some.map((entry) => randomEntry(of, owners, firms, entry)),
      lane,
    );
}

/** What a contact has of its customer follows the customer, whose event is the only one that tells of it. */
function change(tenant: Tenant, entries: readonly Entry[], lane: Lane): void {
  becomes(tenant, entries, 'updated', lane);
  for (const firm of entries.filter(({ kind }) => kind === 'customer'))
    for (const entry of [...tenant.entries.values(), ...tenant.bin.values()]) {
      if (entry.kind !== 'contact' || entry.customerId !== firm.id) continue;
      const carried: Entry = { ...entry, ...employedBy(firm) };
      const there = tenant.entries.has(entry.id);
      (there ? tenant.entries : tenant.bin).set(entry.id, carried);
      if (there) customer.knows(tenant.admin.tenant, carried);
    }
}

/** Everything that was told of has been worked off, and nothing is being done to the index. */
async function untilQuiet(): Promise<void> {
  await Promise.all(mail.splice(0));
  await eventually(async () => {
    for (const { admin } of tenants) {
      const { lag, rebuild, verify } = await world.ask(again(admin), getSearchStatus, {});
      expect([lag.people.waiting, lag.bulk.waiting, rebuild?.state, verify?.state ?? 'finished']).toEqual([0, 0, 'finished', 'finished']);
    }
  }, 60_000);
}

/** The ids of all pages, with the total and the facets. */
async function pages(as: Context, query: object, limit: number) {
  const ids: string[] = [];
  const totals = new Set<string>();
  for (let cursor: string | undefined; ; ) {
    const page = await world.ask(again(as), search, { ...query, limit, cursor, facets: 'type,tag,kind,city' });
    ids.push(...page.hits.map(({ id }) => id));
    totals.add(`${page.total.relation} ${page.total.value}`);
    if (page.nextCursor === null) return { ids, totals: [...totals], facets: page.facets };
    cursor = page.nextCursor;
  }
}

async function compare(tenant: Tenant): Promise<void> {
  const all = [...tenant.entries.values(), ...tenant.watcher.entries()];
  const { q, filters, fits } = randomQuery(of, [...tenant.entries.values()]);
  const as = of.chance(0.3) ? tenant.agent : tenant.admin;
  const sort = of.pick<SortName | 'relevance'>(['relevance', 'name', '-createdAt', '-updatedAt']);
  const wanted = all.filter((entry) => fits(entry) && (as === tenant.admin || maySee(as.agent!.id, entry)));
  const { ids, totals, facets } = await pages(as, { q, ...filters, sort }, of.pick([7, 50, 200]));
  const about = { q, filters, sort };
  expect({ about, ids: ids.toSorted() }).toEqual({ about, ids: wanted.map(({ id }) => id).toSorted() });
  expect({ about, totals }).toEqual({ about, totals: [`exact ${wanted.length}`] });
  expect({ about, facets }).toEqual({ about, facets: counted(wanted) });
  if (sort === 'relevance') return;
  const keys = ids.map((id) => sortKey(all.find((entry) => entry.id === id)!, sort));
  expect({ about, keys }).toEqual({ about, keys: inOrder(wanted, sort).map((entry) => sortKey(entry, sort)) });
}

async function walk(steps: number): Promise<void> {
  for (let i = 0; i < steps; i++) {
    step(of.pick(tenants));
    await pause(of.upTo(60));
  }
}

const order = (contract: typeof rebuildIndex | typeof verifyIndex) =>
  eventually(() => Promise.all(tenants.map(({ admin }) => world.ask(again(admin), contract, {}))));

async function restart(overlapping: boolean): Promise<void> {
  const first = world.running.get('search');
  if (!overlapping) await first?.stop();
  world.running.set('search', await service.start(world.env('search')));
  if (overlapping) await first?.stop();
}

const EVENTS: Record<string, () => Promise<unknown>> = {
  nothing: async () => {},
  rebuild: () => order(rebuildIndex),
  'rebuild and verify': () => Promise.all([order(rebuildIndex), order(verifyIndex)]),
  'rebuild and restart': async () => {
    await order(rebuildIndex);
    await restart(true);
  },
  restart: () => restart(false),
  'Meilisearch killed': async () => {
    await world.meili.kill();
    await walk(5);
    await world.meili.restart();
  },
};

const SOME = ['rebuild', 'Meilisearch killed'];

test('a random walk: always right where nothing is touched, and wholly right whenever it is quiet', async () => {
  let doing = 'nothing';
  try {
    for (const tenant of tenants) announce(tenant, tenant.watcher.settle(of), 'created', 'people');
    await walk(10);
    await untilQuiet();
    for (const { watcher } of tenants) watcher.start();
    for (const [name, happens] of Object.entries(EVENTS).filter(([name]) => sized(SOME.includes(name), true))) {
      doing = name;
      const walking = walk(sized(8, 25));
      await happens();
      await walking;
      await untilQuiet();
      for (let i = 0; i < sized(4, 12); i++) await compare(of.pick(tenants));
      for (const { watcher } of tenants) watcher.mustBeContent();
    }
    for (const { watcher } of tenants) expect(await watcher.stop()).toBeGreaterThan(sized(0, 20));
  } catch (cause) {
    // Watching would go on without end.
    for (const { watcher } of tenants) await watcher.stop().catch(() => undefined);
    throw new Error(`KONTOR_TEST_SEED=${SEED}, ${doing}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}, 180_000);
