import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Context, serviceContext } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, startWorld, type World } from '@kontor/testing';
import type { z } from 'zod';
import { service } from '../src/index.js';
import { refusal } from './refusal.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

describe('the tenants', () => {
  it('are all known tenants, each once', async () => {
    const seen = [anAgent(), anAgent()];
    for (const agent of [...seen, ...seen]) await world.ask(again(agent), k.seeAgent, {});
    const { tenants } = await world.ask(serviceContext(randomUUID()), k.listTenants, {});
    expect(tenants).toEqual([...new Set(tenants)].sort());
    expect(tenants).toEqual(expect.arrayContaining(seen.map(({ tenant }) => tenant)));
  });

  it('are returned to services only', async () => {
    expect(await refusal(world.ask(anAgent(), k.listTenants, {}))).toMatchObject({ code: 'forbidden' });
  });
});

describe('the versions of contacts and customers', () => {
  const versions = (agent: Context, input: z.input<typeof k.listVersions.input>) =>
    world.ask(serviceContext(agent.tenant), k.listVersions, input);

  it('are paged in the order of ids', async () => {
    const agent = anAgent();
    const made: k.Contact[] = [];
    for (let i = 0; i < 5; i++) made.push(await world.ask(again(agent), k.createContact, aContact()));
    const [first] = made;
    await world.ask(again(agent), k.changeContact, { id: first?.id ?? '', change: { jobTitle: 'Neu' } });
    const ids = made.map(({ id }) => id).sort();
    const expected = ids.map((id) => ({ id, version: id === first?.id ? 2 : 1 }));
    const begin = await versions(agent, { kind: 'contact', limit: 3 });
    expect(begin).toEqual({ items: expected.slice(0, 3) });
    const rest = await versions(agent, { kind: 'contact', after: begin.items.at(-1)?.id, limit: 3, count: true });
    expect(rest).toEqual({ items: expected.slice(3), total: 5 });
    expect(await versions(agent, { kind: 'contact', after: ids.at(-1), count: true })).toEqual({ items: [], total: 5 });
  });

  it('omit entries in the bin, merged ones and those of other tenants', async () => {
    const agent = anAgent();
    const firm = await world.ask(again(agent), k.createCustomer, aCustomer({ access: { restricted: true } }));
    const gone = await world.ask(again(agent), k.createCustomer, aCustomer());
    await world.ask(again(agent), k.deleteCustomer, { id: gone.id });
    const [into, from] = [
      await world.ask(again(agent), k.createContact, aContact()),
      await world.ask(again(agent), k.createContact, aContact()),
    ];
    const merged = await world.ask(again(agent), k.mergeContacts, { into: into.id, from: [from.id] });
    await world.ask(anAgent(), k.createContact, aContact());
    expect(await versions(agent, { kind: 'customer', count: true })).toEqual({ items: [{ id: firm.id, version: 1 }], total: 1 });
    expect(await versions(agent, { kind: 'contact', count: true })).toEqual({
      items: [{ id: into.id, version: merged.contact?.version }],
      total: 1,
    });
    await world.ask(again(agent), k.restoreFromBin, { id: gone.id });
    const { version } = await world.ask(again(agent), k.getCustomer, { id: gone.id });
    expect((await versions(agent, { kind: 'customer' })).items).toContainEqual({ id: gone.id, version });
  });

  it('are returned to services only', async () => {
    const agent = anAgent();
    await world.ask(agent, k.createContact, aContact());
    expect(await refusal(world.ask(again(agent), k.listVersions, { kind: 'contact' }))).toMatchObject({ code: 'forbidden' });
  });
});
