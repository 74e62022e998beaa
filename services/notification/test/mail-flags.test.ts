import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Context, runAs, serviceContext } from '@kontor/bus';
import {
  type Change,
  type ChangeKind,
  getMailFlags,
  listRecipients,
  type MailFlagsChange,
  type Summary,
  setMailFlags,
  type Topic,
  topics,
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

beforeAll(async () => {
  world = await startWorld({ services: [service] });
  customer = await playCustomer(world.nats);
  db = await Database.connect({ name: 'test', url: world.databases.notification?.url ?? '' });
});
afterAll(async () => {
  await Promise.all([customer.stop(), db.close()]);
  await world.stop();
});

const aContact = (more: Partial<Summary> = {}): Summary => ({
  id: randomUUID(),
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
  ...more,
});
const aCustomerWith = (...contacts: Summary[]): string => {
  const id = randomUUID();
  customer.knows(id, contacts);
  return id;
};
const aKnownContact = (): string => {
  const contact = aContact();
  aCustomerWith(contact);
  return contact.id;
};
const get = (id: string, as = agent()) => world.ask(as, getMailFlags, { id });
const set = (id: string, change: MailFlagsChange, as = agent()) => world.ask(as, setMailFlags, { id, change });
const recipients = (id: string, topic: Topic) => world.ask(agent(), listRecipients, { id, topic });
const change = (id: string, version: number, kind: ChangeKind): Change => ({ id, version, change: kind });

/** What the database keeps, which no contract shows. */
const kept = async (id: string): Promise<{ contact_version: number; state: string; flags: unknown } | undefined> => {
  const rows = await runAs(serviceContext(tenant), () =>
    db.transaction((tx) => tx.query('select contact_version, state, flags from mail_flags where contact_id = $1', [id])),
  );
  return rows[0];
};

describe('which mail a contact gets', () => {
  test('is all of it until somebody decides otherwise, also before the contact was heard of', async () => {
    expect(await get(aKnownContact())).toEqual(Object.fromEntries(topics.map((topic) => [topic, true])));
  });

  test('does not exist for a contact that does not exist, or that the agent may not see', async () => {
    await expect(get(randomUUID())).rejects.toMatchObject({ code: 'not-found' });
    await expect(set(randomUUID(), { invoice: false })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('changes topic by topic, also by two agents at the same moment', async () => {
    const id = aKnownContact();
    await Promise.all(topics.filter((topic) => topic !== 'ticket').map((topic) => set(id, { [topic]: false })));
    expect(await get(id)).toEqual({ ...Object.fromEntries(topics.map((topic) => [topic, false])), ticket: true });
    expect(await set(id, { task: true })).toMatchObject({ task: true, project: false });
  });

  test('is read by light agents, and changed by others only', async () => {
    const id = aKnownContact();
    expect(await get(id, agent({ roles: ['light_agent'] }))).toHaveProperty('invoice');
    await expect(set(id, { invoice: false }, agent({ roles: ['light_agent'] }))).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('is another matter in another tenant', async () => {
    const id = aKnownContact();
    await set(id, { invoice: false });
    expect((await get(id, agent({ tenant: randomUUID() }))).invoice).toBe(true);
  });
});

describe('recipients of a mail about a customer’s record', () => {
  test('are all contacts of the customer, those selected whose flag is on and who have an e-mail address', async () => {
    const [anna, berta, carl] = [aContact(), aContact({ displayName: 'Berta Lang' }), aContact({ displayName: 'Carl Oh', email: null })];
    const id = aCustomerWith(anna, berta, carl);
    await set(anna.id, { invoice: false });
    expect(await recipients(id, 'invoice')).toEqual({
      items: [
        { contact: anna, selected: false, reason: 'has switched off mail about invoices' },
        { contact: berta, selected: true, reason: 'gets mail about invoices' },
        { contact: carl, selected: false, reason: 'has no e-mail address' },
      ],
    });
    expect((await recipients(id, 'estimate')).items.map(({ selected }) => selected)).toEqual([true, true, false]);
  });

  test('are nobody when nobody’s flag is on, also with one contact only, and it is said', async () => {
    const anna = aContact();
    const id = aCustomerWith(anna);
    await set(anna.id, { ticket: false });
    expect(await recipients(id, 'ticket')).toEqual({
      items: [{ contact: anna, selected: false, reason: 'has switched off mail about tickets' }],
      warning: 'None of the customer’s contacts gets mail about tickets: no mail is sent',
    });
  });

  test('of a customer that does not exist, or that the agent may not see, do not exist', async () => {
    await expect(recipients(randomUUID(), 'invoice')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('of a thousand contacts come in one answer', async () => {
    const id = aCustomerWith(...Array.from({ length: 1000 }, () => aContact()));
    expect((await recipients(id, 'task')).items).toHaveLength(1000);
  });
});

describe('events of contacts', () => {
  test('leave alone what was set before the contact was heard of', async () => {
    const id = aKnownContact();
    await set(id, { contract: false });
    await customer.tells(tenant, [change(id, 1, 'created')]);
    await eventually(async () => expect(await kept(id)).toMatchObject({ contact_version: 1, state: 'shown' }));
    expect((await get(id)).contract).toBe(false);
  });

  test('hide on binned, show again on restored, and an older one changes nothing', async () => {
    const id = aKnownContact();
    await set(id, { contract: false });
    await customer.tells(tenant, [change(id, 3, 'binned')]);
    await customer.tells(tenant, [change(id, 1, 'created'), change(id, 2, 'updated')]);
    await customer.tells(tenant, [change(id, 3, 'binned')]);
    const last = aKnownContact();
    await customer.tells(tenant, [change(last, 1, 'created')]);
    await eventually(async () => expect(await kept(last)).toBeDefined());
    expect(await kept(id)).toMatchObject({ contact_version: 3, state: 'hidden' });
    await customer.tells(tenant, [change(id, 4, 'restored')]);
    await eventually(async () => expect(await kept(id)).toMatchObject({ state: 'shown', flags: { contract: false, invoice: true } }));
  });

  test.each(['erased', 'purged'] as const)('drop for ever on %s, whatever comes late', async (kind) => {
    const id = aKnownContact();
    await set(id, { contract: false });
    await customer.tells(tenant, [change(id, 1, kind)]);
    await customer.tells(tenant, [change(id, 1, 'created'), change(id, 2, 'updated')]);
    const last = aKnownContact();
    await customer.tells(tenant, [change(last, 1, 'created')]);
    await eventually(async () => expect(await kept(last)).toBeDefined());
    expect(await kept(id)).toEqual({ contact_version: 1, state: 'gone', flags: null });
  });
});

test('9.3 who was merged takes along what was decided for it, where nothing was decided for the one that stays, until it is undone', async () => {
  const [anna, double] = [aContact(), aContact()];
  const firm = aCustomerWith(anna);
  const old = aCustomerWith(double);
  await set(anna.id, { task: true, ticket: false });
  await set(double.id, { invoice: false, task: false, ticket: true });
  const before = [await get(anna.id), await get(double.id)];
  customer.forgets(old);
  await customer.tells(tenant, [{ ...change(double.id, 2, 'merged'), into: anna.id }]);
  await eventually(async () => expect(await get(double.id)).toMatchObject({ invoice: false, task: true, ticket: false, project: true }));
  expect(await get(anna.id)).toEqual(await get(double.id));
  expect((await recipients(firm, 'invoice')).items.map(({ selected }) => selected)).toEqual([false]);
  expect(await set(anna.id, { estimate: false })).toMatchObject({ estimate: false, invoice: false });
  customer.knows(old, [double]);
  await customer.tells(tenant, [change(double.id, 3, 'restored')]);
  await eventually(async () => expect(await get(anna.id)).toEqual({ ...before[0], estimate: false }));
  expect(await get(double.id)).toEqual(before[1]);
  expect((await recipients(firm, 'invoice')).items.map(({ selected }) => selected)).toEqual([true]);
});
