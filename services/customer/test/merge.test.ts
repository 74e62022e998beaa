import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { anAgent, eventually } from '@kontor/testing';
import type { z } from 'zod';
import {
  aProject,
  begin,
  contact,
  countOf,
  customer,
  end,
  getContact,
  getCustomer,
  lasting,
  merge,
  projectsOf,
  refusal,
  sql,
  told,
  undo,
  withThings,
  world,
} from './merging.js';

beforeAll(begin);
afterAll(end);

describe('merging contacts', () => {
  it('9.3 has all values; old ids lead to it, and its history includes those of the merged contacts', async () => {
    const agent = anAgent();
    const [a, b, c] = [
      await contact(agent, { firstName: 'Anna', lastName: '', emails: [{ address: 'a@x.example' }], tags: ['vip'], notes: 'one' }),
      await contact(agent, {
        firstName: 'Ann',
        lastName: 'Lang',
        emails: [{ address: 'b@x.example' }],
        phones: [{ number: '030 1234567' }],
        notes: 'two',
      }),
      await contact(agent, {
        firstName: '',
        jobTitle: 'CEO',
        emails: [{ address: 'c@x.example' }],
        phones: [{ number: '+49 30 1234567' }],
        tags: ['x'],
      }),
    ];
    const done = await merge(agent, a, [b, c]);
    expect(done).toMatchObject({
      contact: {
        id: a.id,
        version: 2,
        displayName: 'Anna Lang',
        jobTitle: 'CEO',
        notes: 'one\n\ntwo',
        tags: ['vip', 'x'],
        emails: [
          { address: 'a@x.example', primary: true },
          { address: 'b@x.example', primary: false },
          { address: 'c@x.example', primary: false },
        ],
        phones: [{ number: '030 1234567', primary: true }],
      },
      leftBehind: [
        { id: b.id, field: 'firstName' },
        { id: c.id, field: 'lastName' },
      ],
    });
    for (const old of [b, c]) expect(await getContact(agent, old)).toEqual(done.contact);
    expect((await world.ask(agent, k.listContacts, {})).items.map(({ id }) => id)).toEqual([a.id]);
    expect((await world.ask(agent, k.listContacts, { email: 'c@x.example' })).items).toHaveLength(1);
    const history = await world.ask(agent, k.getContactHistory, { id: b.id });
    expect(history.items.map(({ entryId, change, door }) => [entryId, change, door])).toEqual(
      expect.arrayContaining([
        [a.id, 'updated', 'merge'],
        [b.id, 'merged', 'merge'],
        [c.id, 'merged', 'merge'],
        [b.id, 'created', 'api'],
      ]),
    );
    await eventually(() => {
      expect(told(agent, b.id).at(-1)).toEqual({ id: b.id, version: 2, change: 'merged', into: a.id });
      expect(told(agent, a.id).at(-1)).toMatchObject({ id: a.id, version: 2, change: 'updated' });
    });
  });

  it('9.3 takes chosen values field by field, and a dry run returns the same without changing anything', async () => {
    const agent = anAgent();
    await world.ask(agent, k.changeSettings, { change: { customFields: [{ key: 'size', label: 'Size', kind: 'text', for: 'contact' }] } });
    const a = await contact(agent, { lastName: 'A', customFields: { size: 'S' } });
    const b = await contact(agent, { lastName: 'B', customFields: { size: 'L' }, emails: [{ address: 'only@x.example' }] });
    const fields = { lastName: b.id, 'customFields.size': b.id, emails: b.id };
    const before = await getContact(agent, a);
    const dry = await merge(agent, a, [b], { fields, dryRun: 'true' });
    expect(dry).toMatchObject({
      contact: { lastName: 'B', customFields: { size: 'L' }, emails: [{ address: 'only@x.example', primary: true }] },
    });
    expect(dry.id).toBeUndefined();
    expect(await getContact(agent, a)).toEqual(before);
    expect((await getContact(agent, b)).id).toBe(b.id);
    const done = await merge(agent, a, [b], { fields });
    expect(lasting(done.contact as k.Contact)).toEqual(lasting(dry.contact as k.Contact));
    expect([done.leftBehind, done.moved]).toEqual([dry.leftBehind, dry.moved]);
  });

  it('9.3 records, requests and memberships move, and undoing moves them back', async () => {
    const agent = anAgent();
    const [a, b, c] = [await contact(agent), await contact(agent), await contact(agent)];
    const [p, q, r] = [await aProject(agent), await aProject(agent), await aProject(agent)];
    await withThings(agent, { contactId: a.id }, 1, [p]);
    await withThings(agent, { contactId: b.id }, 2, [p, q]);
    await withThings(agent, { contactId: c.id }, 3, [q, r]);
    const done = await merge(agent, a, [b, c]);
    expect(done.moved).toEqual({ records: 5, requests: 2, memberships: 4, contacts: 0, departments: 0 });
    expect(await projectsOf(agent, a)).toEqual([p, q, r].sort());
    expect([await countOf(agent, 'record', 'contact_id', a), await countOf(agent, 'request', 'contact_id', a)]).toEqual([6, 3]);
    await withThings(agent, { contactId: a.id }, 1);
    expect((await undo(agent, done)).conflicts).toEqual([]);
    expect(await Promise.all([a, b, c].map((one) => projectsOf(agent, one)))).toEqual([[p], [p, q].sort(), [q, r].sort()]);
    expect(await Promise.all([a, b, c].map((one) => countOf(agent, 'record', 'contact_id', one)))).toEqual([2, 2, 3]);
    expect(await Promise.all([a, b, c].map((one) => countOf(agent, 'request', 'contact_id', one)))).toEqual([2, 1, 1]);
  });

  it('9.3, 2.9 a contact without a photo inherits the first photo of the merged ones, until the merge is undone or another is chosen', async () => {
    const agent = anAgent();
    const photoOf = async ({ id }: { id: string }) => (await world.ask(agent, k.getPhoto, { kind: 'contact', id })).etag;
    // Minimal GIFs of two colours.
    const gif = (colour: string) =>
      Buffer.from(`47494638396101000100800000${colour}ffffff2c00000000010001000002024401003b`, 'hex').toString('base64');
    for (const chosen of [false, true]) {
      const [a, b, c] = [await contact(agent), await contact(agent), await contact(agent)];
      await world.ask(agent, k.setPhoto, { kind: 'contact', id: c.id, image: gif('ff0000') });
      const [none, his] = [await photoOf(a), await photoOf(c)];
      const done = await merge(agent, a, [b, c]);
      expect(await photoOf(a)).toBe(his);
      if (chosen) await world.ask(agent, k.setPhoto, { kind: 'contact', id: a.id, image: gif('0000ff') });
      const own = await photoOf(a);
      await undo(agent, done);
      expect([await photoOf(a), await photoOf(c)]).toEqual([chosen ? own : none, his]);
    }
  });

  it('9.3 rows moved elsewhere since stay there when the merge is undone, and are reported', async () => {
    const agent = anAgent();
    const [a, b, c] = [await contact(agent), await contact(agent), await contact(agent)];
    const project = await aProject(agent);
    await withThings(agent, { contactId: b.id }, 2, [project]);
    const done = await merge(agent, a, [b]);
    const [given] = await sql<{ id: string }>(agent, 'select id from record where contact_id = $1 limit 1', [a.id]);
    await sql(agent, 'update record set contact_id = $1 where id = $2', [c.id, given?.id]);
    await sql(agent, 'delete from project_member where contact_id = $1', [a.id]);
    const { conflicts } = await undo(agent, done);
    expect(conflicts).toMatchObject([
      { id: given?.id, field: 'contactId' },
      { id: project, field: 'members' },
    ]);
    expect(await Promise.all([a, b, c].map((one) => countOf(agent, 'record', 'contact_id', one)))).toEqual([0, 1, 1]);
  });

  it('9.3 the merged contact is primary where one of them was, and undoing reverts that', async () => {
    const agent = anAgent();
    const firm = await customer(agent);
    const first = await contact(agent, { customerId: firm.id });
    const second = await contact(agent, { customerId: firm.id });
    const third = await contact(agent, { customerId: firm.id });
    const done = await merge(agent, third, [first]);
    expect(done.contact).toMatchObject({ isPrimaryContact: true });
    expect((await getCustomer(agent, firm)).primaryContactId).toBe(third.id);
    await undo(agent, done);
    expect((await getCustomer(agent, firm)).primaryContactId).toBe(first.id);
    const away = await merge(agent, await contact(agent, { customerId: (await customer(agent)).id }), [first]);
    expect((await getCustomer(agent, firm)).primaryContactId).toBe(second.id);
    await undo(agent, away);
    expect((await getCustomer(agent, firm)).primaryContactId).toBe(first.id);
    expect(await getContact(agent, first)).toMatchObject({ isPrimaryContact: true });
    expect(await getContact(agent, second)).toMatchObject({ isPrimaryContact: false });
  });

  it('9.3 is refused if a field would exceed its limit', async () => {
    const agent = anAgent();
    const many = (n: string) => Array.from({ length: 30 }, (_, i) => ({ address: `${n}${i}@x.example` }));
    const [a, b] = [await contact(agent, { emails: many('a') }), await contact(agent, { emails: many('b') })];
    const error = await refusal(merge(agent, a, [b]));
    expect(error).toMatchObject({ code: 'invalid', details: { errors: [{ path: 'fields.emails', code: 'too-many' }] } });
    expect(error.message).toMatch(/60 values.*50/);
    expect((await merge(agent, a, [b], { fields: { emails: b.id } })).contact?.emails).toHaveLength(30);
  });

  it.each([
    ['itself', (a: k.Contact, _b: k.Contact) => ({ into: a.id, from: [a.id] }), 'invalid', 'from[0]'],
    ['a repeated id', (a: k.Contact, b: k.Contact) => ({ into: a.id, from: [b.id, b.id] }), 'invalid', 'from[1]'],
    [
      'a field that is none',
      (a: k.Contact, b: k.Contact) => ({ into: a.id, from: [b.id], fields: { shoe: b.id } }),
      'invalid',
      'fields.shoe',
    ],
    [
      'the value of another',
      (a: k.Contact, b: k.Contact) => ({ into: a.id, from: [b.id], fields: { lastName: '01900000-0000-7000-8000-000000000000' } }),
      'invalid',
      'fields.lastName',
    ],
  ])('9.3 refuses %s', async (_, input, code, path) => {
    const agent = anAgent();
    const error = await refusal(world.ask(agent, k.mergeContacts, input(await contact(agent), await contact(agent))));
    expect(error).toMatchObject({ code, details: { errors: [{ path }] } });
  });

  it('9.3 refuses unknown, binned and already merged contacts, with the id of the merged one', async () => {
    const agent = anAgent();
    const [a, b, c] = [await contact(agent), await contact(agent), await contact(agent)];
    expect(await refusal(merge(agent, a, [{ id: '01900000-0000-7000-8000-000000000000' }]))).toMatchObject({ code: 'not-found' });
    await merge(agent, a, [b]);
    expect(await refusal(merge(agent, c, [b]))).toMatchObject({ code: 'conflict', details: { id: b.id, into: a.id } });
    expect(await refusal(merge(agent, b, [c]))).toMatchObject({ code: 'conflict', details: { id: b.id, into: a.id } });
    await world.ask(agent, k.deleteContact, { id: c.id });
    expect(await refusal(merge(agent, a, [c]))).toMatchObject({ code: 'not-found' });
  });

  it('9.3 changing by an old id changes the merged contact; deleting by it is refused', async () => {
    const agent = anAgent();
    const [a, b] = [await contact(agent), await contact(agent)];
    await merge(agent, a, [b]);
    expect(await world.ask(agent, k.changeContact, { id: b.id, change: { jobTitle: 'CEO' } })).toMatchObject({ id: a.id, jobTitle: 'CEO' });
    expect(await refusal(world.ask(agent, k.deleteContact, { id: b.id }))).toMatchObject({ code: 'conflict', details: { into: a.id } });
    expect((await getContact(agent, a)).id).toBe(a.id);
  });

  it('9.3 of two concurrent merges of overlapping contacts one succeeds, the other is a conflict', async () => {
    const agent = anAgent();
    for (let i = 0; i < 20; i++) {
      const [a, b, c] = [await contact(agent), await contact(agent), await contact(agent)];
      const outcomes = await Promise.allSettled([merge(agent, a, [b]), i % 2 ? merge(agent, b, [c]) : merge(agent, c, [a, b])]);
      const refused = outcomes.filter((one) => one.status === 'rejected');
      // Both b ← c and then a ← b may succeed: what was merged into b follows it.
      if (i % 2 && refused.length === 0) expect((await getContact(agent, c)).id).toBe(a.id);
      else expect(refused).toMatchObject([{ reason: { code: 'conflict' } }]);
    }
  });

  it('10 a repeat with the same Idempotency-Key merges once', async () => {
    const agent = anAgent({ idempotencyKey: 'merge-1' });
    const [a, b] = [
      await contact(anAgent({ ...agent, idempotencyKey: undefined })),
      await contact({ ...agent, idempotencyKey: undefined }),
    ];
    const first = await merge(agent, a, [b]);
    expect(await merge(agent, a, [b])).toEqual(first);
    expect(await refusal(merge(agent, b, [a]))).toMatchObject({ code: 'key-reused' });
  });
});

describe('rights', () => {
  const only = (agent: Context): z.input<typeof k.NewAccess> => ({
    restricted: true,
    agents: [{ id: agent.agent?.id ?? '', rights: 'write' }],
  });
  async function people() {
    const admin = anAgent();
    const member = (more: Partial<Context> = {}) => anAgent({ tenant: admin.tenant, roles: ['agent'], ...more });
    const [anna, ben] = [member(), member()];
    for (const one of [admin, anna, ben]) await world.ask(one, k.seeAgent, {});
    return { admin, anna, ben };
  }

  it('9.3 2.10 requires that the caller may see and change all of them', async () => {
    const { admin, anna, ben } = await people();
    const [open, hidden] = [await contact(anna), await contact(anna, { access: { restricted: true } })];
    expect(await refusal(merge(ben, open, [hidden]))).toMatchObject({ code: 'not-found' });
    const readable = await contact(anna, { access: { restricted: true, agents: [{ id: ben.agent?.id ?? '', rights: 'read' }] } });
    expect(await refusal(merge(ben, open, [readable]))).toMatchObject({ code: 'forbidden' });
    expect(await refusal(merge({ ...admin, roles: ['light_agent'] }, open, [await contact(anna)]))).toMatchObject({ code: 'forbidden' });
  });

  it('9.3 2.10 does not make restricted data visible to more people, unless its owner or an admin chooses so', async () => {
    const { admin, anna, ben } = await people();
    const open = await contact(ben);
    const secret = await contact(anna, { access: only(ben) });
    expect(await refusal(merge(admin, open, [secret]))).toMatchObject({ code: 'conflict', details: { errors: [{ code: 'restricted' }] } });
    expect(await refusal(merge(ben, open, [secret], { fields: { access: open.id } }))).toMatchObject({ code: 'forbidden' });
    const done = await merge(admin, open, [secret], { fields: { access: open.id } });
    expect(done.contact).toMatchObject({ access: { restricted: false } });
    await undo(admin, done);
    expect(await getContact(anna, secret)).toMatchObject({ id: secret.id, access: { restricted: true } });
    // In the other direction nobody sees more.
    expect((await merge(admin, secret, [open])).contact).toMatchObject({ access: { restricted: true } });
    expect(await refusal(getContact(anAgent({ tenant: admin.tenant, roles: ['agent'] }), open))).toMatchObject({ code: 'not-found' });
  });

  it('9.3 2.10 the restriction of a customer applies to contacts merged from it', async () => {
    const { admin, ben } = await people();
    const closed = await customer(admin, { access: only(ben) });
    const [inside, outside] = [
      await contact(admin, { customerId: closed.id }),
      await contact(admin, { customerId: (await customer(admin)).id }),
    ];
    expect(await refusal(merge(admin, outside, [inside]))).toMatchObject({ code: 'conflict' });
    expect((await merge(admin, await contact(admin), [inside])).contact).toMatchObject({ customerId: closed.id });
  });

  it('9.3 2.10 merges and their undoing do not exist for callers who may not see the merged contact', async () => {
    const { admin, anna, ben } = await people();
    const [a, b] = [await contact(anna, { access: { restricted: true } }), await contact(anna)];
    const done = await merge(anna, a, [b]);
    expect((await world.ask(anna, k.listMerges, { contactId: b.id })).items).toMatchObject([
      { id: done.id, into: a.id, from: [b.id], undoneAt: null },
    ]);
    expect(await refusal(undo(ben, done))).toMatchObject({ code: 'not-found' });
    expect(await refusal(world.ask(ben, k.getMerge, { id: done.id ?? '' }))).toMatchObject({ code: 'not-found' });
    expect(await refusal(world.ask(ben, k.listMerges, { contactId: b.id }))).toMatchObject({ code: 'not-found' });
    expect(await refusal(undo(anAgent(), done))).toMatchObject({ code: 'not-found' });
    expect((await undo(admin, done)).merge?.undoneAt).not.toBeNull();
  });
});
