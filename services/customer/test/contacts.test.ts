import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createContact, getContact } from '@kontor/contracts';
import { aContact, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

describe('contacts', () => {
  it('creates and gives a contact', async () => {
    const agent = anAgent();
    const made = await world.ask(agent, createContact, aContact());
    expect(made).toMatchObject({ version: 1, displayName: 'Anna Müller' });
    expect(await world.ask(agent, getContact, { id: made.id })).toEqual(made);
  });
});
