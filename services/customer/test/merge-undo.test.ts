import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { anAgent, eventually, sized } from '@kontor/testing';
import { begin, contact, customer, end, getContact, lasting, merge, mergeCustomers, refusal, told, undo, world } from './merging.js';

beforeAll(begin);
afterAll(end);

describe('undoing', () => {
  it('9.3 restores every contact exactly', async () => {
    const agent = anAgent();
    const firm = await customer(agent);
    const all = [
      await contact(agent, { notes: 'n', tags: ['a', 'b'], phones: [{ number: '1' }, { number: '2', primary: true }] }),
      await contact(agent, {
        notes: 'm',
        tags: ['b', 'c'],
        externalIds: [{ source: 's', id: '1' }],
        customerId: firm.id,
        birthday: '1990-02-28',
      }),
      await contact(agent, { language: 'de', employeeCode: 'E', links: [{ url: 'https://x.example' }], addresses: [{ city: 'Berlin' }] }),
    ] as const;
    const before = await Promise.all(all.map((one) => getContact(agent, one)));
    const done = await merge(agent, all[0], [all[1], all[2]], { fields: { emails: all[2].id, notes: all[1].id } });
    const { conflicts, merge: undone } = await undo(agent, done);
    expect(conflicts).toEqual([]);
    expect(undone?.undoneAt).not.toBeNull();
    expect((await Promise.all(all.map((one) => getContact(agent, one)))).map(lasting)).toEqual(before.map(lasting));
    expect((await world.ask(agent, k.listContacts, { externalId: 's:1' })).items).toMatchObject([{ id: all[1].id }]);
    await eventually(() => expect(told(agent, all[1].id).at(-1)).toMatchObject({ version: 3, change: 'restored' }));
    expect(await refusal(undo(agent, done))).toMatchObject({ code: 'conflict', message: expect.stringMatching(/undone already/) });
  });

  it('9.3 keeps later changes of the merged contact, and reports them', async () => {
    const agent = anAgent();
    const a = await contact(agent, { lastName: '', emails: [{ address: 'a@x.example' }], tags: ['a'] });
    const b = await contact(agent, {
      lastName: 'Lang',
      jobTitle: 'CEO',
      emails: [{ address: 'b@x.example' }, { address: 'b2@x.example' }],
      tags: ['b'],
    });
    const done = await merge(agent, a, [b]);
    await world.ask(agent, k.changeContact, {
      id: a.id,
      change: {
        lastName: 'Neu',
        tags: ['a', 'b', 'later'],
        emails: [
          { address: 'a@x.example' },
          { address: 'b@x.example', label: 'old' },
          { address: 'b2@x.example' },
          { address: 'n@x.example' },
        ],
      },
    });
    const { conflicts } = await undo(agent, done);
    expect(conflicts?.map(({ id, field }) => [id, field])).toEqual([
      [a.id, 'lastName'],
      [a.id, 'emails'],
    ]);
    expect(await getContact(agent, a)).toMatchObject({
      lastName: 'Neu',
      jobTitle: null,
      tags: ['a', 'later'],
      emails: [
        { address: 'a@x.example', primary: true },
        { address: 'b@x.example', label: 'old', primary: false },
        { address: 'n@x.example', primary: false },
      ],
    });
    expect(await getContact(agent, b)).toMatchObject({ lastName: 'Lang', emails: [{ address: 'b@x.example', primary: true }, {}] });
  });

  it('9.3 6.2 an e-mail or external id that another contact has meanwhile stays there, and is reported', async () => {
    const agent = anAgent();
    const [a, b] = [
      await contact(agent),
      await contact(agent, { emails: [{ address: 'b@x.example' }, { address: 'b2@x.example' }], externalIds: [{ source: 's', id: '1' }] }),
    ];
    const done = await merge(agent, a, [b]);
    const { emails } = await getContact(agent, a);
    await world.ask(agent, k.changeContact, { id: a.id, change: { emails: emails.slice(0, 1), externalIds: [] } });
    await contact(agent, { emails: [{ address: 'b@x.example' }], externalIds: [{ source: 's', id: '1' }] });
    expect((await undo(agent, done)).conflicts).toMatchObject([
      { id: b.id, field: 'emails' },
      { id: b.id, field: 'externalIds' },
    ]);
    expect(await getContact(agent, b)).toMatchObject({
      externalIds: [],
      emails: [
        { address: 'b@x.example', primary: false },
        { address: 'b2@x.example', primary: true },
      ],
    });
  });

  it('9.3 a chain of merges is undone from its end, and entries in the bin must be restored first', async () => {
    const agent = anAgent();
    const [a, b, c] = [await contact(agent), await contact(agent), await contact(agent)];
    const first = await merge(agent, b, [a]);
    const second = await merge(agent, c, [b]);
    expect((await getContact(agent, a)).id).toBe(c.id);
    expect(await refusal(undo(agent, first))).toMatchObject({ code: 'conflict', details: { mergeId: second.id, into: c.id } });
    expect((await world.ask(agent, k.listMerges, { contactId: a.id })).items.map(({ id }) => id)).toEqual([second.id, first.id]);
    await undo(agent, second);
    expect((await getContact(agent, a)).id).toBe(b.id);
    await undo(agent, first);
    expect((await getContact(agent, a)).id).toBe(a.id);
    const third = await merge(agent, b, [a]);
    await world.ask(agent, k.deleteContact, { id: b.id });
    expect(await refusal(undo(agent, third))).toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/in the bin; restore it first/),
    });
  });

  it('9.3 several merges into one contact can be undone in any order; values that others brought as well stay', async () => {
    const agent = anAgent();
    const a = await contact(agent, { tags: ['a'] });
    const [b, c] = [await contact(agent, { tags: ['b', 'both'] }), await contact(agent, { tags: ['c', 'both'] })];
    const before = await Promise.all([a, b, c].map((one) => getContact(agent, one)));
    const first = await merge(agent, a, [b]);
    const second = await merge(agent, a, [c]);
    expect((await undo(agent, first)).conflicts).toEqual([]);
    expect((await getContact(agent, a)).tags).toEqual(['a', 'both', 'c']);
    expect((await getContact(agent, c)).id).toBe(a.id);
    await undo(agent, second);
    const after = await Promise.all([a, b, c].map((one) => getContact(agent, one)));
    expect(after.slice(1).map(lasting)).toEqual(before.slice(1).map(lasting));
    expect(after[0]).toMatchObject({
      ...before[0],
      version: expect.any(Number),
      updatedAt: expect.any(String),
      tags: expect.arrayContaining(['a']),
    });
  });

  it('9.3 a contact is restored to the customer that its own was merged into', async () => {
    const agent = anAgent();
    const [firm, other] = [await customer(agent), await customer(agent)];
    const [a, b] = [await contact(agent, { customerId: other.id }), await contact(agent, { customerId: firm.id })];
    const done = await merge(agent, a, [b]);
    const firms = await mergeCustomers(agent, other, [firm]);
    expect((await undo(agent, done)).conflicts).toEqual([]);
    expect(await getContact(agent, b)).toMatchObject({ id: b.id, customerId: other.id });
    expect((await undo(agent, firms)).conflicts).toEqual([]);
    expect(await getContact(agent, b)).toMatchObject({ customerId: firm.id, isPrimaryContact: true });
  });

  it('9.3 concurrent undoing has one effect', async () => {
    const agent = anAgent();
    for (let i = 0; i < 10; i++) {
      const [a, b] = [await contact(agent), await contact(agent)];
      const done = await merge(agent, a, [b]);
      const outcomes = await Promise.allSettled([undo(agent, done), undo(agent, done)]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('9.3 merges are listed with paging', async () => {
    const agent = anAgent();
    const a = await contact(agent);
    for (let i = 0; i < 3; i++) await merge(agent, a, [await contact(agent)]);
    const first = await world.ask(agent, k.listMerges, { contactId: a.id, limit: 2 });
    const second = await world.ask(agent, k.listMerges, { contactId: a.id, limit: 2, cursor: first.nextCursor ?? '' });
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect([ids.length, second.nextCursor]).toEqual([3, null]);
    expect(await refusal(world.ask(agent, k.listMerges, {}))).toMatchObject({ code: 'invalid' });
  });
});

describe('random merges and undoings', () => {
  it('9.3 match a simple model', async () => {
    const agent = anAgent();
    let seed = 42;
    const random = (n: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % n;
    };
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        contact(agent, {
          lastName: random(2) ? `L${i}` : '',
          jobTitle: random(2) ? `J${i}` : null,
          notes: random(2) ? `note ${i}` : null,
          tags: [`t${random(4)}`, `u${i}`],
          phones: random(2) ? [{ number: `0301234${random(3)}` }] : [],
        }),
      ),
    );
    const before = new Map((await Promise.all(all.map((one) => getContact(agent, one)))).map((one) => [one.id, one]));
    // The model: the target of each merged contact, and the merges in effect, the last one on top.
    const parent = new Map<string, string>();
    const standing: { id: string; into: string; from: string[] }[] = [];
    const root = (id: string): string => (parent.has(id) ? root(parent.get(id) ?? '') : id);
    for (let step = 0; step < sized(15, 40); step++) {
      const last = standing.at(-1);
      if (last && random(5) < 2) {
        expect((await undo(agent, last)).conflicts).toEqual([]);
        for (const id of last.from) parent.delete(id);
        standing.pop();
      } else {
        const live = all.map(({ id }) => id).filter((id) => !parent.has(id));
        if (live.length < 2) continue;
        const [into = '', ...others] = live.sort(() => random(3) - 1);
        const from = others.slice(0, 1 + random(2));
        const done = await merge(
          agent,
          { id: into },
          from.map((id) => ({ id })),
        );
        for (const id of from) parent.set(id, into);
        standing.push({ id: done.id ?? '', into, from });
      }
      const now = await Promise.all(all.map((one) => getContact(agent, one)));
      expect(now.map(({ id }) => id)).toEqual(all.map(({ id }) => root(id)));
      for (const one of now) {
        const own = all.filter(({ id }) => root(id) === one.id).map(({ id }) => before.get(id) as k.Contact);
        expect(new Set(one.tags)).toEqual(new Set(own.flatMap(({ tags }) => tags)));
        expect(new Set(one.emails.map(({ address }) => address))).toEqual(
          new Set(own.flatMap(({ emails }) => emails.map(({ address }) => address))),
        );
        expect(one.emails.filter(({ primary }) => primary)).toHaveLength(1);
        for (const { notes } of own) if (notes) expect(one.notes).toContain(notes);
      }
    }
    for (const last of standing.reverse()) await undo(agent, last);
    expect((await Promise.all(all.map((one) => getContact(agent, one)))).map(lasting)).toEqual([...before.values()].map(lasting));
  });
});
