import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AppError, type Context } from '@kontor/bus';
import { type ContactEntry, getSearchStatus, rebuildIndex, search, verifyIndex } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { contactOf, email, phone, playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;
let db: Database;
const admin = anAgent();
const { tenant } = admin;
const elsewhere = anAgent();

const COUNT = 2_500;
const person = (i: number): Partial<ContactEntry> => ({
  firstName: `Vor${10_000 + i}`,
  lastName: 'Xaver',
  emails: [email(`vor${10_000 + i}@xaver.example`)],
  phones: [phone(`0777 1${String(i).padStart(5, '0')}`)],
});
let people: ContactEntry[];

const find = (q: string, as: Context = admin) => world.ask(again(as), search, { q, limit: 200 });
const total = async (q: string, as?: Context) => (await find(q, as)).total;
const status = (as: Context = admin) => world.ask(again(as), getSearchStatus, {});
const names = async (q: string) => (await find(q)).hits.map(({ displayName }) => displayName);

/** Meilisearch, past everything that the service knows. */
const meili = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
  const response = await fetch(world.meili.url + path, {
    method,
    headers: { authorization: `Bearer ${world.meili.masterKey}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = (await response.json()) as T & { taskUid?: number };
  if (answer.taskUid !== undefined)
    await eventually(async () => expect(await meili(`GET`, `/tasks/${answer.taskUid}`)).toMatchObject({ status: 'succeeded' }));
  return answer;
};
const indexes = async () => (await meili<{ results: { uid: string }[] }>('GET', '/indexes')).results.map(({ uid }) => uid);
const current = async () => (await db.queryAcrossTenants<{ name: string }>('select name from current_index', []))[0]?.name ?? '';
const documents = async () => `/indexes/${await current()}/documents`;
const aDocument = (given: object) => ({
  ...{ id: randomUUID(), version: 1, tenant, kind: 'contact', type: null, tags: [], cities: [], customerId: null, ownerId: null },
  ...{ createdAt: 1, updatedAt: 1, sortName: 'x', words: ['last:xaver'], hash: 'another' },
  ...given,
});

const settled = () =>
  eventually(async () => {
    const { fresh, lag, state } = await status();
    expect({ fresh, people: lag.people.waiting, bulk: lag.bulk.waiting, state }).toEqual({ fresh: 0, people: 0, bulk: 0, state: 'ready' });
  }, 60_000);

const rebuilt = () => eventually(async () => expect((await status()).rebuild).toMatchObject({ state: 'finished' }), 90_000);

async function verified(deep: boolean, as: Context = admin) {
  const begun = await world.ask(again(as), verifyIndex, { deep });
  expect(begun.verify).toMatchObject({ deep, startedAt: expect.any(String) });
  return eventually(async () => {
    const { verify } = await status(as);
    expect(verify).toMatchObject({ state: 'finished', deep, startedAt: begun.verify?.startedAt });
    expect(verify?.done).toBe(verify?.total);
    return verify?.report;
  }, 60_000);
}

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '0' } } });
  customer = await playCustomer(world.nats);
  db = await Database.connect({ name: 'test', url: world.databases.search!.url });
  people = await customer.adds(
    tenant,
    Array.from({ length: COUNT }, (_, i) => person(i)),
    'bulk',
  );
  await customer.adds(elsewhere.tenant, [person(1), person(2)]);
  await eventually(async () => expect(await total('xaver')).toEqual({ value: COUNT, relation: 'exact' }), 60_000);
  await settled();
}, 120_000);
afterAll(async () => {
  await customer?.stop();
  await db?.close();
  await world?.stop();
});

describe('the status', () => {
  test('says how much there is of the own tenant, and that it is whole', async () => {
    expect(await status()).toEqual({
      ...{ state: 'ready', writer: true, entries: COUNT, fresh: 0 },
      // First names and the last name; an e-mail and a phone each.
      ...{ words: COUNT + 1, identifiers: 2 * COUNT },
      indexVersion: { index: expect.any(Number), service: expect.any(Number) },
      lag: { people: { waiting: 0 }, bulk: { waiting: 0 } },
      rebuild: expect.objectContaining({ state: 'finished' }),
      verify: null,
    });
    const { entries, words, identifiers, indexVersion } = await status(elsewhere);
    expect({ entries, words, identifiers }).toEqual({ entries: 2, words: 3, identifiers: 4 });
    expect(indexVersion.index).toBe(indexVersion.service);
    expect(await status(anAgent())).toMatchObject({ state: 'ready', entries: 0, fresh: 0, words: 0, identifiers: 0, verify: null });
  });

  test('says what has not arrived yet, and that Meilisearch is away', async () => {
    const hold = (until: string) =>
      world.bus.connection.request('$JS.API.CONSUMER.PAUSE.EVENTS.search-index-people', JSON.stringify({ pause_until: until }));
    await hold('2100-01-01T00:00:00Z');
    await customer.tells(tenant, 'contact', [people[0]!.id]);
    await eventually(async () => expect((await status()).lag).toEqual({ people: { waiting: 1 }, bulk: { waiting: 0 } }));
    await hold('2000-01-01T00:00:00Z');
    await settled();
    await world.meili.kill();
    expect(await status()).toMatchObject({ state: 'away', entries: null, words: COUNT + 1, writer: true });
    await world.meili.restart();
    await settled();
  }, 60_000);
});

test('only admins look after the index', async () => {
  for (const roles of [['agent'], ['light_agent']] as const) {
    const as = { ...admin, roles: [...roles] };
    await expect(status(as)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(world.ask(again(as), rebuildIndex, {})).rejects.toMatchObject({ code: 'forbidden' });
    await expect(world.ask(again(as), verifyIndex, {})).rejects.toMatchObject({ code: 'forbidden' });
  }
  expect((await status()).verify).toBeNull();
});

describe('a rebuild', () => {
  test('continues while everything is searched and changed, and leaves only what is true', async () => {
    const [first] = people;
    customer.knows(tenant, { kind: 'contact', ...first!, firstName: 'Altwort', displayName: 'Altwort Xaver' });
    await customer.tells(tenant, 'contact', [first!.id]);
    await settled();
    customer.knows(tenant, { kind: 'contact', ...first! });
    await customer.tells(tenant, 'contact', [first!.id]);
    await settled();
    await meili('POST', await documents(), [aDocument({})]);
    expect(await total('xaver')).toEqual({ value: COUNT + 1, relation: 'exact' });
    // The word that nobody has any more, and the first name that was learned once and stays.
    expect((await status()).words).toBe(COUNT + 2);
    const old = await current();

    let asking = true;
    const answers: unknown[] = [];
    const asker = (async () => {
      while (asking) {
        // Words are swept meanwhile, too, from the middle on; what this leaves is swept after it.
        await db.queryAcrossTenants(`insert into sweep (tenant_id, word) values ($1, 'vor11') on conflict do nothing`, [tenant]);
        try {
          answers.push(await total('xaver'), (await names('"vor10077 xaver"'))[0]);
        } catch (error) {
          // Slow is not wrong.
          if (!(error instanceof AppError && error.code === 'timeout')) answers.push(error);
        }
      }
    })();
    const begun = await world.ask(again(admin), rebuildIndex, {});
    expect(begun.rebuild).toMatchObject({ state: 'running', finishedAt: null });
    // Asked again, and by another admin, the same one goes on.
    expect((await world.ask(again(elsewhere), rebuildIndex, {})).rebuild?.startedAt).toBe(begun.rebuild?.startedAt);
    const changed = { ...people[1]!, firstName: 'Zwischendrin', displayName: 'Zwischendrin Xaver', version: 2 };
    customer.knows(tenant, { kind: 'contact', ...changed });
    await customer.tells(tenant, 'contact', [changed.id]);
    customer.forgets(tenant, people[2]!.id);
    await customer.tells(tenant, 'contact', [people[2]!.id], 'binned', 'bulk');
    await rebuilt().finally(() => {
      asking = false;
    });
    await asker;

    const allowed = [COUNT + 1, COUNT, COUNT - 1].map((value) => ({ value, relation: 'exact' }));
    expect(answers.length).toBeGreaterThan(10);
    for (const answer of answers) expect([...allowed, 'Vor10077 Xaver']).toContainEqual(answer);
    const { rebuild } = await status();
    // What is in the bin now may have been counted before.
    expect([COUNT + 1, COUNT + 2]).toContain(rebuild?.total);
    expect(rebuild?.finishedAt).not.toBeNull();
    await settled();
    expect(await current()).not.toBe(old);
    expect(await total('xaver')).toEqual({ value: COUNT - 1, relation: 'exact' });
    expect(await names('zwischendrin')).toEqual(['Zwischendrin Xaver']);
    expect((await total('xaver', elsewhere)).value).toBe(2);
    await eventually(async () => {
      const words = await db.queryAcrossTenants<{ word: string }>('select word from word where tenant_id = $1', [tenant]);
      expect(words).toHaveLength(COUNT);
      expect(words.map(({ word }) => word)).not.toContain('altwort');
    }, 90_000);
    await eventually(async () => expect(await indexes()).toEqual([await current()]), 60_000);
    expect(await total('xaver')).toEqual({ value: COUNT - 1, relation: 'exact' });
  }, 240_000);
});

describe('comparing the index', () => {
  const all = COUNT - 1;
  const nothing = { missing: 0, stale: 0, surplus: 0, words: 0 };

  test('finds nothing where nothing is wrong', async () => {
    await settled();
    expect(await verified(false)).toEqual(nothing);
    expect(await verified(true)).toEqual(nothing);
    expect((await status(elsewhere)).verify).toBeNull();
  }, 120_000);

  test('finds what was damaged, repairs it, and then finds nothing', async () => {
    const [, , , lost, older, changed] = people;
    const path = await documents();
    await meili('DELETE', `${path}/${lost!.id}`);
    await meili('POST', path, [aDocument({ id: older!.id, version: 9, words: ['last:falsch'] }), aDocument({}), aDocument({})]);
    expect(await total('xaver')).toEqual({ value: all, relation: 'exact' });
    expect(await verified(false)).toEqual({ missing: 1, stale: 1, surplus: 2, words: 0 });
    expect(await total('xaver')).toEqual({ value: all, relation: 'exact' });
    expect(await names(`"${lost!.displayName}"`)).toEqual([lost!.displayName]);
    expect(await names(`"${older!.displayName}"`)).toEqual([older!.displayName]);
    await settled();
    expect((await total('')).value).toBe(all);
    expect(await verified(false)).toEqual(nothing);

    // Of the same version, but with another content: only who looks deep sees it.
    await meili('POST', path, [aDocument({ id: changed!.id, words: ['last:falsch'] })]);
    expect(await verified(false)).toEqual(nothing);
    expect(await verified(true)).toEqual({ ...nothing, stale: 1 });
    expect(await names(`"${changed!.displayName}"`)).toEqual([changed!.displayName]);
    await settled();
    expect(await verified(true)).toEqual(nothing);
  }, 240_000);

  test('when deep, finds words and identifiers that the dictionary has lost', async () => {
    const [, , , , , , first, second, third] = people;
    const drop = (sql: string, parameters: unknown[]) => db.queryAcrossTenants(sql, parameters);
    await drop('delete from word where tenant_id = $1 and word = any($2)', [tenant, [first!.firstName!.toLowerCase(), 'xaver']]);
    await drop(`delete from identifier where tenant_id = $1 and entry_id = $2 and kind = 'phone'`, [tenant, second!.id]);
    await drop('update identifier set value = $3 where tenant_id = $1 and entry_id = $2', [tenant, third!.id, '|falsch@xaver.example|']);
    expect((await total('xaver')).value).toBe(0);
    expect((await total(second!.phones[0]!.number)).value).toBe(0);
    expect((await total('falsch@xaver.example')).value).toBe(1);
    expect(await verified(true)).toEqual({ ...nothing, words: 4 });
    await settled();
    expect((await total('xaver')).value).toBe(all);
    expect(await names(`"${first!.displayName}"`)).toEqual([first!.displayName]);
    expect((await total(second!.phones[0]!.number)).value).toBe(1);
    expect((await total(third!.emails[0]!.address)).value).toBe(1);
    expect((await total('falsch@xaver.example')).value).toBe(0);
    expect(await verified(true)).toEqual(nothing);
    expect(await status()).toMatchObject({ entries: all, identifiers: 2 * all });
  }, 240_000);

  test('is about the own tenant only', async () => {
    const [alone] = await customer.adds(elsewhere.tenant, [contactOf({ lastName: 'Anderswo' })]);
    await settled();
    await eventually(async () => expect(await status(elsewhere)).toMatchObject({ entries: 3, fresh: 0 }));
    await meili('DELETE', `${await documents()}/${alone!.id}`);
    await meili('POST', await documents(), [aDocument({ tenant: elsewhere.tenant })]);
    expect(await verified(true)).toEqual(nothing);
    expect((await total('anderswo', elsewhere)).value).toBe(0);
    expect(await verified(false, elsewhere)).toEqual({ ...nothing, missing: 1, surplus: 1 });
    expect((await total('anderswo', elsewhere)).value).toBe(1);
    expect((await status()).verify?.report).toEqual(nothing);
  }, 120_000);
});
