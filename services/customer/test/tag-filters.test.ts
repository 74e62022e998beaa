import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { again, anAgent, sized, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { refusal } from './refusal.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

/** Of so many contacts one has the rare tag. */
const EVERY = sized(250, 500);

const tags = (n: number) => Array.from({ length: n }, (_, i) => `t${i}`);

describe('a filter by tags', () => {
  it('accepts up to 20 of them in every list, and refuses more', async () => {
    const agent = anAgent();
    const change = { addTags: ['x'] };
    const asks: ((tag: string[]) => Promise<unknown>)[] = [
      (tag) => world.ask(again(agent), k.listContacts, { tag }),
      (tag) => world.ask(again(agent), k.listCustomers, { tag }),
      (tag) => world.ask(again(agent), k.exportContacts, { tag }),
      (tag) => world.ask(again(agent), k.exportCustomers, { tag }),
      (tag) => world.ask(again(agent), k.changeContacts, { filter: { tag }, change }),
      (tag) => world.ask(again(agent), k.changeCustomers, { filter: { tag }, change }),
    ];
    for (const ask of asks) {
      await ask(tags(20));
      for (const n of [21, 400, 40_000])
        expect(await refusal(ask(tags(n)))).toMatchObject({
          code: 'invalid',
          details: { errors: [{ path: expect.stringMatching(/^(filter\.)?tag$/), message: expect.stringContaining('20 tags') }] },
        });
    }
    expect(k.search.input.safeParse({ tag: tags(20) }).success).toBe(true);
    expect(k.search.input.safeParse({ tag: tags(21) }).success).toBe(false);
  });

  it('finds entries with all of them, one, four or twenty, rare or common; duplicates are ignored', async () => {
    const agent = anAgent();
    const all = tags(20);
    const items = Array.from({ length: 5 * EVERY - 200 }, (_, i) => ({
      lastName: `N${String(i).padStart(4, '0')}`,
      // The last tag is rare, the one before it is for every second one.
      tags: [...all.slice(0, 18), ...(i % 2 ? ['t18'] : []), ...(i % EVERY === 1 ? ['t19'] : [])],
    }));
    for (let i = 0; i < items.length; i += 500) await world.ask(again(agent), k.createContacts, { items: items.slice(i, i + 500) });
    const names = async (tag: string[], limit = 200) =>
      (await world.ask(agent, k.listContacts, { tag, limit })).items.map((item) => item.displayName);
    const rare = [0, 1, 2, 3, 4].map((n) => items[n * EVERY + 1]?.lastName);
    expect(await names(all)).toEqual(rare);
    expect(await names([...all].reverse())).toEqual(rare);
    expect(await names(['t19'])).toEqual(rare);
    expect(await names(['t0', 't1', 't2', 't19'])).toEqual(rare);
    expect(await names(['t0', 't1', 't2', 't3', 't4', 't18'], 3)).toEqual(['N0001', 'N0003', 'N0005']);
    expect(await names(all.slice(0, 18), 3)).toEqual(['N0000', 'N0001', 'N0002']);
    expect(await names(['t0', 't0', 't0', 't0', 't0', 't0'], 1)).toEqual(['N0000']);
    expect(await names([...all.slice(0, 10), 'nobody'])).toEqual([]);
    const { items: changed } = await world.ask(again(agent), k.changeContacts, { filter: { tag: all }, change: { addTags: ['found'] } });
    expect(changed.map((item) => item.status)).toEqual([200, 200, 200, 200, 200]);
    expect(await names(['found'])).toEqual(rare);
  });
});
