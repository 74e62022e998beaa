import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { aContact, again, anAgent, eventually, sized } from '@kontor/testing';
import {
  begin,
  contact,
  countOf,
  customer,
  end,
  getContact,
  getCustomer,
  lasting,
  mergeCustomers,
  refusal,
  told,
  undo,
  withThings,
  world,
} from './merging.js';
import { withSmallLimits } from './small-limits.js';

beforeAll(begin);
afterAll(end);

describe('merging customers', () => {
  it('9.3 contacts, departments, records and requests move, and undoing moves them back', async () => {
    const agent = anAgent();
    const [a, b] = [await customer(agent, { domains: ['a.example'] }), await customer(agent, { domains: ['b.example'], tags: ['x'] })];
    const [mine, theirs] = [await contact(agent, { customerId: a.id }), await contact(agent, { customerId: b.id })];
    const department = await customer(agent, { parentId: b.id });
    await withThings(agent, { customerId: b.id }, 3);
    const before = await Promise.all([getCustomer(agent, a), getCustomer(agent, b)]);
    const done = await mergeCustomers(agent, a, [b]);
    expect(done.moved).toEqual({ records: 3, requests: 1, memberships: 0, contacts: 1, departments: 1 });
    expect(done.customer).toMatchObject({ id: a.id, domains: ['a.example', 'b.example'], tags: ['x'], primaryContactId: mine.id });
    expect((await getCustomer(agent, b)).id).toBe(a.id);
    expect(await getContact(agent, theirs)).toMatchObject({ customerId: a.id, version: 3 - 1, isPrimaryContact: false });
    expect(await getCustomer(agent, department)).toMatchObject({ parentId: a.id });
    expect((await world.ask(agent, k.listCustomerContacts, { id: b.id })).items).toHaveLength(2);
    await eventually(() => expect(told(agent, theirs.id).at(-1)).toMatchObject({ change: 'updated', fields: ['customerId'] }));
    expect(await refusal(world.ask(agent, k.deleteCustomer, { id: b.id }))).toMatchObject({ code: 'conflict', details: { into: a.id } });
    const moved = await contact(agent, { customerId: a.id });
    expect((await undo(agent, done)).conflicts).toEqual([]);
    expect((await Promise.all([getCustomer(agent, a), getCustomer(agent, b)])).map(lasting)).toEqual(before.map(lasting));
    expect(await getContact(agent, theirs)).toMatchObject({ customerId: b.id, isPrimaryContact: true });
    expect(await getContact(agent, moved)).toMatchObject({ customerId: a.id });
    expect(await getCustomer(agent, department)).toMatchObject({ parentId: b.id });
    expect(await countOf(agent, 'record', 'customer_id', b)).toBe(3);
  });

  it('9.3 a contact moved to another customer since stays there, and is reported', async () => {
    const agent = anAgent();
    const [a, b, c] = [await customer(agent), await customer(agent), await customer(agent)];
    const [one, two] = [await contact(agent, { customerId: b.id }), await contact(agent, { customerId: b.id })];
    const done = await mergeCustomers(agent, a, [b]);
    expect(done.customer).toMatchObject({ primaryContactId: one.id });
    await world.ask(agent, k.changeContact, { id: one.id, change: { customerId: c.id } });
    expect((await undo(agent, done)).conflicts).toContainEqual(expect.objectContaining({ id: one.id, field: 'customerId' }));
    expect(await getContact(agent, one)).toMatchObject({ customerId: c.id });
    expect(await getCustomer(agent, b)).toMatchObject({ primaryContactId: two.id });
    expect(await getCustomer(agent, a)).toMatchObject({ primaryContactId: null });
  });

  it('9.3 creates no cycle when merging a department with an ancestor or a descendant', async () => {
    const agent = anAgent();
    const top = await customer(agent);
    const middle = await customer(agent, { parentId: top.id });
    const low = await customer(agent, { parentId: middle.id });
    const done = await mergeCustomers(agent, low, [top]);
    expect(done.customer).toMatchObject({ id: low.id, parentId: null });
    expect(await getCustomer(agent, middle)).toMatchObject({ parentId: low.id });
    expect((await undo(agent, done)).conflicts).toEqual([]);
    expect(await getCustomer(agent, low)).toMatchObject({ parentId: middle.id });
    expect(await getCustomer(agent, middle)).toMatchObject({ parentId: top.id });
    expect((await mergeCustomers(agent, top, [low])).customer).toMatchObject({ parentId: null });
  });

  it('9.3 undoing creates no cycle with a customer that has become a department meanwhile', async () => {
    const agent = anAgent();
    const [top, b, a] = [await customer(agent), await customer(agent), await customer(agent)];
    await world.ask(agent, k.changeCustomer, { id: b.id, change: { parentId: top.id } });
    const below = await customer(agent, { parentId: b.id });
    const done = await mergeCustomers(agent, a, [b]);
    await world.ask(agent, k.changeCustomer, { id: top.id, change: { parentId: below.id } });
    expect((await undo(agent, done)).conflicts).toMatchObject([{ id: b.id, field: 'parentId' }]);
    expect(await getCustomer(agent, b)).toMatchObject({ parentId: null });
    expect(await getCustomer(agent, below)).toMatchObject({ parentId: b.id });
  });

  it('9.3 a contact created concurrently is not left at a merged customer', async () => {
    const agent = anAgent();
    for (let i = 0; i < 10; i++) {
      const [a, b] = [await customer(agent), await customer(agent)];
      const made = [1, 2, 3].map(() => contact(agent, { customerId: b.id }));
      const outcomes = await Promise.allSettled([mergeCustomers(agent, a, [b]), ...made]);
      expect(outcomes[0]).toMatchObject({ status: 'fulfilled' });
      expect(await countOf(agent, 'contact', 'customer_id', b)).toBe(0);
      const there = outcomes.slice(1).filter(({ status }) => status === 'fulfilled').length;
      expect(await countOf(agent, 'contact', 'customer_id', a)).toBe(there);
    }
  });

  it('9.3 2.10 merging customers is refused if the caller may not change everything that moves', async () => {
    const admin = anAgent();
    const member = anAgent({ tenant: admin.tenant, roles: ['agent'] });
    const [a, b] = [await customer(member), await customer(member)];
    await contact(admin, { customerId: b.id, access: { restricted: true } });
    expect(await refusal(mergeCustomers(member, a, [b]))).toMatchObject({ code: 'forbidden' });
    expect((await mergeCustomers(admin, a, [b])).moved).toMatchObject({ contacts: 1 });
  });

  it(
    '1.7 9.3 very many contacts are moved by a job, atomically, and undone likewise',
    withSmallLimits(async () => {
      const MANY = sized(100, 10_000);
      const agent = anAgent();
      const [a, b] = [await customer(agent), await customer(agent)];
      for (let i = 0; i < 10; i++)
        await world.ask(again(agent, { lane: 'bulk' }), k.createContacts, {
          items: Array.from({ length: MANY / 10 }, (_, n) =>
            aContact({ customerId: b.id, emails: [{ address: `${i}.${n}@many.example` }] }),
          ),
        });
      const finished = async (job: k.Job | undefined) =>
        eventually(async () => {
          const now = await world.ask(again(agent), k.getJob, { id: job?.id ?? '' });
          expect(now).toMatchObject({ state: 'finished' });
          return now;
        }, 60_000);
      const began = performance.now();
      const done = await finished((await mergeCustomers(agent, a, [b])).job);
      const merged = performance.now();
      expect(done.result).toMatchObject({ moved: { contacts: MANY } });
      expect(await countOf(agent, 'contact', 'customer_id', a)).toBe(MANY);
      const undone = await finished((await undo(agent, { id: done.result.mergeId as string })).job);
      if (process.env.KONTOR_TEST_TIMES)
        console.log(`merge ${Math.round(merged - began)} ms, undo ${Math.round(performance.now() - merged)} ms`);
      expect(undone.result).toMatchObject({ conflicts: [] });
      expect([await countOf(agent, 'contact', 'customer_id', a), await countOf(agent, 'contact', 'customer_id', b)]).toEqual([0, MANY]);
    }),
    120_000,
  );
});
