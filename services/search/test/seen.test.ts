import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ContactEntry, getSearchStatus, search } from '@kontor/contracts';
import { again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { untilMade } from './index-status.js';
import { contactOf, customerOf, playCustomer, type StandIn } from './stand-in.js';

const SETTLE = { fresh: '3600000', settled: '0' };

describe.each(sized(['settled'] as const, ['fresh', 'settled'] as const))('what was written is found, %s or not', (how) => {
  let world: World;
  let customer: StandIn;
  const agent = anAgent();
  const { tenant } = agent;

  beforeAll(async () => {
    world = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: SETTLE[how] } } });
    customer = await playCustomer(world.nats);
    await untilMade(world);
    await customer.adds(tenant, [{ firstName: 'Anfang' }]);
    await indexed(1);
  }, 120_000);
  afterAll(async () => {
    await customer?.stop();
    await world?.stop();
  });

  const find = (q: string, ...seen: string[]) => world.ask(again(agent), search, { q, seen: seen as never });
  const names = async (asked: ReturnType<typeof find>) => (await asked).hits.map(({ displayName }) => displayName).toSorted();
  const mark = ({ id }: { id: string }, version: number, kind = 'contact') => `${kind}:${id}:${version}`;
  const knows = (contact: ContactEntry) => {
    customer.knows(tenant, { kind: 'contact', ...contact });
    return contact;
  };
  const tells = (...contacts: { id: string }[]) =>
    customer.tells(
      tenant,
      'contact',
      contacts.map(({ id }) => id),
    );

  /** Everything that was told is taken in and is where it is to be. */
  const indexed = (entries: number) =>
    eventually(async () => {
      const status = await world.ask(again(agent), getSearchStatus, {});
      expect(status).toMatchObject({ state: 'ready', lag: { people: { waiting: 0 } } });
      expect(how === 'settled' ? status.fresh : status.entries).toBe(0);
      expect((await find('')).total).toEqual({ value: entries, relation: 'exact' });
    }, 30_000);

  /** Asks before anything is told, and tells when the question is on its way. */
  async function asks<T>(question: Promise<T>, tell: () => Promise<unknown>): Promise<T> {
    const early = await Promise.race([question.then(() => 'answered'), find('anfang').then(() => 'waits')]);
    expect(early).toBe('waits');
    await tell();
    return question;
  }

  test('a new contact and a new customer are found by the first question, however late their events are', async () => {
    const contact = knows(contactOf({ firstName: 'Neu', lastName: 'Ankunft' }));
    const firm = customerOf({ name: 'Ankunft AG' });
    customer.knows(tenant, { kind: 'customer', ...firm });
    expect(await names(find('ankunft'))).toEqual([]);
    const found = await asks(names(find('ankunft', mark(contact, 1), mark(firm, 1, 'customer'))), async () => {
      await tells(contact);
      await customer.tells(tenant, 'customer', [firm.id], 'created');
    });
    expect(found).toEqual(['Ankunft AG', 'Neu Ankunft']);
    // Seen once, there is nothing to wait for.
    expect(await names(find('ankunft', mark(contact, 1)))).toHaveLength(2);
    await indexed(3);
    expect(await names(find('ankunft', mark(contact, 1), mark(firm, 1, 'customer')))).toHaveLength(2);
  });

  test('a change is found by what it is now, and no more by what it was', async () => {
    const contact = knows(contactOf({ firstName: 'Vorher' }));
    await tells(contact);
    await indexed(4);
    knows({ ...contact, firstName: 'Nachher', displayName: 'Nachher', version: 2 });
    expect(await asks(names(find('nachher', mark(contact, 2))), () => tells(contact))).toEqual(['Nachher']);
    expect((await find('vorher', mark(contact, 2))).total.value).toBe(0);
    expect(await names(find('nachher', mark(contact, 1)))).toEqual(['Nachher']);
  });

  test('of several writes all are waited for, told together or not', async () => {
    const contacts = Array.from({ length: 50 }, (_, i) => knows(contactOf({ firstName: `Viele${i}`, lastName: 'Schwarm' })));
    const asked = find('schwarm', ...contacts.map((contact) => mark(contact, 1)));
    const { total } = await asks(asked, async () => {
      await tells(...contacts.slice(0, 30));
      await tells(...contacts.slice(30));
    });
    expect(total.value).toBe(50);
    await indexed(54);
  });

  test('a deleted one is not waited for, nor is one that never was', async () => {
    const contact = knows(contactOf({ firstName: 'Kurz', lastName: 'Dagewesen' }));
    await tells(contact);
    await indexed(55);
    knows({ ...contact, version: 2 });
    customer.forgets(tenant, contact.id);
    // The index still has it, in the version before: until it is told that it is gone.
    const { total } = await asks(find('dagewesen', mark(contact, 2)), () => customer.tells(tenant, 'contact', [contact.id], 'binned'));
    expect(total.value).toBe(0);
    await indexed(54);
    expect((await find('dagewesen', mark(contact, 2), mark(contact, 99), mark({ id: randomUUID() }, 1))).total.value).toBe(0);
  });

  test('what does not come is waited for five seconds, and then refused', async () => {
    const contact = knows(contactOf({ firstName: 'Nie' }));
    for (const written of [mark(contact, 1), mark((await find('anfang')).hits[0]!, 2)]) {
      const begin = Date.now();
      const refused = await find('anfang', written).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: 'unavailable',
        message: 'Search does not see yet what you have written; ask again, or without the header Kontor-Seen',
        details: { retryAfter: 2 },
      });
      expect(Date.now() - begin).toBeGreaterThan(4_900);
    }
    expect(await names(find('anfang'))).toEqual(['Anfang']);
  }, 30_000);

  test('a write of another tenant is none of this one', async () => {
    const elsewhere = anAgent();
    const [contact] = await customer.adds(elsewhere.tenant, [{ firstName: 'Fremd' }]);
    expect((await find('fremd', mark(contact!, 7))).total.value).toBe(0);
  });
});
