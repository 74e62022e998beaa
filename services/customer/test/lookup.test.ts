import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

describe('3.5 caller lookup', () => {
  it.each([
    '+49301234567',
    ' 49301234567', // a plus that was not encoded
    '0049301234567',
    '00 49 30 123 45 67',
    '030 1234567',
    '0301234567',
    '(030) 123-45-67',
    '030/123 45 67',
    '030.1234567',
    '+49 (0)30 / 123-4567',
    '+49 30 1234567 ext. 12',
    'tel:+49-30-1234567',
    '０３０１２３４５６７',
  ])('finds "%s"', async (phone) => {
    const agent = anAgent();
    const { id } = await world.ask(
      agent,
      k.createContact,
      aContact({ phones: [{ number: '0170 5' }, { number: '030 - 1234567', label: 'Büro' }] }),
    );
    await world.ask(agent, k.createContact, aContact({ phones: [{ number: '030 1234568' }] }));
    expect(await world.ask(agent, k.lookUpCaller, { phone })).toMatchObject({
      items: [
        {
          id,
          kind: 'contact',
          displayName: 'Anna Müller',
          matched: { number: '030 - 1234567', e164: '+49301234567', kind: 'phone', label: 'Büro', primary: false },
        },
      ],
    });
  });

  it('finds a number stored with an extension, one of another country, and one that has only digits', async () => {
    const agent = anAgent();
    const made = await Promise.all(
      ['+49 89 7654321 ext 9', '+1 (212) 555-1234', '12'].map((number) =>
        world.ask(again(agent), k.createContact, aContact({ phones: [{ number }] })),
      ),
    );
    const found = async (phone: string) => (await world.ask(agent, k.lookUpCaller, { phone })).items.map(({ id }) => id);
    expect(await found('089/7654321')).toEqual([made[0]?.id]);
    expect(await found('001 212 555 1234')).toEqual([made[1]?.id]);
    expect(await found('1 2')).toEqual([made[2]?.id]);
  });

  it('returns none if no contact has it, without guessing', async () => {
    const agent = anAgent();
    await world.ask(agent, k.createContact, aContact({ phones: [{ number: '030 1234567' }] }));
    for (const phone of ['030 1234560', '030 123456', '030 12345678', '1234567', '+43301234567', '1', '9'.repeat(60)])
      expect(await world.ask(agent, k.lookUpCaller, { phone })).toEqual({ items: [] });
    expect(await world.ask(anAgent(), k.lookUpCaller, { phone: '030 1234567' })).toEqual({ items: [] });
  });

  it.each(['', ' ', '+', 'anna'])('refuses "%s", which has no digit', async (phone) => {
    await expect(world.ask(anAgent(), k.lookUpCaller, { phone })).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'phone' }] },
    });
  });

  it('best first: contacts with it as primary number, then the most recently changed; never contacts in the bin', async () => {
    const agent = anAgent();
    const phones = [{ number: '030 1234567' }];
    const make = (given: object) => world.ask(again(agent), k.createContact, aContact(given));
    const second = await make({ phones: [{ number: '0170 1111111' }, ...phones] });
    const old = await make({ phones });
    const fresh = await make({ phones });
    const gone = await make({ phones });
    const found = async () => (await world.ask(agent, k.lookUpCaller, { phone: '030 1234567' })).items.map(({ id }) => id);
    expect(await found()).toEqual([gone.id, fresh.id, old.id, second.id]);
    await world.ask(agent, k.deleteContact, { id: gone.id });
    await world.ask(agent, k.changeContact, { id: second.id, change: { notes: 'x' } });
    await world.ask(agent, k.changeContact, { id: old.id, change: { notes: 'x' } });
    expect(await found()).toEqual([old.id, fresh.id, second.id]);
  });

  it('2.10 does not find contacts that are hidden, themselves or by their customer', async () => {
    const admin = anAgent();
    const agent = again(admin, { agent: { id: anAgent().tenant, name: 'A' }, roles: ['agent'] });
    const phones = [{ number: '030 1234567' }];
    const { id: customerId } = await world.ask(admin, k.createCustomer, aCustomer({ access: { restricted: true } }));
    const open = await world.ask(admin, k.createContact, aContact({ phones }));
    await world.ask(admin, k.createContact, aContact({ phones, access: { restricted: true } }));
    await world.ask(admin, k.createContact, aContact({ phones, customerId }));
    expect((await world.ask(agent, k.lookUpCaller, { phone: '030 1234567' })).items.map(({ id }) => id)).toEqual([open.id]);
    expect((await world.ask(admin, k.lookUpCaller, { phone: '030 1234567' })).items).toHaveLength(3);
  });
});
