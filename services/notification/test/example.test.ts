import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { service as contactPermission } from '@kontor/contact-permission';
import { createCustomer, getPermissions, listRecipients, setMailFlags, setPermissions, type Topic, topics } from '@kontor/contracts';
import { service as customer } from '@kontor/customer';
import { aContact, aCustomer, anAgent, startWorld, type World } from '@kontor/testing';
import { service as notification } from '../src/index.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [customer, contactPermission, notification] });
});
afterAll(() => world.stop());

test('five contacts all have the `projects` permission; only one has the `project` and `task` flags. That one gets the mails about projects and tasks, the other four get none, and all five see the projects', async () => {
  const agent = anAgent({ roles: ['agent'] });
  const firma = await world.ask(agent, createCustomer, aCustomer({ contacts: Array.from({ length: 5 }, () => aContact()) }));
  const ids = (firma.contacts ?? []).map(({ id }) => id);
  expect(ids).toHaveLength(5);
  const [theOne, ...theOthers] = ids;

  const onlyProjects = { invoices: false, estimates: false, contracts: false, proposals: false, support: false, projects: true };
  const permissions = Object.fromEntries(Object.entries(onlyProjects).map(([feature, allowed]) => [feature, { allowed }]));
  for (const id of ids) await world.ask(agent, setPermissions, { id, change: permissions });
  const allOff = Object.fromEntries(topics.map((topic) => [topic, false]));
  for (const id of ids)
    await world.ask(agent, setMailFlags, { id, change: { ...allOff, ...(id === theOne && { project: true, task: true }) } });

  const selected = async (topic: Topic) => {
    const { items, warning } = await world.ask(agent, listRecipients, { id: firma.id, topic });
    expect(items.map(({ contact }) => contact.id).sort()).toEqual([...ids].sort());
    return { ids: items.filter((item) => item.selected).map(({ contact }) => contact.id), warning };
  };
  for (const topic of ['project', 'task'] as const) expect(await selected(topic)).toEqual({ ids: [theOne], warning: undefined });
  for (const topic of topics.filter((topic) => topic !== 'project' && topic !== 'task'))
    expect(await selected(topic)).toEqual({ ids: [], warning: expect.stringContaining('no mail is sent') });
  expect(theOthers).toHaveLength(4);

  for (const id of ids) {
    const { projects, ...others } = await world.ask(agent, getPermissions, { id });
    expect(projects.allowed).toBe(true);
    expect(Object.values(others).some(({ allowed }) => allowed)).toBe(false);
  }
});
