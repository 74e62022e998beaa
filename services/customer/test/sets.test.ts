import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import pg from 'pg';
import { service } from '../src/index.js';
import { holdNewestContact } from './hold-newest.js';
import { refusal } from './refusal.js';
import { withSmallLimits } from './small-limits.js';

let world: World;
/** Queries the database directly. */
let db: pg.Client;
const heard: { subject: string; changes: k.Change[]; tenant: string }[] = [];
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  db = new pg.Client(world.databases.customer?.migrationUrl);
  await db.connect();
  world.bus.connection.subscribe('events.>', {
    callback: (_, m) => {
      heard.push({ subject: m.subject, tenant: m.headers?.get('Kontor-Tenant') ?? '', ...(m.json() as { changes: k.Change[] }) });
    },
  });
});
afterAll(async () => {
  await db.end();
  await world.stop();
});

const NOBODY = '01890000-0000-7000-8000-000000000000';
const toldIn = (tenant: string, lane: string) => heard.filter((h) => h.tenant === tenant && h.subject.endsWith(`.${lane}`));

async function manyContacts(agent: Context, n: number, more: Parameters<typeof aContact>[0] = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < n; i += 1000) {
    const items = Array.from({ length: Math.min(1000, n - i) }, (_, j) => ({ lastName: `N${String(i + j).padStart(6, '0')}`, ...more }));
    ids.push(...(await world.ask(again(agent), k.createContacts, { items })).items.map((item) => item.id ?? ''));
  }
  return ids;
}
const ended = (agent: Context, id: string | undefined) =>
  eventually(async () => {
    const job = await world.ask(again(agent), k.getJob, { id: id ?? '' });
    if (job.state !== 'finished' && job.state !== 'failed') throw new Error(`the job is ${job.state}`);
    return job;
  }, 60_000);
async function itemsOf(agent: Context, id: string): Promise<k.BulkItem[]> {
  const items: k.BulkItem[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await world.ask(again(agent), k.listJobItems, { id, limit: 200, cursor });
    items.push(...page.items);
    if (!page.nextCursor) return items;
    cursor = page.nextCursor;
  }
}

describe('changing a set', () => {
  it('1.6 returns a result for each contact, in one event, with history; unchanged contacts are not written', async () => {
    const agent = anAgent();
    await world.ask(agent, k.seeAgent, {});
    await world.ask(agent, k.changeSettings, {
      change: { customFields: [{ key: 'size', label: 'Size', kind: 'number', for: 'contact' }] },
    });
    const firm = await world.ask(agent, k.createCustomer, aCustomer());
    const ids = await manyContacts(agent, 3, { tags: ['old', 'stays'] });
    const [gone = ''] = await manyContacts(agent, 1);
    await world.ask(agent, k.deleteContact, { id: gone });
    const change = {
      addTags: ['new'],
      removeTags: ['old'],
      type: 'hot',
      customerId: firm.id,
      ownerId: agent.agent?.id,
      customFields: { size: 3 },
      access: { restricted: true },
    };
    const sent = [...ids, NOBODY, gone, ids[0] ?? ''];
    const { items, job } = await world.ask(again(agent), k.changeContacts, { ids: sent, change });
    expect(job).toBeUndefined();
    expect(items).toMatchObject([
      ...ids.map((id, index) => ({ index, status: 200, id, version: 2 })),
      { index: 3, status: 404, problem: { code: 'not-found' } },
      { index: 4, status: 404 },
      { index: 5, status: 200, version: 2 },
    ]);
    for (const id of ids)
      expect(await world.ask(agent, k.getContact, { id })).toMatchObject({
        version: 2,
        tags: ['stays', 'new'],
        type: 'hot',
        customerId: firm.id,
        ownerId: agent.agent?.id,
        customFields: { size: 3 },
        access: { restricted: true },
      });
    // 1.5 holds here too.
    expect(await world.ask(agent, k.getCustomer, { id: firm.id })).toMatchObject({ primaryContactId: ids[0] });
    const history = await world.ask(agent, k.getContactHistory, { id: ids[1] ?? '' });
    expect(history.items[0]).toMatchObject({ version: 2, change: 'updated', door: 'api', agent: { id: agent.agent?.id } });
    expect(history.items[0]?.fields.find(({ field }) => field === 'tags')).toEqual({
      field: 'tags',
      from: ['old', 'stays'],
      to: ['stays', 'new'],
    });
    await eventually(() =>
      expect(toldIn(agent.tenant, 'people').some(({ changes }) => changes.length === 3 && changes[0]?.fields)).toBe(true),
    );

    const same = await world.ask(again(agent), k.changeContacts, { ids, change });
    expect(same.items.map(({ version }) => version)).toEqual([2, 2, 2]);
    expect((await world.ask(agent, k.listContacts, { tag: 'new' })).items).toHaveLength(3);
    expect((await world.ask(agent, k.listContacts, { tag: 'old' })).items).toHaveLength(0);

    await world.ask(again(agent), k.changeContacts, { ids: ids.slice(0, 1), change: { customerId: null } });
    expect(await world.ask(agent, k.getCustomer, { id: firm.id })).toMatchObject({ primaryContactId: ids[1] });
  });

  it('1.6 changes customers likewise', async () => {
    const agent = anAgent();
    const ids = [];
    for (let i = 0; i < 3; i++)
      ids.push((await world.ask(again(agent), k.createCustomer, aCustomer({ domains: [`d${i}.example`], tags: ['a'] }))).id);
    const answer = await world.ask(agent, k.changeCustomers, { filter: { tag: 'a' }, change: { addTags: ['b'], type: 'cold' } });
    expect(answer.items).toMatchObject(ids.map((id, index) => ({ index, status: 200, id, version: 2 })));
    expect((await world.ask(agent, k.listCustomers, { tag: ['a', 'b'], type: 'cold' })).items).toHaveLength(3);
    // Everything else is as it was.
    expect(await world.ask(agent, k.getCustomer, { id: ids[1] ?? '' })).toMatchObject({ domains: ['d1.example'], tags: ['a', 'b'] });
    const put = await world.ask(again(agent), k.createContact, aContact({ emails: [{ address: 'x@d1.example' }] }));
    expect(put.customerId).toBe(ids[1]);
  });

  it('2.10 changes only what the caller may change: 404 for hidden entries, 403 for read-only ones and for access and owner of others', async () => {
    const boss = anAgent();
    const agent = anAgent({ tenant: boss.tenant, roles: ['agent'] });
    for (const one of [boss, agent]) await world.ask(one, k.seeAgent, {});
    const id = agent.agent?.id ?? '';
    const make = (access: k.NewAccess) => world.ask(again(boss), k.createContact, aContact({ tags: ['set'], access }));
    const hidden = await make({ restricted: true });
    const read = await make({ restricted: true, agents: [{ id, rights: 'read' }] });
    const write = await make({ restricted: true, agents: [{ id, rights: 'write' }] });
    const open = await make({});
    const ids = [hidden, read, write, open].map((one) => one.id);
    const statuses = async (change: k.InputOf<typeof k.changeContacts>['change']) =>
      (await world.ask(again(agent), k.changeContacts, { ids, change })).items.map(({ status }) => status);
    expect(await statuses({ addTags: ['x'] })).toEqual([404, 403, 200, 200]);
    expect(await statuses({ access: { restricted: false } })).toEqual([404, 403, 403, 200]);
    expect(await statuses({ ownerId: id })).toEqual([404, 403, 403, 403]);
    const filtered = await world.ask(again(agent), k.changeContacts, { filter: { tag: 'set' }, change: { addTags: ['y'] } });
    expect(filtered.items.map(({ id, status }) => [id, status])).toEqual([
      [read.id, 403],
      [write.id, 200],
      [open.id, 200],
    ]);
    expect(await world.ask(boss, k.getContact, { id: hidden.id })).toMatchObject({ version: 1, tags: ['set'] });
    const light = again(agent, { roles: ['light_agent'] });
    expect(await refusal(world.ask(light, k.changeContacts, { ids, change: { addTags: ['z'] } }))).toMatchObject({ code: 'forbidden' });
  });

  it.each([
    [{ change: { type: 'hot' } }, /either ids or a filter/, ''],
    [{ ids: [NOBODY], filter: { type: 'hot' }, change: { type: 'hot' } }, /either ids or a filter/, ''],
    [{ ids: [NOBODY], change: {} }, /must change something/, 'change'],
    [{ filter: {}, change: { type: 'hot' } }, /at least one filter/, 'filter'],
    [{ ids: [NOBODY], change: { type: 'none such' } }, /cold, warm, hot/, 'change.type'],
    [{ ids: [NOBODY], change: { customFields: { color: 'red' } } }, /not a custom field/, 'change.customFields.color'],
    [{ ids: [NOBODY], change: { ownerId: NOBODY } }, /agent/, 'change.ownerId'],
    [{ ids: [NOBODY], change: { customerId: NOBODY } }, /customer/, 'change.customerId'],
    [{ ids: [NOBODY], change: { access: { agents: [{ id: NOBODY, rights: 'read' as const }] } } }, /agent/, 'change.access.agents[0].id'],
    [{ ids: [NOBODY], change: { firstName: 'X' } as object }, /firstName/, 'change'],
  ])('1.6 refuses %j as a whole, with the path', async (input, message, path) => {
    const error = await refusal(world.ask(anAgent(), k.changeContacts, input as never));
    expect(error.code).toBe('invalid');
    expect(`${error.message} ${JSON.stringify(error.details.errors)}`).toMatch(message);
    expect(error.details.errors?.[0]?.path).toMatch(path);
  });

  it('1.6 a contact with too many tags is refused individually', async () => {
    const agent = anAgent();
    const [full = ''] = await manyContacts(agent, 1, { tags: Array.from({ length: 200 }, (_, i) => `t${i}`) });
    const [free = ''] = await manyContacts(agent, 1);
    const { items } = await world.ask(agent, k.changeContacts, { ids: [full, free], change: { addTags: ['one more'] } });
    expect(items).toMatchObject([{ status: 400, problem: { code: 'invalid' } }, { status: 200 }]);
  });

  it(
    '1.6 more than 1,000 are changed by a job that is fixed at the time of the call, survives a restart and a broken database, and repeats no step',
    withSmallLimits(async () => {
      const MANY = sized(60, 6_000);
      const agent = anAgent();
      const ids = await manyContacts(agent, MANY, { type: 'cold' });
      const letGo = await holdNewestContact(world.databases.customer?.migrationUrl, agent.tenant);
      // The change takes them out of the filter.
      const { items, job } = await world.ask(agent, k.changeContacts, {
        filter: { type: 'cold' },
        change: { type: 'hot', addTags: ['many'] },
      });
      expect(items).toEqual([]);
      expect(job).toMatchObject({ kind: 'change-contacts', progress: { items: MANY } });
      const done = async () => Number((await db.query('select done from job where id = $1', [job?.id])).rows[0]?.done);
      await eventually(async () => expect(await done()).toBeGreaterThan(0), 20_000);
      const asService = new pg.Client(world.databases.customer?.url);
      await asService.connect();
      // In the middle of any statement.
      await asService.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`,
      );
      await asService.end();
      const interrupted = await done();
      await world.running.get('customer')?.stop();
      await letGo();
      const stopped = await done();
      expect(stopped).toBeLessThan(MANY);
      world.running.set('customer', await service.start(world.env('customer')));
      expect(await ended(agent, job?.id)).toMatchObject({ state: 'finished', progress: { items: MANY, done: MANY } });
      const all = await itemsOf(agent, job?.id ?? '');
      expect(all.map(({ index }) => index)).toEqual(ids.map((_, i) => i));
      expect(all.map(({ id }) => id).sort()).toEqual([...ids].sort());
      expect(new Set(all.map(({ status, version }) => `${status} ${version}`))).toEqual(new Set(['200 2']));
      const { rows } = await db.query('select version, type, count(*)::int as n from contact where tenant_id = $1 group by 1, 2', [
        agent.tenant,
      ]);
      expect(rows).toEqual([{ version: 2, type: 'hot', n: MANY }]);
      const history = await db.query('select count(*)::int as n from history where tenant_id = $1 and version = 2', [agent.tenant]);
      expect(history.rows[0].n).toBe(MANY);
      await eventually(() =>
        expect(new Set(toldIn(agent.tenant, 'bulk').flatMap(({ changes }) => changes.map(({ id }) => id))).size).toBe(MANY),
      );
      expect(interrupted).toBeLessThanOrEqual(stopped);
    }),
    120_000,
  );

  it('1.6 overlapping sets are changed concurrently, and each customer keeps exactly one primary contact', async () => {
    const agent = anAgent();
    const firms = [
      await world.ask(again(agent), k.createCustomer, aCustomer()),
      await world.ask(again(agent), k.createCustomer, aCustomer()),
    ];
    const ids = await manyContacts(agent, 200, { customerId: firms[0]?.id });
    const sets = [ids, [...ids].reverse(), ids.slice(50, 150), ids.slice(100)];
    const answers = await Promise.all(
      sets.map((set, i) =>
        world.ask(again(agent), k.changeContacts, { ids: set, change: { customerId: firms[i % 2]?.id, addTags: [`s${i}`] } }),
      ),
    );
    expect(new Set(answers.flatMap(({ items }) => items.map(({ status }) => status)))).toEqual(new Set([200]));
    const { rows } = await db.query(
      `select k.id, count(t.id)::int as contacts, bool_or(t.id = k.primary_contact_id) as ok, k.primary_contact_id is null as none
       from customer k left join contact t on t.tenant_id = k.tenant_id and t.customer_id = k.id where k.tenant_id = $1 group by k.id, k.tenant_id, k.primary_contact_id`,
      [agent.tenant],
    );
    for (const { contacts, ok, none } of rows) expect(contacts > 0 ? ok : none).toBe(true);
    const all = await db.query(`select count(*)::int as n from contact where tenant_id = $1 and tags @> '["s0", "s1"]'`, [agent.tenant]);
    expect(all.rows).toEqual([{ n: 200 }]);
  });

  it(
    '1.6 more than 10,000 matches are refused with their number',
    withSmallLimits(async () => {
      const MANY = sized(101, 10_001);
      const agent = anAgent();
      await manyContacts(agent, MANY, { tags: ['all'] });
      const error = await refusal(world.ask(agent, k.changeContacts, { filter: { tag: 'all' }, change: { type: 'hot' } }));
      expect(error).toMatchObject({ code: 'too-large', details: { matches: MANY } });
      expect(error.message).toContain(`${MANY}`);
    }),
    60_000,
  );
});

describe('contacts grouped by customer', () => {
  it('1.4 each customer with its first contacts and their number, and those without a customer as a separate group', async () => {
    const agent = anAgent();
    const contacts = ['D', 'A', 'C', 'B'].map((lastName) => ({ lastName }));
    const full = await world.ask(again(agent), k.createCustomer, aCustomer({ name: 'A full', tags: ['t'], contacts }));
    await world.ask(again(agent), k.createCustomer, aCustomer({ name: 'B empty', tags: ['t'] }));
    for (const lastName of ['Z', 'Y']) await world.ask(again(agent), k.createContact, { lastName });
    const grouped = await world.ask(agent, k.listCustomers, { include: 'contacts', contactsLimit: 3 });
    const names = (group: { contacts?: k.Summary[] } | undefined) => group?.contacts?.map(({ displayName }) => displayName);
    expect(grouped.items.map((one) => [one.displayName, names(one), one.contactCount])).toEqual([
      ['A full', ['A', 'B', 'C'], 4],
      ['B empty', [], 0],
    ]);
    expect(grouped.items[0]?.contacts?.[0]).toMatchObject({ kind: 'contact', customer: { id: full.id, name: 'A full' } });
    expect([names(grouped.withoutCustomer), grouped.withoutCustomer?.contactCount]).toEqual([['Y', 'Z'], 2]);

    const first = await world.ask(agent, k.listCustomers, { include: 'contacts', limit: 1 });
    expect(first.withoutCustomer).toBeDefined();
    const second = await world.ask(agent, k.listCustomers, { include: 'contacts', limit: 1, cursor: first.nextCursor ?? '' });
    expect([second.items[0]?.displayName, second.withoutCustomer]).toEqual(['B empty', undefined]);
    expect((await world.ask(agent, k.listCustomers, { include: 'contacts', tag: 't' })).withoutCustomer).toBeUndefined();
    const plain = await world.ask(agent, k.listCustomers, {});
    expect([plain.items[0]?.contacts, plain.items[0]?.contactCount, plain.withoutCustomer]).toEqual([undefined, undefined, undefined]);
  });

  it('2.10 groups and counts contain only what the caller may see', async () => {
    const boss = anAgent();
    const agent = anAgent({ tenant: boss.tenant, roles: ['agent'] });
    const hidden = { access: { restricted: true } };
    await world.ask(
      again(boss),
      k.createCustomer,
      aCustomer({ name: 'open', contacts: [{ lastName: 'seen' }, { lastName: 'not', ...hidden }] }),
    );
    await world.ask(again(boss), k.createCustomer, aCustomer({ name: 'closed', ...hidden, contacts: [{ lastName: 'not' }] }));
    for (const more of [{}, hidden]) await world.ask(again(boss), k.createContact, { lastName: 'alone', ...more });
    const seen = await world.ask(agent, k.listCustomers, { include: 'contacts' });
    expect(seen.items.map((one) => [one.displayName, one.contacts?.map((c) => c.displayName), one.contactCount])).toEqual([
      ['open', ['seen'], 1],
    ]);
    expect([seen.withoutCustomer?.contacts.length, seen.withoutCustomer?.contactCount]).toEqual([1, 1]);
    const all = await world.ask(boss, k.listCustomers, { include: 'contacts' });
    expect(all.items.map(({ contactCount }) => contactCount)).toEqual([1, 2]);
    expect(all.withoutCustomer?.contactCount).toBe(2);
  });

  it('1.4 a contact is moved into a customer, to another one or out with one call', async () => {
    const agent = anAgent();
    const [a, b] = [
      await world.ask(again(agent), k.createCustomer, aCustomer()),
      await world.ask(again(agent), k.createCustomer, aCustomer()),
    ];
    const made = await world.ask(again(agent), k.createContact, aContact());
    const into = await world.ask(again(agent), k.moveContact, { id: made.id, version: 1, customerId: a.id });
    expect(into).toMatchObject({ customerId: a.id, isPrimaryContact: true, version: 2 });
    expect(await refusal(world.ask(again(agent), k.moveContact, { id: made.id, version: 1, customerId: b.id }))).toMatchObject({
      code: 'stale',
      details: { changed: ['customerId'], current: { customerId: a.id } },
    });
    expect(await world.ask(again(agent), k.moveContact, { id: made.id, customerId: b.id })).toMatchObject({ customerId: b.id, version: 3 });
    expect(await world.ask(agent, k.getCustomer, { id: a.id })).toMatchObject({ primaryContactId: null });
    expect(await world.ask(again(agent), k.moveContact, { id: made.id, customerId: null })).toMatchObject({ customerId: null, version: 4 });
    expect(await refusal(world.ask(again(agent), k.moveContact, { id: made.id, customerId: NOBODY }))).toMatchObject({ code: 'invalid' });
    const { items } = await world.ask(agent, k.getContactHistory, { id: made.id });
    expect(items.map(({ fields }) => fields)).toEqual([
      [{ field: 'customerId', from: b.id, to: null }],
      [{ field: 'customerId', from: a.id, to: b.id }],
      [{ field: 'customerId', from: null, to: a.id }],
      [],
    ]);
  });
});
