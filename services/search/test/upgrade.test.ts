// The version before kept one index, `entries`, with other settings and less in its documents.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AppError, currentContext } from '@kontor/bus';
import { getSearchStatus, search } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { Meilisearch, type Settings } from 'meilisearch';
import { service } from '../src/index.js';
import { documentOf } from '../src/indexes/document.js';
import { NOTHING_WRONG, statusOf, untilQuiet, verified } from './index-status.js';
import { contactOf, playCustomer, type StandIn } from './stand-in.js';
import type { Entry } from './walk-model.js';

const equality = { facetSearch: false, filter: { equality: true, comparison: false } };
const OLD_SETTINGS: Settings = {
  displayedAttributes: ['id'],
  searchableAttributes: ['name', 'first', 'last', 'company', 'title', 'city', 'address', 'alias', 'tag', 'notes', 'custom'],
  filterableAttributes: [
    {
      attributePatterns: ['id', 'tenant', 'kind', 'type', 'tags', 'cities', 'customerId', 'ownerId', 'readers', 'customerReaders', 'words'],
      features: equality,
    },
  ],
  sortableAttributes: ['sortName', 'createdAt'],
  typoTolerance: { enabled: false },
  prefixSearch: 'disabled',
  facetSearch: false,
  proximityPrecision: 'byWord',
  pagination: { maxTotalHits: 1_000_000_000 },
  faceting: { maxValuesPerFacet: 100 },
};

const agent = anAgent();
const { tenant } = agent;
const BLOCKED = contactOf({ firstName: 'Zuletzt', lastName: 'Altbestand' });
const old: Entry[] = [
  ...['Anton', 'Berta', 'Carl', 'Dora', 'Emil'].map((firstName, i): Entry => {
    const createdAt = new Date(Date.parse('2026-02-01') + i * 1_000).toISOString();
    return { kind: 'contact', ...contactOf({ firstName, lastName: 'Altbestand', createdAt, hasOpportunities: i % 2 === 0 }) };
  }),
  { kind: 'contact', ...BLOCKED },
];

let world: World;
let customer: StandIn;
let filling = Promise.withResolvers<void>();

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '300' } } });
  customer = await playCustomer(world.nats);
  // The words and identifiers are learned as ever; the index of then is put in the place of that of now.
  customer.knows(tenant, ...old);
  const ids = old.map(({ id }) => id);
  await customer.tells(tenant, 'contact', ids, 'created');
  await untilQuiet(world, agent);
  await world.running.get('search')?.stop();
  const db = await Database.connect({ name: 'test', url: world.databases.search!.url });
  for (const table of ['fresh', 'current_index', 'rebuild', 'verification'])
    await db.acrossTenants((tx) => tx.query(`delete from ${table}`));
  await db.close();
  await makeOldIndex();
  holdFilling();
  world.running.set('search', await service.start(world.env('search')));
}, 120_000);
afterAll(async () => {
  filling.resolve();
  await customer?.stop();
  await world?.stop();
});

async function makeOldIndex(): Promise<void> {
  const meili = new Meilisearch({ host: world.meili.url, apiKey: world.meili.key });
  for (const { uid } of (await meili.getRawIndexes()).results) await meili.deleteIndex(uid).waitTask();
  await meili.createIndex('entries', { primaryKey: 'id' }).waitTask();
  await meili.index('entries').updateSettings(OLD_SETTINGS).waitTask();
  const documents = old.map((entry) => {
    const { version, updatedAt, hasOpportunities, projectIds, ...then } = documentOf(tenant, entry);
    return then;
  });
  expect((await meili.index('entries').addDocuments(documents).waitTask()).status).toBe('succeeded');
}

/** The new index cannot be filled before the test says so: the owner does not give one of the entries to the search service, only to agents. */
function holdFilling(): void {
  let held = true;
  filling = Promise.withResolvers();
  void filling.promise.then(() => {
    held = false;
  });
  customer.refuses((id) => {
    if (held && id === BLOCKED.id && !currentContext().agent) throw new AppError('unavailable', 'not yet');
  });
}

const names = async (query: object) => {
  const { hits, total, degraded } = await world.ask(again(agent), search, { q: 'altbestand', ...query });
  return { names: hits.map(({ firstName }) => firstName), ...total, ...(degraded && { degraded }) };
};
const soon = (check: () => Promise<void>) => eventually(check, 30_000);
const ALL = ['Anton', 'Berta', 'Carl', 'Dora', 'Emil', 'Zuletzt'];

test('the old index is searched while the new one is being filled, with all that changes meanwhile', async () => {
  await soon(async () => expect((await statusOf(world, agent)).rebuild?.state).toBe('running'));
  const exact = { value: 6, relation: 'exact' };
  expect(await names({})).toEqual({ names: ALL, ...exact });
  expect((await names({ q: '', sort: '-createdAt' })).names.slice(0, 5)).toEqual(['Emil', 'Dora', 'Carl', 'Berta', 'Anton']);
  expect(await names({ q: '"berta altbestand"' })).toMatchObject({ names: ['Berta'], relation: 'exact' });

  const [contact] = await customer.adds(tenant, [{ firstName: 'Conrad', lastName: 'Altbestand', version: 7 }]);
  await soon(async () => expect((await names({})).names).toContain('Conrad'));
  expect((await names({})).value).toBe(7);
  await soon(async () => expect((await world.ask(again(agent), getSearchStatus, {})).fresh).toBe(0));
  expect(await names({})).toMatchObject({
    names: ['Anton', 'Berta', 'Carl', 'Conrad', 'Dora', 'Emil', 'Zuletzt'],
    value: 7,
    relation: 'exact',
  });
  const seen = `contact:${contact!.id}:7`;
  expect((await names({ seen: [seen] })).value).toBe(7);
  // What the old index does not know yet is refused for the time being, and nothing is made up.
  for (const query of [
    { q: '', sort: '-updatedAt' },
    { q: '', hasOpportunities: true },
  ])
    await expect(names(query)).rejects.toMatchObject({ code: 'unavailable' });
  expect((await statusOf(world, agent)).rebuild?.state).toBe('running');
});

test('then the new one takes its place by itself', async () => {
  filling.resolve();
  await soon(async () => {
    const { indexVersion, rebuild, state } = await statusOf(world, agent);
    expect([state, rebuild?.state, indexVersion.index]).toEqual(['ready', 'finished', indexVersion.service]);
  });
  expect((await names({ sort: '-updatedAt' })).value).toBe(7);
  expect(await names({ hasOpportunities: true })).toEqual({ names: ['Anton', 'Carl', 'Emil'], value: 3, relation: 'exact' });
  await untilQuiet(world, agent);
  expect(await verified(world, agent)).toEqual(NOTHING_WRONG);
});
