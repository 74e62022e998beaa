import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serviceContext } from '@kontor/bus';
import {
  type AboutEntry,
  type ChangeKind,
  collectInNotification,
  forgetInNotification,
  getMailFlags,
  type Summary,
  setMailFlags,
} from '@kontor/contracts';
import { anAgent, eventually, findInDatabase, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { asEntry, playCustomer } from './stand-in.js';

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

const aContact = (id: string): Summary => ({
  id,
  kind: 'contact',
  displayName: 'Anna Schmidt',
  firstName: 'Anna',
  lastName: 'Schmidt',
  email: 'anna@firma.example',
  phone: null,
  companyName: null,
  customer: null,
  city: null,
  type: null,
  tags: [],
  employeeCode: null,
  updatedAt: '2026-01-31T12:00:00.000Z',
});
const anEntry = (id: string) => asEntry(aContact(id));
const about = (id: string): AboutEntry => ({
  id,
  kind: 'contact',
  entry: { ...anEntry(id), version: 3 },
  keys: { emails: [], phones: [], externalIds: [] },
  rows: [],
  formerly: [],
});
const forget = (id: string, of = tenant) => world.ask(serviceContext(of), forgetInNotification, about(id));
const collect = async (id: string, of = tenant) => (await world.ask(serviceContext(of), collectInNotification, about(id))).data;
const tells = (id: string, version: number, change: ChangeKind) => customer.tells(tenant, [{ id, version, change }]);

/** A contact that an agent has decided something about. */
async function aKnownContact(): Promise<string> {
  const id = randomUUID();
  customer.knows(randomUUID(), [aContact(id)]);
  await world.ask(agent, setMailFlags, { id, change: { invoice: false } });
  return id;
}
const kept = (text: string) => findInDatabase(world.databases.notification!.migrationUrl, text);

test('6.3 nothing but that it is gone stays of a contact, once and for ever', async () => {
  const [id, other] = [await aKnownContact(), await aKnownContact()];
  expect(await forget(id)).toEqual({ counts: { mailFlags: 1 } });
  expect(await forget(id)).toEqual({ counts: { mailFlags: 0 } });
  expect(await collect(id)).toEqual({});
  await expect(world.ask(agent, setMailFlags, { id, change: { invoice: true } })).rejects.toMatchObject({
    code: 'not-found',
  });
  expect((await world.ask(agent, getMailFlags, { id: other })).invoice).toBe(false);
  await eventually(async () => expect(await kept(id)).toEqual(['mail_flags: 1']));
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
  await eventually(async () => expect(await kept(`${last},7,shown`)).toEqual(['mail_flags: 1']));
  for (const id of ids) {
    expect(await collect(id)).toEqual({});
    expect(await kept(`${id},3,gone,`)).toEqual(['mail_flags: 1']);
  }
});

test('6.3 in another tenant nothing is forgotten', async () => {
  const id = await aKnownContact();
  expect(await forget(id, randomUUID())).toEqual({ counts: { mailFlags: 0 } });
  expect(await collect(id)).toMatchObject({ mailFlags: { invoice: false } });
});

test('6.3 customers have nothing here, and nothing is kept of them', async () => {
  const id = randomUUID();
  const { customerName, ...contact } = anEntry(id);
  const entry = { ...contact, name: 'Beispiel', parentId: null, domains: [], primaryContactId: null };
  const { counts } = await world.ask(serviceContext(tenant), forgetInNotification, { ...about(id), kind: 'customer', entry });
  expect(counts).toEqual({ mailFlags: 0 });
  expect(await kept(id)).toEqual([]);
});

test('6.3 6.4 only services may ask', async () => {
  const id = await aKnownContact();
  await expect(world.ask(agent, forgetInNotification, about(id))).rejects.toMatchObject({ code: 'forbidden' });
  await expect(world.ask(agent, collectInNotification, about(id))).rejects.toMatchObject({ code: 'forbidden' });
});

test('6.4 all that is held about a contact is which mail it gets', async () => {
  const id = await aKnownContact();
  expect(await collect(id)).toEqual({ mailFlags: await world.ask(agent, getMailFlags, { id }) });
  expect(await collect(randomUUID())).toEqual({});
});

test('6.4 9.3 and so is what was decided for those who were merged into it', async () => {
  const [winner, loser] = [randomUUID(), await aKnownContact()];
  customer.knows(randomUUID(), [aContact(winner)]);
  await customer.tells(tenant, [{ id: loser, version: 2, change: 'merged', into: winner }]);
  await eventually(async () => expect(await collect(winner)).toMatchObject({ mailFlags: { invoice: false } }));
  expect(await collect(winner)).toEqual({ mailFlags: await world.ask(agent, getMailFlags, { id: winner }) });
});
