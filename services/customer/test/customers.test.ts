import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { refusal } from './refusal.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

describe('customers', () => {
  it('1.2 the creator is the owner; another agent can be chosen at any time from the list of agents', async () => {
    const agent = anAgent();
    const colleague = anAgent({ tenant: agent.tenant, agent: { id: anAgent().tenant, name: 'Kollegin' } });
    for (const one of [agent, colleague]) await world.ask(one, k.seeAgent, {});
    const { items } = await world.ask(agent, k.listAgents, {});
    const chosen = items.find(({ name }) => name === 'Kollegin')?.id;
    expect(chosen).toBe(colleague.agent?.id);
    expect(await world.ask(again(agent), k.createCustomer, aCustomer({ ownerId: chosen }))).toMatchObject({ ownerId: chosen });
    const own = await world.ask(again(agent), k.createCustomer, aCustomer());
    expect(own.ownerId).toBe(agent.agent?.id);
    expect(await world.ask(again(agent), k.changeCustomer, { id: own.id, change: { ownerId: chosen } })).toMatchObject({ ownerId: chosen });
    const unknown = await refusal(world.ask(again(agent), k.createCustomer, aCustomer({ ownerId: anAgent().tenant })));
    expect(unknown).toMatchObject({ code: 'invalid', details: { errors: [{ path: 'ownerId' }] } });
  });

  it('1.1 a department is a customer below another one, and is listed by its parent', async () => {
    const agent = anAgent();
    const top = await world.ask(again(agent), k.createCustomer, { name: 'Konzern' });
    const below = await world.ask(again(agent), k.createCustomer, { name: 'Einkauf', parentId: top.id });
    const ids = async (parentId: string) => (await world.ask(again(agent), k.listCustomers, { parentId })).items.map(({ id }) => id);
    expect([await ids(top.id), await ids('none')]).toEqual([[below.id], [top.id]]);
  });

  it('1.3 has any number of values of every kind, each list with one primary value', async () => {
    const agent = anAgent();
    await world.ask(again(agent), k.changeSettings, {
      change: { customFields: [{ key: 'turnover', label: 'Turnover', kind: 'number', for: 'customer' }] },
    });
    const given = {
      name: 'Viel AG',
      notes: 'a description',
      type: 'hot',
      tags: ['a', 'b'],
      domains: ['viel.example', 'viel2.example'],
      customFields: { turnover: 5 },
      emails: Array.from({ length: 50 }, (_, i) => ({ address: `info${i}@viel.example` })),
      phones: [{ number: '030 1' }, { number: '030 2', primary: true }],
      addresses: [{ city: 'Bonn' }, { city: 'Berlin' }],
      links: [{ url: 'https://viel.example' }, { url: 'https://social.example/viel', kind: 'social' as const }],
    };
    const made = await world.ask(again(agent), k.createCustomer, given);
    expect(made).toMatchObject({ ...given, emails: given.emails.map((email, i) => ({ ...email, primary: i === 0 })) });
    for (const list of ['emails', 'phones', 'addresses', 'links'] as const)
      expect(made[list].filter(({ primary }) => primary)).toHaveLength(1);
    const tooMany = [...given.emails, { address: 'info50@viel.example' }];
    expect(await refusal(world.ask(again(agent), k.createCustomer, { ...given, emails: tooMany }))).toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'emails' }] },
    });
  });

  it('1.5 exactly one contact is primary after concurrent additions and removals', async () => {
    const agent = anAgent();
    const firm = await world.ask(again(agent), k.createCustomer, aCustomer());
    const made = await Promise.all(
      Array.from({ length: 10 }, () => world.ask(again(agent), k.createContact, aContact({ customerId: firm.id }))),
    );
    const primaries = async () => {
      const all = await Promise.all(made.map(({ id }) => world.ask(again(agent), k.getContact, { id })));
      const { primaryContactId } = await world.ask(again(agent), k.getCustomer, { id: firm.id });
      expect(all.filter(({ isPrimaryContact }) => isPrimaryContact).map(({ id }) => id)).toEqual(
        primaryContactId ? [primaryContactId] : [],
      );
      return primaryContactId;
    };
    expect(made.map(({ id }) => id)).toContain(await primaries());
    await Promise.all(made.slice(0, 9).map(({ id }) => world.ask(again(agent), k.moveContact, { id, customerId: null })));
    expect(await primaries()).toBe(made[9]?.id);
    await world.ask(again(agent), k.moveContact, { id: made[9]?.id ?? '', customerId: null });
    expect(await primaries()).toBeNull();
  });
});
