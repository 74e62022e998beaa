import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { search } from '@kontor/contracts';
import { anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { contactOf, phone, playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;
const agent = anAgent();
const { tenant } = agent;

const total = async (q: string) => (await world.ask(agent, search, { q })).total.value;
const names = async (q: string) => (await world.ask(agent, search, { q, limit: 200 })).hits.map(({ displayName }) => displayName);
const soon = (check: () => Promise<void>) => eventually(check, 30_000);

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

describe('the index is what the customer service says', () => {
  test('whatever the events say, how often, and in which order', async () => {
    const ids = Array.from({ length: 50 }, () => randomUUID());
    const write = (round: number) =>
      customer.knows(
        tenant,
        ...ids.map((id) => ({ kind: 'contact' as const, ...contactOf({ id, firstName: `Runde${round}`, lastName: 'Xaver' }) })),
      );
    await Promise.all(
      Array.from({ length: 20 }, async (_, round) => {
        write(round);
        await customer.tells(tenant, 'contact', ids.toReversed(), round % 3 ? 'updated' : 'created', round % 2 ? 'bulk' : 'people');
        await customer.tells(tenant, 'contact', ids.slice(round, round + 5), 'created');
      }),
    );
    write(99);
    await customer.tells(tenant, 'contact', ids, 'created', 'bulk');
    await soon(async () => expect(await total('runde99 xaver')).toBe(50));
    expect(await total('xaver')).toBe(50);
    // A late event that tells of something old changes nothing.
    await customer.tells(tenant, 'contact', ids, 'created');
    await soon(async () => expect(await total('runde99')).toBe(50));
  });

  test('what is in the bin is not found, by no word and no number, and is found again when it is restored', async () => {
    const [contact] = await customer.adds(tenant, [{ firstName: 'Weg', lastName: 'Tonne', phones: [phone('0777 888999')] }]);
    await soon(async () => expect(await total('0777 888')).toBe(1));
    customer.forgets(tenant, contact!.id);
    await customer.tells(tenant, 'contact', [contact!.id], 'binned');
    await soon(async () => expect(await total('tonne')).toBe(0));
    expect(await total('0777 888')).toBe(0);
    customer.knows(tenant, { kind: 'contact', ...contact! });
    await customer.tells(tenant, 'contact', [contact!.id], 'restored');
    await soon(async () => expect(await total('0777 888')).toBe(1));
  });

  test('a number that was taken away finds nobody', async () => {
    const [contact] = await customer.adds(tenant, [{ lastName: 'Wechsel', phones: [phone('0555 111222')] }]);
    await soon(async () => expect(await total('0555111222')).toBe(1));
    customer.knows(tenant, { kind: 'contact', ...contact!, phones: [phone('0555 333444')] });
    await customer.tells(tenant, 'contact', [contact!.id]);
    await soon(async () => expect(await total('0555333444')).toBe(1));
    expect(await total('0555111222')).toBe(0);
  });

  test.each(['people', 'bulk'] as const)(
    'the contacts of a customer that is renamed in the lane %s are found by its new name',
    async (lane) => {
      const tenant = randomUUID();
      const total = async (q: string) => (await world.ask(anAgent({ tenant }), search, { q })).total.value;
      const [firm] = await customer.addsCustomers(tenant, [{ name: 'Altbau KG' }]);
      const given = Array.from({ length: 3 }, (_, i) => ({ firstName: `Mieter${i}`, customerId: firm!.id, customerName: firm!.name }));
      const contacts = await customer.adds(tenant, given);
      await soon(async () => expect(await total('altbau')).toBe(4));
      customer.knows(tenant, { kind: 'customer', ...firm!, name: 'Neubau KG', displayName: 'Neubau KG' });
      customer.knows(tenant, ...contacts.map((contact) => ({ kind: 'contact' as const, ...contact, customerName: 'Neubau KG' })));
      await customer.tells(tenant, 'customer', [firm!.id], 'updated', lane);
      await soon(async () => expect(await total('neubau')).toBe(4));
      expect(await total('altbau')).toBe(0);
    },
  );
});

test('one entry that cannot be read keeps no other from being found', async () => {
  const bad = randomUUID();
  customer.refuses((id) => {
    if (id === bad) throw new Error('this one cannot be read');
  });
  const good = Array.from({ length: 20 }, (_, i) => contactOf({ firstName: `Brav${i}`, lastName: 'Nachbar' }));
  customer.knows(tenant, ...good.map((contact) => ({ kind: 'contact' as const, ...contact })));
  await customer.tells(tenant, 'contact', [...good.slice(0, 10).map(({ id }) => id), bad, ...good.slice(10).map(({ id }) => id)]);
  await soon(async () => expect(await total('nachbar')).toBe(20));
  customer.refuses(() => {});
});

test('a second replica takes over when the first one ends', async () => {
  const second = await service.start(world.env('search'));
  await world.running.get('search')?.stop();
  world.running.delete('search');
  await customer.adds(tenant, [{ firstName: 'Nachfolger' }]);
  await soon(async () => expect(await names('nachfolger')).toEqual(['Nachfolger']));
  world.running.set('search', second);
});

test('without Meilisearch a search is refused as unavailable; afterwards everything that was published meanwhile is found', async () => {
  await world.meili.kill();
  await customer.adds(tenant, [{ firstName: 'Ausfall', lastName: 'Zeuge' }]);
  await expect(total('')).rejects.toMatchObject({ code: 'unavailable' });
  await world.meili.restart();
  await soon(async () => expect(await names('zeuge')).toEqual(['Ausfall Zeuge']));
});
