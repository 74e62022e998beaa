import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serviceContext } from '@kontor/bus';
import { type AboutEntry, type ContactEntry, type Customer, forgetInSearch, search } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { anAgent, eventually, findInDatabase, findInMeili, findInStreams, sized, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { address, customerOf, email, phone, playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;
let db: Database;
const agent = anAgent();
const { tenant } = agent;

const total = async (q: string, as = agent) => (await world.ask(as, search, { q })).total.value;
const soon = (check: () => Promise<void>) => eventually(check, 30_000);
const found = (q: string, hits: number, as = agent) => soon(async () => expect(await total(q, as)).toBe(hits));
const traces = async (text: string) => [
  ...(await findInDatabase(world.databases.search!.migrationUrl, text)),
  ...(await findInMeili(world.meili, text)).map((place) => place.replace(/^entries-\w+/, 'entries')),
  ...(await findInStreams(world.nats, text)),
];

beforeAll(async () => {
  // Changes are settled at once: what is found here is looked for in the index.
  world = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '0' } } });
  customer = await playCustomer(world.nats);
  db = await Database.connect({ name: 'test', url: world.databases.search!.url });
  // The index is there, and nothing is left to be swept from making it.
  await soon(async () => {
    expect((await world.ask(agent, search, {})).total.relation).toBe('exact');
    expect(await db.queryAcrossTenants('select 1 from sweep', [])).toEqual([]);
  });
});
afterAll(async () => {
  await customer?.stop();
  await db?.close();
  await world?.stop();
});

const about = (entry: ContactEntry | Customer, more: Partial<AboutEntry> = {}): AboutEntry =>
  ({
    id: entry.id,
    kind: 'name' in entry ? 'customer' : 'contact',
    entry,
    keys: { emails: [], phones: [], externalIds: [] },
    rows: [],
    formerly: [],
    ...more,
  }) as AboutEntry;
const forget = async (entry: ContactEntry | Customer, more: Partial<AboutEntry> = {}, of = tenant) =>
  (await world.ask(serviceContext(of), forgetInSearch, about(entry, more))).counts;
/** As the customer service does it: into the bin first. */
async function bin(entry: ContactEntry | Customer, tell = true): Promise<void> {
  customer.forgets(tenant, entry.id);
  if (tell) await customer.tells(tenant, 'name' in entry ? 'customer' : 'contact', [entry.id], 'binned');
}

/** Somebody in whom everything that is indexed has the text in it. */
const full = (text: string): Partial<ContactEntry> => ({
  firstName: `Vor${text}`,
  middleName: `Mit${text}`,
  lastName: `Nach${text}ä`,
  companyName: `${text} und Partner`,
  jobTitle: `Chef ${text}`,
  emails: [email(`${text}@post.example`), email(`zwei@${text}.example`)],
  phones: [phone('0444 123456', '+49444123456')],
  addresses: [address({ line1: `${text}weg 5`, city: `Bad ${text}`, postalCode: '99999', alias: `Am ${text}` })],
  tags: [`tag ${text}`],
  type: `typ${text}`,
  notes: `Viel über ${text}, auch 王${text}`,
  customFields: { hobby: `${text}angeln`, liste: [`eins${text}`] },
  employeeCode: `E-${text}`,
});

test('6.3 of a contact nothing stays: no document, no word, no identifier', async () => {
  const [contact] = await customer.adds(tenant, [full('qxkanarq')]);
  await found('nachqxkanarqä', 1);
  await soon(async () =>
    expect(await traces('qxkanarq')).toEqual([
      'entry_name: 1',
      'identifier: 3',
      expect.stringMatching(/^word: \d\d$/),
      `entries: ${contact!.id}`,
    ]),
  );
  await bin(contact!);
  await found('nachqxkanarqä', 0);
  const counts = await forget(contact!);
  expect(counts.words).toBeGreaterThan(20);
  expect(await traces('qxkanarq')).toEqual([]);
  expect(await traces(contact!.id)).toEqual([expect.stringContaining('EVENTS'), expect.stringContaining('EVENTS')]);
  expect(await forget(contact!)).toEqual({ documents: 0, words: 0, identifiers: 0 });
});

test('6.3 nor does it when the index has not heard of the bin yet, and a late event brings nothing back', async () => {
  const [contact] = await customer.adds(tenant, [full('qxspaetq')]);
  await found('qxspaetq', 1);
  await bin(contact!, false);
  expect(await forget(contact!)).toEqual({ documents: 1, words: expect.any(Number), identifiers: 4 });
  expect(await traces('qxspaetq')).toEqual([]);
  await customer.tells(tenant, 'contact', [contact!.id], 'updated');
  await customer.tells(tenant, 'contact', [contact!.id], 'binned', 'bulk');
  await customer.adds(tenant, [{ lastName: 'Danach' }]);
  await found('danach', 1);
  expect(await traces('qxspaetq')).toEqual([]);
});

test('6.3 words that somebody else has, too, stay where those have them', async () => {
  const [contact] = await customer.adds(tenant, [
    { firstName: 'Qxteilq', lastName: 'Qxalleinq', notes: 'qxteilq' },
    { lastName: 'Qxteilq', notes: 'Sonst nichts' },
  ]);
  await found('qxteilq', 2);
  await bin(contact!);
  // The word as a first name and in notes, and the last name.
  expect(await forget(contact!)).toMatchObject({ words: 3 });
  expect(await total('qxteilq')).toBe(1);
  expect(await total('last:xteil')).toBe(1);
  expect(await total('first:xteil')).toBe(0);
});

test('6.3 words that stood in it earlier go as well', async () => {
  const [contact] = await customer.adds(tenant, [{ lastName: 'Qxledigq', notes: 'Heiratet' }]);
  await found('qxledigq', 1);
  const married = { ...contact!, lastName: 'Qxverheiratetq' };
  customer.knows(tenant, { kind: 'contact', ...married });
  await customer.tells(tenant, 'contact', [contact!.id]);
  await found('qxverheiratetq', 1);
  await bin(married);
  await forget(married, { formerly: ['Qxledigq'] });
  expect([...(await traces('qxledigq')), ...(await traces('qxverheiratetq'))]).toEqual([]);
});

test('6.3 words that nobody remembers go, too, a little later, and those in use stay', async () => {
  const before = Array.from({ length: 700 }, (_, i) => `qxalt${i}q`).join(' ');
  const [contact, ...others] = await customer.adds(tenant, [
    { lastName: 'Qxvergangenq', notes: before },
    ...Array.from({ length: 30 }, (_, i) => ({ lastName: `Bestand${i}`, notes: `rest${i} gemeinsam` })),
  ]);
  await found('qxvergangenq', 1);
  const now = { ...contact!, lastName: 'Qxheuteq', notes: null };
  customer.knows(tenant, { kind: 'contact', ...now });
  await customer.tells(tenant, 'contact', [now.id]);
  await found('qxheuteq', 1);
  expect(await traces('qxalt')).toEqual(['word: 700']);
  await bin(now);
  await forget(now);
  await soon(async () => expect([...(await traces('qxalt')), ...(await traces('qxvergangen'))]).toEqual([]));
  await soon(async () =>
    expect(await findInDatabase(world.databases.search!.migrationUrl, tenant)).not.toContainEqual(expect.stringContaining('sweep')),
  );
  expect(await total('last:*estand*')).toBe(others.length);
  for (const word of ['bestand17', 'rest29', 'emeinsa']) expect(await total(word)).toBeGreaterThan(0);
  expect(await total('emeinsa')).toBe(others.length);
});

test('6.3 a forgotten word is added again when somebody else gets it', async () => {
  for (let round = 0; round < 3; round++) {
    const [contact] = await customer.adds(tenant, [{ lastName: 'Qxwiederq' }]);
    await found('xwieder', 1);
    await bin(contact!);
    await forget(contact!);
    expect(await traces('qxwiederq')).toEqual([]);
  }
});

test('6.3 a word that one loses and another gets at the same moment is found', async () => {
  let last = (await customer.adds(tenant, [{ firstName: 'Nr 0', lastName: 'Qxstaffelq' }]))[0]!;
  await found('xstaffel', 1);
  for (let round = 1; round <= 20; round++) {
    const before = last;
    await bin(before, round % 2 === 0);
    const [[next]] = await Promise.all([
      customer.adds(tenant, [{ firstName: `Nr ${round}`, lastName: 'Qxstaffelq' }], round % 3 ? 'people' : 'bulk'),
      forget(before),
    ]);
    last = next!;
  }
  await found('xstaffel', 1);
  await bin(last);
  await forget(last);
  expect(await traces('qxstaffelq')).toEqual([]);
});

test('6.3 of a customer nothing stays, and its name is not a word of its former contacts', async () => {
  const firm = customerOf({ name: 'Qxfirmaq KG', notes: 'qxfirmaq' });
  customer.knows(tenant, { kind: 'customer', ...firm });
  const [contact] = await customer.adds(tenant, [{ firstName: 'Bleibt', customerId: firm.id, customerName: firm.name }]);
  await customer.tells(tenant, 'customer', [firm.id], 'created');
  await found('qxfirmaq', 2);
  await bin(firm);
  customer.knows(tenant, { kind: 'contact', ...contact!, customerId: null, customerName: null });
  await customer.tells(tenant, 'contact', [contact!.id]);
  await found('qxfirmaq', 0);
  await forget(firm);
  expect(await traces('qxfirmaq')).toEqual([]);
  expect(await total('bleibt')).toBe(1);
});

test('6.3 other tenants keep what they have, and nobody forgets for them', async () => {
  const other = anAgent();
  const [mine] = await customer.adds(tenant, [full('qxmandantq')]);
  const [theirs] = await customer.adds(other.tenant, [full('qxmandantq')]);
  await found('qxmandantq', 1);
  await found('qxmandantq', 1, other);
  expect(await forget(mine!, {}, randomUUID())).toEqual({ documents: 0, words: 0, identifiers: 0 });
  expect(await total('qxmandantq')).toBe(1);
  await bin(mine!);
  await forget(mine!);
  expect(await total('xmandant', other)).toBe(1);
  expect(await total('post.example', other)).toBe(1);
  await soon(async () => expect(await findInMeili(world.meili, 'qxmandantq')).toEqual([expect.stringContaining(theirs!.id)]));
});

test('6.3 many words are forgotten in one call', async () => {
  const many = sized(1_000, 4_000);
  const notes = Array.from({ length: many }, (_, i) => `qxvielwort${i.toString(36)}q`).join(' ');
  const [contact] = await customer.adds(tenant, [{ lastName: 'Vielschreiber', notes }]);
  await found('vielschreiber', 1);
  await bin(contact!);
  expect((await forget(contact!)).words).toBe(many + 1);
  expect(await traces('qxvielwort')).toEqual([]);
});

test('6.3 what another writer has forgotten meanwhile is added again', async () => {
  const [contact] = await customer.adds(tenant, [{ lastName: 'Qxwechselq' }]);
  await found('xwechsel', 1);
  await bin(contact!);
  await found('xwechsel', 0);
  // What a replica does that is the writer in between.
  await db.queryAcrossTenants(`delete from word where word like 'qxwechsel%'`, []);
  await db.queryAcrossTenants(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kontor-lock-writer' and datname = current_database()`,
    [],
  );
  await customer.adds(tenant, [{ firstName: 'Zeuge', lastName: 'Qxwechselq' }]);
  await found('zeuge', 1);
  expect(await total('xwechsel')).toBe(1);
});

test('6.3 any replica may be asked', async () => {
  const second = await service.start(world.env('search'));
  const contacts = await customer.adds(
    tenant,
    Array.from({ length: 12 }, (_, i) => ({ lastName: `Qxreplik${i}q` })),
  );
  await found('qxreplik*', 12);
  for (const contact of contacts) await bin(contact, false);
  const counts = await Promise.all(contacts.map((contact) => forget(contact)));
  expect(counts).toEqual(contacts.map(() => ({ documents: 1, words: 1, identifiers: 0 })));
  expect(await traces('qxreplik')).toEqual([]);
  await second.stop();
});

test('6.3 without Meilisearch it is refused as unavailable, and done when it is back; nothing of it stays in the queue', async () => {
  const [contact] = await customer.adds(tenant, [full('qxausfallq')]);
  await found('qxausfallq', 1);
  await bin(contact!, false);
  await world.meili.kill();
  const soonOver = { ...serviceContext(tenant), deadline: Date.now() + 6_000 };
  await expect(world.bus.request(forgetInSearch, about(contact!), soonOver)).rejects.toMatchObject({ code: 'unavailable' });
  await world.meili.restart();
  await soon(async () => expect(await traces('qxausfallq')).toEqual([]));
  await forget(contact!);
  expect(await findInDatabase(world.databases.search!.migrationUrl, contact!.id)).toEqual([]);
});
