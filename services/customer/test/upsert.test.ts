import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';

let world: World;
const heard: { tenant: string; changes: k.Change[] }[] = [];
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  world.bus.connection.subscribe('events.contact.>', {
    callback: (_, m) => {
      heard.push({ tenant: m.headers?.get('Kontor-Tenant') ?? '', ...(m.json() as { changes: k.Change[] }) });
    },
  });
});
afterAll(() => world.stop());

const upsert = async (agent: Context, items: unknown[], match?: 'email' | 'externalId' | 'employeeCode') =>
  (await world.ask(again(agent), k.upsertContacts, { items, ...(match && { match }) })).items;
const get = (agent: Context, id: string | undefined) => world.ask(again(agent), k.getContact, { id: id ?? '' });
const all = async (agent: Context) => (await world.ask(again(agent), k.listContacts, { limit: 200 })).items;
const mail = (address: string) => ({ emails: [{ address }] });

describe('10 bulk upsert', () => {
  it('10 bulk upsert creates unknown contacts, and changes known ones like a merge patch', async () => {
    const agent = anAgent();
    const known = await world.ask(agent, k.createContact, {
      ...mail('Known@post.example'),
      firstName: 'Anna',
      jobTitle: 'CEO',
      tags: ['a'],
      phones: [{ number: '030 1' }],
    });
    const answer = await upsert(agent, [
      { ...mail('known@POST.example'), jobTitle: null, tags: ['b'], lastName: 'Neu' },
      { ...mail('new@post.example'), lastName: 'Meier', tags: null },
    ]);
    expect(answer).toEqual([
      { index: 0, status: 200, id: known.id, version: 2 },
      { index: 1, status: 201, id: expect.any(String), version: 1 },
    ]);
    expect(await get(agent, known.id)).toMatchObject({
      firstName: 'Anna',
      lastName: 'Neu',
      jobTitle: null,
      tags: ['b'],
      phones: known.phones,
      emails: [{ address: 'known@POST.example', primary: true }],
    });
    expect(await get(agent, answer[1]?.id)).toMatchObject({ lastName: 'Meier', ownerId: agent.agent?.id, tags: [] });
    await eventually(() =>
      expect(heard.filter((one) => one.tenant === agent.tenant).map((one) => one.changes)).toEqual([
        [{ id: known.id, version: 1, change: 'created' }],
        [
          { id: known.id, version: 2, change: 'updated', fields: ['lastName', 'jobTitle', 'emails', 'tags'] },
          { id: answer[1]?.id, version: 1, change: 'created' },
        ],
      ]),
    );
  });

  it('10 bulk upsert is idempotent: no version increases, nothing is published', async () => {
    const agent = anAgent();
    const items = [
      {
        ...aContact(),
        phones: [{ label: 'desk', number: '030 1234567' }],
        addresses: [{ city: 'Bonn', line1: 'Weg 1', label: 'home' }],
        externalIds: [{ source: 'crm', id: '1' }],
        tags: ['x'],
        notes: 'n',
      },
      aContact(),
    ];
    const first = await upsert(agent, items);
    const second = await upsert(agent, items);
    expect(first.map((item) => item.status)).toEqual([201, 201]);
    expect(second).toEqual(first.map((item) => ({ ...item, status: 200 })));
    await upsert(agent, [aContact()]);
    await eventually(() =>
      expect(heard.filter((one) => one.tenant === agent.tenant).map((one) => one.changes.map((change) => change.change))).toEqual([
        ['created', 'created'],
        ['created'],
      ]),
    );
  });

  it('10 bulk upsert by external id and by employee code', async () => {
    const agent = anAgent();
    const external = [{ externalIds: [{ source: 'crm', id: '7' }], lastName: 'A' }];
    const [made] = await upsert(agent, external, 'externalId');
    expect(await upsert(agent, [{ ...external[0], lastName: 'B' }], 'externalId')).toEqual([
      { index: 0, status: 200, id: made?.id, version: 2 },
    ]);
    // The same id of another source belongs to another contact.
    expect(await upsert(agent, [{ externalIds: [{ source: 'shop', id: '7' }], lastName: 'C' }], 'externalId')).toMatchObject([
      { status: 201 },
    ]);
    const [code] = await upsert(agent, [{ employeeCode: 'E-1' }], 'employeeCode');
    expect(await upsert(agent, [{ employeeCode: 'E-1', lastName: 'D' }], 'employeeCode')).toEqual([
      { index: 0, status: 200, id: code?.id, version: 2 },
    ]);
    expect(await all(agent)).toHaveLength(3);
  });

  it('10 bulk upsert refuses an employee code that several contacts have, with their number', async () => {
    const agent = anAgent();
    await world.ask(agent, k.createContact, { employeeCode: 'E-2' });
    await world.ask(again(agent), k.createContact, { employeeCode: 'E-2' });
    const [refused, fine] = await upsert(agent, [{ employeeCode: 'E-2', lastName: 'X' }, { employeeCode: 'E-3' }], 'employeeCode');
    expect(refused).toMatchObject({ status: 409, problem: { code: 'conflict', detail: expect.stringContaining('2 contacts') } });
    expect(fine?.status).toBe(201);
  });

  it('10 bulk upsert validates items separately, with the errors of each refused one', async () => {
    const agent = anAgent();
    const holder = await world.ask(agent, k.createContact, { ...mail('taken@post.example'), externalIds: [{ source: 'crm', id: '9' }] });
    const answer = await upsert(
      agent,
      [
        { externalIds: [{ source: 'a', id: '1' }], lastName: 'Good' },
        { externalIds: [{ source: 'a', id: '2' }], ...mail('TAKEN@post.example') },
        {
          externalIds: [
            { source: 'a', id: '3' },
            { source: 'crm', id: '9' },
          ],
          lastName: 'X',
        },
        { lastName: 'Without key' },
        { externalIds: [{ source: 'a', id: '4' }], lastName: 7 },
        { externalIds: [{ source: 'a', id: '5' }], lastName: 'X', customerId: randomUUID() },
        { externalIds: [{ source: 'a', id: '6' }], lastName: 'X', ownerId: randomUUID() },
        { externalIds: [{ source: 'a', id: '7' }], jobTitle: 'nobody' },
        { externalIds: [{ source: 'a', id: '8' }], lastName: 'X', type: 'lukewarm' },
        { externalIds: [{ source: 'a', id: '9' }], lastName: 'X', shoe: 1 },
        null,
        { externalIds: [{ source: 'crm', id: '9' }], lastName: 'Holder', customerId: randomUUID() },
        { externalIds: [{ source: 'a', id: '10' }], lastName: 'Good too' },
      ],
      'externalId',
    );
    expect(answer.map(({ index, status, problem }) => [index, status, problem?.code])).toEqual([
      [0, 201, undefined],
      [1, 409, 'email-taken'],
      [2, 409, 'conflict'],
      [3, 400, 'invalid'],
      [4, 400, 'invalid'],
      [5, 400, 'invalid'],
      [6, 400, 'invalid'],
      [7, 400, 'invalid'],
      [8, 400, 'invalid'],
      [9, 400, 'invalid'],
      [10, 400, 'invalid'],
      [11, 400, 'invalid'],
      [12, 201, undefined],
    ]);
    expect(answer[1]?.problem).toMatchObject({ contactId: holder.id });
    expect(answer[3]?.problem).toMatchObject({ errors: [{ path: 'externalIds', code: 'missing' }] });
    expect(await get(agent, holder.id)).toEqual({ ...holder, duplicates: undefined });
    expect(await all(agent)).toHaveLength(3);
  });

  it('10 bulk upsert: of two items with one key the later one changes what the earlier one created', async () => {
    const agent = anAgent();
    const [first, second, third] = await upsert(agent, [
      { ...mail('same@post.example'), lastName: 'One', jobTitle: 'CEO' },
      { ...mail('other@post.example') },
      { ...mail('same@post.example'), lastName: 'Two' },
    ]);
    expect([first?.status, second?.status, third?.status]).toEqual([201, 201, 200]);
    expect(third).toMatchObject({ id: first?.id, version: 1 });
    expect(await get(agent, first?.id)).toMatchObject({ lastName: 'Two', jobTitle: 'CEO', version: 1 });
  });

  it('10 bulk upsert lets items pass keys to each other in one batch', async () => {
    const agent = anAgent();
    const code = (c: string, address: string) => ({ employeeCode: c, emails: [{ address, primary: true }] });
    const [a, b] = await upsert(agent, [code('A', 'a@post.example'), code('B', 'b@post.example')], 'employeeCode');
    // A has another primary address now, B takes the one that was, and a new one takes what B had.
    const answer = await upsert(
      agent,
      [code('A', 'c@post.example'), code('B', 'a@post.example'), code('N', 'b@post.example'), code('M', 'a@post.example')],
      'employeeCode',
    );
    expect(answer.map((item) => item.status)).toEqual([200, 200, 201, 409]);
    const primaryOf = async (id?: string) => (await get(agent, id)).emails.find(({ primary }) => primary)?.address;
    expect([await primaryOf(a?.id), await primaryOf(b?.id)]).toEqual(['c@post.example', 'a@post.example']);
    expect(await upsert(agent, [{ ...mail('b@post.example'), lastName: 'N' }])).toMatchObject([{ status: 200, id: answer[2]?.id }]);
  });

  it('10 bulk upsert moves contacts into customers; those keep exactly one primary contact', async () => {
    const agent = anAgent();
    const here = await world.ask(agent, k.createCustomer, aCustomer({ domains: ['here.example'] }));
    const there = await world.ask(again(agent), k.createCustomer, aCustomer());
    const [first, second, none] = await upsert(agent, [
      mail('first@here.example'),
      { ...mail('second@here.example'), customerId: there.id },
      { ...mail('none@here.example'), customerId: null },
    ]);
    expect(await get(agent, first?.id)).toMatchObject({ customerId: here.id, isPrimaryContact: true, version: first?.version });
    expect(await get(agent, second?.id)).toMatchObject({ customerId: there.id, isPrimaryContact: true });
    expect(await get(agent, none?.id)).toMatchObject({ customerId: null });
    const [moved] = await upsert(agent, [{ ...mail('first@here.example'), customerId: there.id }]);
    expect(await get(agent, first?.id)).toMatchObject({ customerId: there.id, isPrimaryContact: false, version: moved?.version });
    expect((await world.ask(again(agent), k.getCustomer, { id: here.id })).primaryContactId).toBeNull();
  });

  it('10 bulk upsert: 20 concurrent calls with the same 50 keys create 50 contacts', async () => {
    const agent = anAgent();
    const items = Array.from({ length: 50 }, (_, i) => ({ ...mail(`r${i}@post.example`), externalIds: [{ source: 's', id: `${i}` }] }));
    const answers = await Promise.all(Array.from({ length: 20 }, () => upsert(agent, items)));
    for (const answer of answers) for (const item of answer) expect([200, 201]).toContain(item.status);
    expect(await all(agent)).toHaveLength(50);
    expect(new Set(answers.map((answer) => JSON.stringify(answer.map((item) => item.id)))).size).toBe(1);
  });

  it('10 bulk upsert does not match contacts of another tenant', async () => {
    const [item] = [{ ...mail('both@post.example'), lastName: 'Mine' }];
    const mine = anAgent();
    const [first] = await upsert(mine, [item]);
    const [second] = await upsert(anAgent(), [{ ...item, lastName: 'Theirs' }]);
    expect(second).toMatchObject({ status: 201 });
    expect(second?.id).not.toBe(first?.id);
    expect(await get(mine, first?.id)).toMatchObject({ lastName: 'Mine', version: 1 });
  });

  it('10 bulk upsert accepts 1,000 items at most', async () => {
    const agent = anAgent();
    const items = Array.from({ length: 1001 }, (_, i) => mail(`m${i}@post.example`));
    expect((await upsert(agent, items.slice(1))).every((item) => item.status === 201)).toBe(true);
    await expect(upsert(agent, items)).rejects.toMatchObject({ code: 'invalid' });
    await expect(upsert({ ...agent, roles: ['light_agent'] }, items.slice(1))).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('10 bulk create validates items separately: a taken key refuses one of them, with its field', async () => {
    const agent = anAgent();
    const crm = (id: string) => ({
      externalIds: [
        { source: 'shop', id: `other${id}` },
        { source: 'crm', id },
      ],
    });
    const create = async (items: unknown[]) => (await world.ask(again(agent), k.createContacts, { items })).items;
    await world.ask(again(agent), k.createContact, { ...mail('held@post.example'), ...crm('1') });
    const answer = await create([
      { lastName: 'Fine', ...crm('2') },
      {
        lastName: 'Taken',
        externalIds: [
          { source: 'erp', id: '1' },
          { source: 'crm', id: '1' },
        ],
      },
      { lastName: 'Twice', externalIds: [{ source: 'crm', id: '2' }] },
      { lastName: 'Held', ...mail('HELD@post.example') },
      { lastName: 'Fine too' },
    ]);
    expect(answer.map(({ index, status }) => [index, status])).toEqual([
      [0, 201],
      [1, 409],
      [2, 409],
      [3, 409],
      [4, 201],
    ]);
    expect(answer[1]?.problem).toMatchObject({ code: 'conflict', errors: [{ path: 'externalIds[1]', code: 'taken' }] });
    expect(answer[3]?.problem).toMatchObject({ code: 'email-taken' });
    expect(await all(agent)).toHaveLength(3);
  });

  it('10 concurrent bulk creates give a key to one of them, and refuse the other items individually', async () => {
    const agent = anAgent();
    const items = Array.from({ length: 20 }, (_, i) => ({ lastName: `${i}`, externalIds: [{ source: 'crm', id: `${i}` }] }));
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => world.ask(again(agent), k.createContacts, { items: i % 2 ? items : items.toReversed() })),
    );
    const statuses = answers.flatMap((answer) => answer.items.map(({ status }) => status));
    expect(statuses.filter((status) => status === 201)).toHaveLength(20);
    expect(statuses.filter((status) => status === 409)).toHaveLength(100);
    expect(await all(agent)).toHaveLength(20);
  });

  it('10 an item with very many unknown fields is refused briefly, and does not affect the others', async () => {
    const agent = anAgent();
    const odd = Object.fromEntries(Array.from({ length: sized(50_000, 200_000) }, (_, i) => [`u${i}`, 1]));
    for (const items of [
      await upsert(agent, [mail('good@post.example'), odd]),
      (await world.ask(again(agent), k.createContacts, { items: [{ lastName: 'Good' }, odd] })).items,
    ]) {
      expect(items.map(({ status }) => status)).toEqual([201, 400]);
      expect(JSON.stringify(items).length).toBeLessThan(5_000);
    }
    const { items } = await world.ask(again(agent), k.upsertRecords, {
      items: [{ source: 's', externalId: '1', kind: 'ticket' }, odd],
    });
    expect(items.map(({ status }) => status)).toEqual([201, 400]);
  });

  describe('does not delete keys of other systems', () => {
    const twoSystems = {
      externalIds: [
        { source: 'crm', id: '1' },
        { source: 'shop', id: '9' },
      ],
    };
    const ids = async (agent: Context, id?: string) =>
      (await get(agent, id)).externalIds.map((one) => `${one.source}:${one.id}`).toSorted();

    it('10 external ids are combined by source, whatever the match', async () => {
      const agent = anAgent();
      const made = await world.ask(agent, k.createContact, { ...mail('ada@a.example'), employeeCode: 'E-7', ...twoSystems });
      const crm = { externalIds: [{ source: 'crm', id: '1' }] };
      expect(await upsert(agent, [{ ...crm, jobTitle: 'Boss' }], 'externalId')).toMatchObject([{ status: 200, id: made.id }]);
      expect(await ids(agent, made.id)).toEqual(['crm:1', 'shop:9']);
      // The shop still finds her by its own key.
      expect(await upsert(agent, [{ externalIds: [{ source: 'shop', id: '9' }] }], 'externalId')).toMatchObject([
        { status: 200, id: made.id },
      ]);
      const erp = { externalIds: [{ source: 'erp', id: 'x' }] };
      expect(await upsert(agent, [{ ...mail('ada@a.example'), ...erp }])).toMatchObject([{ status: 200, id: made.id }]);
      expect(await upsert(agent, [{ employeeCode: 'E-7', externalIds: [{ source: 'crm', id: '2' }] }], 'employeeCode')).toMatchObject([
        { status: 200, id: made.id },
      ]);
      expect(await ids(agent, made.id)).toEqual(['crm:2', 'erp:x', 'shop:9']);
      await upsert(agent, [{ employeeCode: 'E-7', externalIds: [], emails: [] }], 'employeeCode');
      expect(await ids(agent, made.id)).toEqual(['crm:2', 'erp:x', 'shop:9']);
      expect((await get(agent, made.id)).emails).toHaveLength(1);
    });

    it('10 addresses are added, and the primary one stays unless the item marks another one', async () => {
      const agent = anAgent();
      const made = await world.ask(agent, k.createContact, {
        emails: [
          { address: 'ada@a.example', label: 'work', primary: true },
          { address: 'ada@home.example', label: 'home' },
        ],
        ...twoSystems,
      });
      const emails = async () => (await get(agent, made.id)).emails.map(({ address, label, primary }) => [address, label ?? null, primary]);
      await upsert(agent, [{ ...mail('ada@a.example'), jobTitle: 'Boss' }]);
      expect(await emails()).toEqual([
        ['ada@a.example', 'work', true],
        ['ada@home.example', 'home', false],
      ]);
      await upsert(agent, [{ ...twoSystems, emails: [{ address: 'ada@c.example' }] }], 'externalId');
      expect(await emails()).toEqual([
        ['ada@a.example', 'work', true],
        ['ada@home.example', 'home', false],
        ['ada@c.example', null, false],
      ]);
      await upsert(agent, [{ ...twoSystems, emails: [{ address: 'ADA@c.example', primary: true, label: 'new' }] }], 'externalId');
      expect(await emails()).toEqual([
        ['ada@a.example', 'work', false],
        ['ada@home.example', 'home', false],
        ['ADA@c.example', 'new', true],
      ]);
    });

    it('10 a patch still replaces lists', async () => {
      const agent = anAgent();
      const { id } = await world.ask(agent, k.createContact, { ...mail('ada@a.example'), ...twoSystems });
      await world.ask(again(agent), k.changeContact, { id, change: { externalIds: [{ source: 'crm', id: '3' }] } });
      expect(await ids(agent, id)).toEqual(['crm:3']);
    });
  });

  describe('matches a contact by any address that it alone has', () => {
    const importRows = (agent: Context, rows: object[], onKnown: 'update' | 'skip' | 'create' = 'update') =>
      world.ask(again(agent), k.importContacts, { importId: randomUUID(), number: 0, onKnown, rows: rows as never });
    const merged = async (agent: Context) => {
      const a = await world.ask(again(agent), k.createContact, { ...mail('ada@a.example'), firstName: 'Ada' });
      const b = await world.ask(again(agent), k.createContact, {
        ...mail('ada@b.example'),
        firstName: 'Ada',
        externalIds: [{ source: 'import', id: 'b-1' }],
      });
      const { id: mergeId } = await world.ask(again(agent), k.mergeContacts, { into: a.id, from: [b.id] });
      return { a, b, mergeId };
    };

    it('7.5 a merged contact is not created again, neither by a row nor by an item, and undoing has no conflicts', async () => {
      const agent = anAgent();
      const { a, mergeId } = await merged(agent);
      expect(await upsert(agent, [{ ...mail('ada@b.example'), jobTitle: 'Boss' }])).toMatchObject([{ status: 200, id: a.id }]);
      const { outcomes } = await importRows(agent, [
        { emails: ['ada@b.example'], lastName: 'Stone' },
        { externalId: 'b-1', notes: 'n' },
      ]);
      expect(outcomes).toMatchObject([
        { status: 'updated', id: a.id },
        { status: 'updated', id: a.id },
      ]);
      expect(await get(agent, a.id)).toMatchObject({
        jobTitle: 'Boss',
        lastName: 'Stone',
        emails: [{ address: 'ada@a.example', primary: true }, { primary: false }],
      });
      expect(await all(agent)).toHaveLength(1);
      expect(await world.ask(again(agent), k.undoMerge, { id: mergeId ?? '' })).toMatchObject({ conflicts: [] });
      expect(await all(agent)).toHaveLength(2);
    });

    it('7.5 the primary address takes precedence, and a secondary address of two contacts matches neither', async () => {
      const agent = anAgent();
      const shared = { address: 'family@a.example' };
      const make = (address: string) =>
        world.ask(again(agent), k.createContact, { emails: [{ address, primary: true }, shared], lastName: 'Stone' });
      const [first, second] = [await make('one@a.example'), await make('two@a.example')];
      expect(await upsert(agent, [{ ...mail('two@a.example'), jobTitle: 'x' }])).toMatchObject([{ status: 200, id: second.id }]);
      const [created] = await upsert(agent, [mail(shared.address)]);
      expect(created).toMatchObject({ status: 201 });
      expect([first.id, second.id]).not.toContain(created?.id);
      // Now it is somebody's primary one.
      expect((await importRows(agent, [{ emails: [shared.address], notes: 'n' }])).outcomes).toMatchObject([
        { status: 'updated', id: created?.id },
      ]);
    });

    it('7.5 also within one call and one batch', async () => {
      const agent = anAgent();
      const [made, known] = await upsert(agent, [
        { emails: [{ address: 'x@a.example' }, { address: 'y@a.example' }], lastName: 'X' },
        { ...mail('Y@a.example'), jobTitle: 'Boss' },
      ]);
      expect([made?.status, known?.status, known?.id]).toEqual([201, 200, made?.id]);
      const { outcomes } = await importRows(agent, [
        { emails: ['p@a.example', 'q@a.example'] },
        { emails: ['q@a.example'], lastName: 'Q' },
      ]);
      expect(outcomes[1]).toMatchObject({ status: 'updated', id: outcomes[0]?.id });
    });

    it('2.10 secondary addresses and employee codes of hidden contacts do not match', async () => {
      const boss = anAgent();
      const agent = anAgent({ tenant: boss.tenant, roles: ['agent'] });
      await world.ask(boss, k.seeAgent, {});
      await world.ask(again(boss), k.createContact, {
        emails: [{ address: 'first@a.example', primary: true }, { address: 'second@a.example' }],
        employeeCode: 'E-9',
        access: { restricted: true },
      });
      expect(await upsert(agent, [mail('second@a.example')])).toMatchObject([{ status: 201 }]);
      expect(await upsert(agent, [{ employeeCode: 'E-9', lastName: 'X' }], 'employeeCode')).toMatchObject([{ status: 201 }]);
      expect(await upsert(agent, [{ employeeCode: 'E-9', lastName: 'Y' }], 'employeeCode')).toMatchObject([{ status: 200 }]);
    });
  });
});
