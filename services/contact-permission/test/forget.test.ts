import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serviceContext } from '@kontor/bus';
import {
  type AboutEntry,
  type ChangeKind,
  collectInContactPermission,
  forgetInContactPermission,
  getPermissions,
  setPermissions,
} from '@kontor/contracts';
import { anAgent, eventually, findInDatabase, findInStreams, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { anEntry, playCustomer } from './stand-in.js';

const tenant = randomUUID();
const agent = anAgent({ tenant });

let world: World;
let customer: Awaited<ReturnType<typeof playCustomer>>;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  customer = await playCustomer(world.nats);
});
afterAll(async () => {
  await customer.stop();
  await world.stop();
});

const about = (id: string): AboutEntry => ({
  id,
  kind: 'contact',
  entry: { ...anEntry(id), version: 3 },
  keys: { emails: [], phones: [], externalIds: [] },
  rows: [],
  formerly: [],
});
const forget = (id: string, of = tenant) => world.ask(serviceContext(of), forgetInContactPermission, about(id));
const collect = async (id: string, of = tenant) => (await world.ask(serviceContext(of), collectInContactPermission, about(id))).data;
const tells = (id: string, version: number, change: ChangeKind) => customer.tells(tenant, [{ id, version, change }]);

/** A contact that an agent has decided something about. */
async function aKnownContact(): Promise<string> {
  const id = randomUUID();
  customer.knows(id);
  await world.ask(agent, setPermissions, { id, change: { invoices: { allowed: false } } });
  return id;
}
const kept = (text: string) => findInDatabase(world.databases['contact-permission']!.migrationUrl, text);

test('6.3 nothing but that it is gone stays of a contact, once and for ever', async () => {
  const [id, other] = [await aKnownContact(), await aKnownContact()];
  expect(await forget(id)).toEqual({ counts: { permissions: 1 } });
  expect(await forget(id)).toEqual({ counts: { permissions: 0 } });
  expect(await collect(id)).toEqual({});
  await expect(world.ask(agent, setPermissions, { id, change: { invoices: { allowed: true } } })).rejects.toMatchObject({
    code: 'not-found',
  });
  expect((await world.ask(agent, getPermissions, { id: other })).invoices.allowed).toBe(false);
  await eventually(async () => expect(await kept(id)).toEqual(['permission: 1']));
});

test('6.3 a late event does not bring a forgotten contact back, nor one that was never heard of', async () => {
  const ids = [await aKnownContact(), randomUUID()];
  for (const id of ids) {
    await forget(id);
    await tells(id, 2, 'binned');
    await tells(id, 9, 'updated');
  }
  const last = await aKnownContact();
  await tells(last, 7, 'updated');
  // Events are worked on one after the other.
  await eventually(async () => expect(await kept(`${last},7,shown`)).toEqual(['permission: 1']));
  for (const id of ids) {
    expect(await collect(id)).toEqual({});
    expect(await kept(`${id},3,gone,`)).toEqual(['permission: 1']);
  }
});

test('6.3 in another tenant nothing is forgotten', async () => {
  const id = await aKnownContact();
  expect(await forget(id, randomUUID())).toEqual({ counts: { permissions: 0 } });
  expect(await collect(id)).toMatchObject({ permissions: { invoices: { allowed: false } } });
});

test('6.3 customers have nothing here, and nothing is kept of them', async () => {
  const id = randomUUID();
  const { customerName, ...contact } = anEntry(id);
  const entry = { ...contact, name: 'Beispiel', parentId: null, domains: [], primaryContactId: null };
  const { counts } = await world.ask(serviceContext(tenant), forgetInContactPermission, { ...about(id), kind: 'customer', entry });
  expect(counts).toEqual({ permissions: 0 });
  expect(await kept(id)).toEqual([]);
});

test('6.3 6.4 only services may ask', async () => {
  const id = await aKnownContact();
  await expect(world.ask(agent, forgetInContactPermission, about(id))).rejects.toMatchObject({ code: 'forbidden' });
  await expect(world.ask(agent, collectInContactPermission, about(id))).rejects.toMatchObject({ code: 'forbidden' });
});

test('6.4 all that is held about a contact is what it may see', async () => {
  const id = await aKnownContact();
  expect(await collect(id)).toEqual({ permissions: await world.ask(agent, getPermissions, { id }) });
  expect(await collect(randomUUID())).toEqual({});
});

test('6.3 streams tell of ids only', async () => {
  const id = await aKnownContact();
  await eventually(async () => expect(await findInStreams(world.nats, id)).not.toEqual([]));
  expect(await findInStreams(world.nats, 'Schmidt')).toEqual([]);
});
