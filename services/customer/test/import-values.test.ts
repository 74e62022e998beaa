import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

type Options = { source?: string; onKnown?: 'update' | 'skip' | 'create' };
const importRows = async (agent: Context, rows: k.ImportRow[], { onKnown = 'update', ...options }: Options = {}) => {
  const input = { importId: randomUUID(), number: 0, onKnown, rows, ...options };
  return (await world.ask(again(agent, { door: 'import' }), k.importContacts, input)).outcomes;
};
const get = (agent: Context, id: string | undefined) => world.ask(again(agent), k.getContact, { id: id ?? '' });

describe('external ids of a file belong to its source', () => {
  it('the same id of another source is another contact’s', async () => {
    const agent = anAgent();
    const row = { externalId: '17', lastName: 'Stone' };
    const [first] = await importRows(agent, [row], { source: 'crm' });
    const [other] = await importRows(agent, [{ externalId: '17', lastName: 'Wood' }], { source: 'shop' });
    const [withoutSource] = await importRows(agent, [{ externalId: '17', lastName: 'Sand' }]);
    expect([first, other, withoutSource].map((one) => one?.status)).toEqual(['created', 'created', 'created']);
    expect(await importRows(agent, [{ ...row, jobTitle: 'CEO' }], { source: 'crm' })).toEqual([{ status: 'updated', id: first?.id }]);
    expect(await get(agent, first?.id)).toMatchObject({ lastName: 'Stone', externalIds: [{ source: 'crm', id: '17' }] });
    expect(await get(agent, withoutSource?.id)).toMatchObject({ externalIds: [{ source: 'import', id: '17' }] });
  });

  it('a contact known by its e-mail gets the id of this source beside those of others', async () => {
    const agent = anAgent();
    const row = { externalId: '17', emails: ['ada@a.example'] };
    const [made] = await importRows(agent, [row], { source: 'crm' });
    await importRows(agent, [{ ...row, externalId: '4' }], { source: 'shop' });
    await importRows(agent, [{ ...row, externalId: '5' }], { source: 'shop' });
    expect((await get(agent, made?.id)).externalIds).toEqual([
      { source: 'crm', id: '17' },
      { source: 'shop', id: '5' },
    ]);
  });
});
