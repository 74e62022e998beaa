import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Context, runAs } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { Database } from '@kontor/database';
import { aContact, aCustomer, again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { service } from '../src/index.js';
import { forgetRecords } from '../src/record/forget-records.js';
import { refusal } from './refusal.js';

let world: World;
let database: Database;
const heard: { subject: string; changes: k.Change[]; tenant: string }[] = [];
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  database = await Database.connect({ name: 'test', url: world.databases.customer?.url ?? '', poolSize: 2 });
  world.bus.connection.subscribe('events.>', {
    callback: (_, m) => {
      heard.push({ subject: m.subject, tenant: m.headers?.get('Kontor-Tenant') ?? '', ...(m.json() as { changes: k.Change[] }) });
    },
  });
});
afterAll(async () => {
  await database.close();
  await world.stop();
});

type Given = z.input<typeof k.UpsertRecord>;
const anEmail = () => `${randomUUID()}@post.example`;
const aRecord = (given: Partial<Given> = {}): Given => ({
  source: 'desk',
  externalId: randomUUID(),
  kind: 'ticket',
  title: 'Drucker',
  ...given,
});
const told = (agent: Context, noun: string) =>
  heard.filter((h) => h.tenant === agent.tenant && h.subject.startsWith(`events.${noun}.`)).flatMap((h) => h.changes);
/** Another agent of the same tenant, without the rights of an admin. */
const another = (agent: Context, roles: Context['roles'] = ['agent']): Context =>
  again(agent, { agent: { id: randomUUID(), name: 'B' }, roles });
const bulk = (agent: Context): Context => again(agent, { door: 'import', lane: 'bulk' });

/** Repeats a call that waited too long for a lock, as its refusal asks for; only on a slow machine. */
async function retryWhileBusy<T>(call: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await call();
    } catch (error) {
      if ((error as { code?: string }).code !== 'busy') throw error;
    }
}
const put = async (agent: Context, ...items: unknown[]) => (await world.ask(again(agent), k.upsertRecords, { items })).items;
const putOne = async (agent: Context, item: Given) => {
  const [result] = await put(agent, item);
  if (!result?.id) throw new Error(JSON.stringify(result));
  return { ...result, id: result.id };
};
const get = (agent: Context, id: string) => world.ask(again(agent), k.getRecord, { id });
const list = async (agent: Context, input: z.input<typeof k.ListRecords> = {}) =>
  (await world.ask(again(agent), k.listRecords, input)).items;
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

async function aSeenAgent(): Promise<Context> {
  const agent = anAgent();
  await world.ask(agent, k.seeAgent, {});
  return agent;
}

describe('records', () => {
  it('4.1 stores and returns all fields', async () => {
    const agent = await aSeenAgent();
    const customer = await world.ask(agent, k.createCustomer, aCustomer());
    const contact = await world.ask(agent, k.createContact, aContact({ customerId: customer.id }));
    const given = aRecord({
      kind: 'invoice',
      status: 'open',
      amount: '12345678901234.500001',
      currency: 'EUR',
      dueAt: '2026-02-28',
      url: 'https://shop.example/i/1',
      data: { lines: [{ sku: 'ä\\u0000', n: 1 }] },
    });
    const { id, status, version } = await putOne(agent, { ...given, contactId: contact.id });
    expect([status, version]).toEqual([201, 1]);
    expect(await get(agent, id)).toMatchObject({ ...given, id, version: 1, contactId: contact.id, customerId: customer.id, contact: null });
    const timed = await putOne(agent, aRecord({ dueAt: '2026-02-28T12:00:00.5+02:00', amount: 0.1 }));
    expect(await get(agent, timed.id)).toMatchObject({ dueAt: '2026-02-28T10:00:00.500Z', amount: '0.1', currency: null, data: {} });
  });

  it('4.1 upserts are idempotent; absent fields stay, null clears', async () => {
    const agent = await aSeenAgent();
    const item = aRecord({
      amount: '10.50',
      currency: 'EUR',
      dueAt: '2026-01-31T10:00:00.123456Z',
      data: { b: 1, a: [2] },
      contact: { email: anEmail() },
    });
    const [first] = await put(bulk(agent), item);
    expect(first).toMatchObject({ status: 201, version: 1, waiting: true });
    const [second] = await put(bulk(agent), { ...item, amount: 10.5, data: { a: [2], b: 1 } });
    expect(second).toEqual({ index: 0, status: 200, id: first?.id, version: 1, waiting: true });
    const { source, externalId, kind } = item;
    await put(bulk(agent), { source, externalId, kind, status: 'closed', currency: null });
    expect(await get(agent, first?.id ?? '')).toMatchObject({
      version: 2,
      title: 'Drucker',
      status: 'closed',
      amount: '10.50',
      currency: null,
      data: item.data,
    });
  });

  it('4.1 items are validated separately; invalid ones are refused at their index', async () => {
    const agent = await aSeenAgent();
    const same = aRecord({ kind: 'task' });
    const results = await put(
      agent,
      aRecord({ kind: 'call' }),
      aRecord({ kind: 'dream' as 'call' }),
      7,
      aRecord({ customerId: randomUUID() }),
      aRecord({ amount: '1e5' }),
      aRecord({ amount: 123456789012.3456 }),
      aRecord({ data: { a: 'x'.repeat(17_000) } }),
      aRecord({ data: { 'a\u0000': 1 } }),
      aRecord({ contactId: randomUUID(), contact: { email: anEmail() } }),
      aRecord({ contact: {} }),
      aRecord({ currency: 'Euro' }),
      aRecord({ dueAt: '0001-01-01' }),
      same,
      { ...same, title: 'Später' },
      { ...same, source: ' ' },
    );
    expect(results.map(({ status }) => status)).toEqual([201, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 201, 201, 400]);
    expect(results.map(({ index }) => index)).toEqual(results.map((_, i) => i));
    expect(results[3]?.problem).toMatchObject({ code: 'invalid', errors: [{ path: 'customerId', code: 'unknown' }] });
    expect(results[8]?.problem).toMatchObject({ errors: [{ path: 'contact' }] });
    expect(results[12]?.id).toBe(results[13]?.id);
    expect(await get(agent, results[13]?.id ?? '')).toMatchObject({ version: 1, title: 'Später' });
    expect(await list(agent)).toHaveLength(2);
  });

  it('4.1 40 concurrent upserts of the same keys create each record once', async () => {
    const agent = await aSeenAgent();
    const items = Array.from({ length: 20 }, () => aRecord({ kind: 'event' }));
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => put(agent, ...(i % 2 ? items : items.toReversed()))));
    expect(all.flat().every(({ status, version }) => (status === 200 || status === 201) && version === 1)).toBe(true);
    expect(all.flat().filter(({ status }) => status === 201)).toHaveLength(20);
    expect(await list(agent, { limit: 200 })).toHaveLength(20);
  });

  it('4.1 lists by customer, contact, kind, status, source and id, with paging', async () => {
    const agent = await aSeenAgent();
    const customer = await world.ask(agent, k.createCustomer, aCustomer());
    const contact = await world.ask(agent, k.createContact, aContact());
    const results = await put(
      agent,
      aRecord({ kind: 'call', customerId: customer.id, status: 'open' }),
      aRecord({ kind: 'task', customerId: customer.id, status: 'done' }),
      aRecord({ kind: 'call', contactId: contact.id, status: 'open', source: 'crm', externalId: 'x:1' }),
      aRecord({ kind: 'event' }),
    );
    const [a, b, c, d] = results.map(({ id }) => id ?? '');
    expect(ids(await list(agent))).toEqual([a, b, c, d]);
    expect(ids(await list(agent, { customerId: customer.id }))).toEqual([a, b]);
    expect(ids(await list(agent, { customerId: customer.id, kind: 'task' }))).toEqual([b]);
    expect(ids(await list(agent, { contactId: contact.id }))).toEqual([c]);
    expect(ids(await list(agent, { status: 'open', sort: '-createdAt' }))).toEqual([c, a]);
    expect(ids(await list(agent, { source: 'crm', externalId: 'x:1' }))).toEqual([c]);
    expect(await list(agent, { contactId: randomUUID() })).toEqual([]);
    expect(await list(await aSeenAgent())).toEqual([]);
    await world.ask(agent, k.changeRecord, { id: a ?? '', change: { title: 'Neu' } });
    expect(ids(await list(agent, { sort: '-updatedAt', limit: 1 }))).toEqual([a]);
    for (const sort of ['createdAt', '-updatedAt'] as const) {
      const seen: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await world.ask(agent, k.listRecords, { sort, limit: 1, cursor });
        seen.push(...ids(page.items));
        if (!page.nextCursor) break;
        cursor = page.nextCursor;
      }
      expect(seen.toSorted()).toEqual([a, b, c, d].toSorted());
    }
  });

  it('4.1 PATCH is a merge patch, including data; If-Match with an older version is refused', async () => {
    const agent = await aSeenAgent();
    const contact = await world.ask(agent, k.createContact, aContact());
    const { id } = await putOne(agent, aRecord({ status: 'open', dueAt: '2026-03-01', data: { a: { b: 1, c: 2 }, d: [1] } }));
    const change = { status: null, amount: 7, data: { a: { b: null, e: 3 }, d: [2] }, contactId: contact.id };
    expect(await world.ask(agent, k.changeRecord, { id, version: 1, change })).toMatchObject({
      version: 2,
      status: null,
      amount: '7',
      dueAt: '2026-03-01',
      title: 'Drucker',
      contactId: contact.id,
      data: { a: { c: 2, e: 3 }, d: [2] },
    });
    expect(await world.ask(agent, k.changeRecord, { id, change: { amount: '7' } })).toMatchObject({ version: 2 });
    expect(await refusal(world.ask(agent, k.changeRecord, { id, version: 1, change: { title: 'x' } }))).toMatchObject({ code: 'stale' });
    expect(await refusal(world.ask(agent, k.changeRecord, { id, change: { data: { a: { x: 'y'.repeat(17_000) } } } }))).toMatchObject({
      code: 'invalid',
    });
  });

  it('4.1 an upsert or patch that makes data exceed the limit by merging is refused', async () => {
    const agent = await aSeenAgent();
    const { id } = await putOne(agent, aRecord({ data: { a: 'x'.repeat(12_000) } }));
    expect(await refusal(world.ask(agent, k.changeRecord, { id, change: { data: { b: 'y'.repeat(12_000) } } }))).toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'data' }] },
    });
  });

  it('6.1 DELETE moves a record to the bin as its own unit; the same key then creates a new record', async () => {
    const agent = await aSeenAgent();
    const item = aRecord();
    const { id } = await putOne(agent, item);
    await world.ask(agent, k.deleteRecord, { id });
    expect(await refusal(get(agent, id))).toMatchObject({ code: 'not-found' });
    expect(await list(agent)).toEqual([]);
    const again = await putOne(agent, item);
    expect([again.status, again.id === id]).toEqual([201, false]);
    const units = await inTenant(agent, (tx) => tx.query('select kind, entry_id, name, counts from bin'));
    expect(units).toEqual([
      { kind: 'record', entry_id: id, name: 'Drucker', counts: { customers: 0, contacts: 0, records: 1, requests: 0 } },
    ]);
  });

  it('1.7 records go to the bin with their customer, or with their contact if they have no customer', async () => {
    const agent = await aSeenAgent();
    const customer = await world.ask(agent, k.createCustomer, aCustomer());
    const inside = await world.ask(agent, k.createContact, aContact({ customerId: customer.id }));
    const alone = await world.ask(agent, k.createContact, aContact());
    const [a, b] = (await put(agent, aRecord({ contactId: inside.id }), aRecord({ contactId: alone.id }))).map(({ id }) => id ?? '');
    await world.ask(agent, k.deleteContact, { id: inside.id });
    await world.ask(agent, k.deleteContact, { id: alone.id });
    expect(await refusal(get(agent, b ?? ''))).toMatchObject({ code: 'not-found' });
    expect(await get(agent, a ?? '')).toMatchObject({ contactId: null, customerId: customer.id });
    // Links to entries in the bin are hidden but kept, even through a change.
    await world.ask(agent, k.changeRecord, { id: a ?? '', change: { title: 'Anders' } });
    expect(await inTenant(agent, (tx) => tx.query('select contact_id as id from record where id = $1', [a]))).toEqual([{ id: inside.id }]);
    await world.ask(agent, k.deleteCustomer, { id: customer.id });
    expect(await refusal(get(agent, a ?? ''))).toMatchObject({ code: 'not-found' });
  });

  it('2.10 access to a record requires access to its contact and customer, read or write respectively', async () => {
    const admin = await aSeenAgent();
    const reader = another(admin);
    await world.ask(reader, k.seeAgent, {});
    const stranger = another(admin);
    const secret = await world.ask(
      admin,
      k.createCustomer,
      aCustomer({ access: { restricted: true, agents: [{ id: reader.agent?.id ?? '', rights: 'read' }] } }),
    );
    const inside = await world.ask(admin, k.createContact, aContact({ customerId: secret.id }));
    const email = inside.emails[0]?.address ?? '';
    const open = await world.ask(admin, k.createCustomer, aCustomer());
    const item = aRecord({ contactId: inside.id, customerId: open.id });
    const { id } = await putOne(admin, item);
    expect(await get(reader, id)).toMatchObject({ id });
    for (const ask of [() => get(stranger, id), () => world.ask(stranger, k.createRecordComment, { id, text: 'x' })])
      expect(await refusal(ask())).toMatchObject({ code: 'not-found' });
    for (const input of [{}, { customerId: open.id }, { contactId: inside.id }, { customerId: secret.id }])
      expect(await list(stranger, input)).toEqual([]);
    expect(await refusal(world.ask(reader, k.changeRecord, { id, change: { title: 'x' } }))).toMatchObject({ code: 'forbidden' });
    expect(await refusal(world.ask(reader, k.deleteRecord, { id }))).toMatchObject({ code: 'forbidden' });

    expect(
      (await put(reader, item, aRecord({ customerId: secret.id }), aRecord({ contact: { email } }))).map(({ problem }) => problem?.code),
    ).toEqual(['forbidden', 'forbidden', 'forbidden']);
    const results = await put(
      stranger,
      item,
      aRecord({ customerId: secret.id }),
      aRecord({ contactId: inside.id }),
      aRecord({ contact: { email } }),
    );
    expect(results.map(({ problem }) => problem?.code)).toEqual(['conflict', 'invalid', 'invalid', undefined]);
    expect(results[3]).toMatchObject({ status: 201, waiting: true });
    // A single ticket does not create a second contact for a hidden one, and does not reveal it.
    expect(await put(stranger, aRecord({ contact: { email } }))).toEqual([expect.objectContaining({ status: 201, waiting: true })]);
    expect(await get(admin, id)).toMatchObject({ version: 1, title: 'Drucker' });
    const light = another(admin, ['light_agent']);
    expect(await refusal(put(light, aRecord()))).toMatchObject({ code: 'forbidden' });
  });
});

describe('private comments', () => {
  it('2.11 light agents read records and comment on them; only the author and admins delete comments', async () => {
    const admin = await aSeenAgent();
    const light = another(admin, ['light_agent']);
    const agent = another(admin);
    await world.ask(light, k.seeAgent, {});
    const { id } = await putOne(admin, aRecord());
    const first = await world.ask(light, k.createRecordComment, { id, text: ' Bitte zurückrufen ' });
    expect(first).toMatchObject({ recordId: id, text: 'Bitte zurückrufen', agent: { id: light.agent?.id, name: 'B' } });
    const key = again(agent, { idempotencyKey: 'c1' });
    const second = await world.ask(key, k.createRecordComment, { id, text: 'ja' });
    expect(await world.ask(key, k.createRecordComment, { id, text: 'ja' })).toEqual(second);
    const page = await world.ask(light, k.listRecordComments, { id, limit: 1 });
    expect(page.items).toEqual([first]);
    expect(await world.ask(light, k.listRecordComments, { id, cursor: page.nextCursor ?? '' })).toEqual({
      items: [second],
      nextCursor: null,
    });
    expect(await refusal(world.ask(light, k.deleteRecordComment, { id, commentId: second.id }))).toMatchObject({ code: 'forbidden' });
    await world.ask(light, k.deleteRecordComment, { id, commentId: first.id });
    await world.ask(again(admin), k.deleteRecordComment, { id, commentId: second.id });
    expect((await world.ask(light, k.listRecordComments, { id })).items).toEqual([]);
    for (const text of ['', 'x'.repeat(33_000)])
      expect(await refusal(world.ask(light, k.createRecordComment, { id, text }))).toMatchObject({ code: 'invalid' });
    expect(await refusal(world.ask(light, k.changeRecord, { id, change: { title: 'x' } }))).toMatchObject({ code: 'forbidden' });
  });
});

describe('records that wait', () => {
  const waits = async (agent: Context, contact: NonNullable<Given['contact']>, more: Partial<Given> = {}) => {
    const [result] = await put(bulk(agent), aRecord({ contact, ...more }));
    expect(result).toMatchObject({ status: 201, waiting: true });
    return result?.id ?? '';
  };

  it('4.3 a waiting record has the keys of its contact, and is linked with its customer when the contact is created', async () => {
    const agent = await aSeenAgent();
    const email = anEmail();
    const id = await waits(agent, { email: email.toUpperCase() });
    expect(await get(agent, id)).toMatchObject({ contactId: null, contact: { email: email.toUpperCase() } });
    expect(ids(await list(agent, { waiting: 'true' }))).toEqual([id]);
    const customer = await world.ask(agent, k.createCustomer, aCustomer());
    const contact = await world.ask(agent, k.createContact, aContact({ emails: [{ address: email }], customerId: customer.id }));
    expect(await get(agent, id)).toMatchObject({ version: 2, contactId: contact.id, customerId: customer.id, contact: null });
    expect(await list(agent, { waiting: 'true' })).toEqual([]);
    expect(await inTenant(agent, (tx) => tx.query('select * from record_waiting'))).toEqual([]);
  });

  it('4.3 is linked however the contact gets the key: bulk, with a customer, change, import', async () => {
    const agent = await aSeenAgent();
    const emails = Array.from({ length: 6 }, anEmail);
    const [e0 = '', e1 = '', e2 = '', e3 = '', e4 = '', e5 = ''] = emails;
    const external = { source: 'crm', id: 'K-1' };
    const records: string[] = [];
    for (const email of emails) records.push(await waits(agent, { email }));
    records.push(await waits(agent, { externalId: external }));
    const known = await world.ask(agent, k.createContact, aContact());
    await world.ask(agent, k.createContacts, { items: [aContact({ emails: [{ address: e0 }] })] });
    await world.ask(agent, k.createCustomer, aCustomer({ contacts: [aContact({ emails: [{ address: e1 }] })] }));
    await world.ask(agent, k.changeContact, { id: known.id, change: { emails: [{ address: e2 }] } });
    const importId = randomUUID();
    await world.ask(bulk(agent), k.importContacts, { importId, number: 0, onKnown: 'update', rows: [{ firstName: 'I', emails: [e3] }] });
    await world.ask(bulk(agent), k.importContacts, { importId, number: 1, onKnown: 'update', rows: [{ emails: [e3, e4], lastName: 'J' }] });
    await world.ask(agent, k.createContact, aContact({ emails: [{ address: 'a@b.example', primary: true }, { address: e5 }] }));
    await world.ask(agent, k.createContact, aContact({ externalIds: [external] }));
    for (const id of records) expect(await get(agent, id)).toMatchObject({ contactId: expect.any(String), contact: null });
  });

  it('4.3 links to the contact with the address as the primary one, else to the only one that has it', async () => {
    const agent = await aSeenAgent();
    const email = anEmail();
    const second = () => aContact({ emails: [{ address: anEmail(), primary: true }, { address: email }] });
    const one = await world.ask(agent, k.createContact, second());
    expect(await putOne(bulk(agent), aRecord({ contact: { email } }))).toMatchObject({ contactId: one.id });
    await world.ask(agent, k.createContact, second());
    const id = await waits(agent, { email });
    await world.ask(agent, k.createContact, second());
    expect(await get(agent, id)).toMatchObject({ contactId: null });
    const main = await world.ask(agent, k.createContact, aContact({ emails: [{ address: email }] }));
    expect(await get(agent, id)).toMatchObject({ contactId: main.id });
    expect(await putOne(bulk(agent), aRecord({ contact: { email } }))).toMatchObject({ contactId: main.id });
  });

  it('4.3 a record that references another contact no longer waits for the previous one', async () => {
    const agent = await aSeenAgent();
    const [old, now] = [anEmail(), anEmail()];
    const id = await waits(agent, { email: old });
    await world.ask(agent, k.changeRecord, { id, change: { contact: { email: now } } });
    await world.ask(agent, k.createContact, aContact({ emails: [{ address: old }] }));
    expect(await get(agent, id)).toMatchObject({ contactId: null, contact: { email: now } });
    const contact = await world.ask(agent, k.createContact, aContact());
    await world.ask(agent, k.changeRecord, { id, change: { contactId: contact.id } });
    await world.ask(agent, k.createContact, aContact({ emails: [{ address: now }] }));
    expect(await get(agent, id)).toMatchObject({ contactId: contact.id, contact: null });
  });

  it('4.3 no link is lost when records and contacts are written concurrently', async () => {
    const agent = await aSeenAgent();
    const contacts = sized(40, 120);
    const emails = Array.from({ length: contacts }, anEmail);
    const jobs = emails.flatMap((email, i) => [
      async () =>
        void (await put(bulk(agent), aRecord({ contact: { email }, kind: 'call' }), aRecord({ contact: { email }, kind: 'task' }))),
      async () =>
        void (await (i % 3 === 0
          ? world.ask(again(agent), k.createContact, aContact({ emails: [{ address: email }] }))
          : world.ask(bulk(agent), k.importContacts, {
              importId: randomUUID(),
              number: i,
              onKnown: 'update',
              rows: [{ firstName: 'P', emails: [email] }],
            }))),
    ]);
    // In waves of the size of the connection pool.
    for (let i = 0; i < jobs.length; i += 24) await Promise.all(jobs.slice(i, i + 24).map(retryWhileBusy));
    const rows = await inTenant(agent, (tx) =>
      tx.query(`select count(*)::int as all, count(contact_id)::int as linked, count(distinct contact_id)::int as contacts from record`),
    );
    expect(rows).toEqual([{ all: 2 * contacts, linked: 2 * contacts, contacts }]);
    expect(await inTenant(agent, (tx) => tx.query('select * from record_waiting'))).toEqual([]);
  }, 120_000);

  it('4.3 no link is lost with large concurrent batches and many records for each contact', async () => {
    const agent = await aSeenAgent();
    const emails = Array.from({ length: 400 }, anEmail);
    const upserts = [0, 1, 2].map(() => {
      const records = emails.map((email) => aRecord({ contact: { email }, kind: 'invoice' }));
      return retryWhileBusy(() => put(bulk(agent), ...records));
    });
    const imports = [0, 1].map((half) =>
      retryWhileBusy(() =>
        world.ask(bulk(agent), k.importContacts, {
          importId: randomUUID(),
          number: 0,
          onKnown: 'update',
          rows: emails.filter((_, i) => i % 2 === half).map((email) => ({ firstName: 'Q', emails: [email] })),
        }),
      ),
    );
    await Promise.all([...upserts, ...imports]);
    const rows = await inTenant(agent, (tx) => tx.query(`select count(*)::int as n from record where contact_id is null`));
    expect(rows).toEqual([{ n: 0 }]);
  }, 120_000);
});

describe('4.4 tickets create contacts', () => {
  it('4.4 a single ticket from an unknown address creates the contact, and the response has its id', async () => {
    const agent = await aSeenAgent();
    const email = anEmail();
    const result = await putOne(agent, aRecord({ contact: { email, firstName: 'Jo', lastName: 'Roth' } }));
    expect(result).toMatchObject({ status: 201, contactCreated: true, contactId: expect.any(String) });
    expect(await world.ask(agent, k.getContact, { id: result.contactId ?? '' })).toMatchObject({
      displayName: 'Jo Roth',
      emails: [{ address: email, primary: true }],
    });
    expect(await get(agent, result.id)).toMatchObject({ contactId: result.contactId, contact: null });
    const next = await putOne(agent, aRecord({ contact: { email } }));
    expect(next.contactId).toBe(result.contactId);
    expect(next.contactCreated).toBeUndefined();
    await eventually(() => expect(told(agent, 'contact').filter(({ change }) => change === 'created')).toHaveLength(1));
  });

  it('4.4 but not one of several, of an import, of another kind, or if the tenant has disabled it', async () => {
    const agent = await aSeenAgent();
    const named = (more: Partial<Given> = {}) => aRecord({ contact: { email: anEmail() }, ...more });
    expect(await put(agent, named(), named())).toEqual([
      expect.objectContaining({ waiting: true }),
      expect.objectContaining({ waiting: true }),
    ]);
    expect(await put(bulk(agent), named())).toEqual([expect.objectContaining({ waiting: true })]);
    expect(await put(agent, named({ kind: 'call' }))).toEqual([expect.objectContaining({ waiting: true })]);
    await world.ask(agent, k.changeSettings, { change: { contactFromTicket: false } });
    expect(await put(agent, named())).toEqual([expect.objectContaining({ waiting: true })]);
    expect((await world.ask(agent, k.listContacts, {})).items).toEqual([]);
  });

  it('4.4 30 concurrent first tickets from one address create one contact', async () => {
    const agent = await aSeenAgent();
    const email = anEmail();
    const all = await Promise.all(Array.from({ length: 30 }, () => putOne(agent, aRecord({ contact: { email } }))));
    expect(new Set(all.map(({ contactId }) => contactId)).size).toBe(1);
    expect(all.filter(({ contactCreated }) => contactCreated)).toHaveLength(1);
    expect((await world.ask(agent, k.listContacts, {})).items).toHaveLength(1);
  }, 120_000);

  it('4.4 a refused ticket creates no contact', async () => {
    const agent = await aSeenAgent();
    expect(await put(agent, aRecord({ contact: { email: anEmail() }, customerId: randomUUID() }))).toEqual([
      expect.objectContaining({ status: 400 }),
    ]);
    expect((await world.ask(agent, k.listContacts, {})).items).toEqual([]);
  });
});

describe('projects and opportunities', () => {
  const entry = async (agent: Context, id: string) => {
    const { contacts, customers } = await world.ask(again(agent, { roles: ['service'], agent: undefined }), k.getIndexEntries, {
      ids: [id],
    });
    return contacts[0] ?? customers[0];
  };

  it('4.2 contacts are members of projects; lists are filtered by them', async () => {
    const agent = await aSeenAgent();
    const customer = await world.ask(agent, k.createCustomer, aCustomer());
    const [anna, ben] = [
      await world.ask(agent, k.createContact, aContact({ firstName: 'A', customerId: customer.id })),
      await world.ask(agent, k.createContact, aContact({ firstName: 'B' })),
    ];
    const project = await putOne(agent, aRecord({ kind: 'project' }));
    const other = await putOne(agent, aRecord({ kind: 'project' }));
    const ticket = await putOne(agent, aRecord());
    const add = (id: string, contactId: string) => world.ask(again(agent), k.addProjectMember, { id, contactId });
    for (const contactId of [ben.id, anna.id, anna.id]) await add(project.id, contactId);
    await add(other.id, anna.id);
    expect(ids((await world.ask(agent, k.listProjectMembers, { id: project.id })).items)).toEqual([anna.id, ben.id]);
    expect(ids((await world.ask(agent, k.listContacts, { projectId: other.id })).items)).toEqual([anna.id]);
    expect((await world.ask(agent, k.listContacts, {})).items).toHaveLength(2);
    expect((await world.ask(agent, k.listContacts, { projectId: ticket.id })).items).toEqual([]);
    expect(ids((await world.ask(agent, k.listCustomers, { projectId: project.id })).items)).toEqual([customer.id]);
    expect(ids(await list(agent, { memberId: anna.id }))).toEqual([project.id, other.id]);
    expect(ids(await list(agent, { memberId: ben.id }))).toEqual([project.id]);
    expect(await entry(agent, anna.id)).toMatchObject({
      version: 1,
      hasOpportunities: false,
      projectIds: [project.id, other.id].toSorted(),
    });
    expect(await refusal(add(ticket.id, anna.id))).toMatchObject({ code: 'not-found' });
    expect(await refusal(add(project.id, randomUUID()))).toMatchObject({ code: 'not-found' });
    await world.ask(agent, k.removeProjectMember, { id: project.id, contactId: anna.id });
    await world.ask(again(agent), k.removeProjectMember, { id: project.id, contactId: anna.id });
    expect(ids((await world.ask(agent, k.listContacts, { projectId: project.id })).items)).toEqual([ben.id]);
    // Published, although the contact itself has not changed: added twice, removed once; calls without effect are not published.
    await eventually(() =>
      expect(told(agent, 'contact').filter(({ id, change }) => id === anna.id && change === 'updated')).toEqual(
        Array.from({ length: 3 }, () => ({ id: anna.id, version: 1, change: 'updated', fields: ['projectIds'] })),
      ),
    );
    expect((await world.ask(agent, k.getContactHistory, { id: anna.id })).items).toHaveLength(1);
    await world.ask(agent, k.deleteRecord, { id: project.id });
    expect((await world.ask(agent, k.listContacts, { projectId: project.id })).items).toEqual([]);
    await eventually(() =>
      expect(told(agent, 'contact')).toContainEqual({ id: ben.id, version: 1, change: 'updated', fields: ['projectIds'] }),
    );
    expect(await entry(agent, ben.id)).toMatchObject({ projectIds: [] });
  });

  it('4.2 filtering by a project hidden from the caller returns nothing', async () => {
    const admin = await aSeenAgent();
    const stranger = another(admin);
    const secret = await world.ask(admin, k.createCustomer, aCustomer({ access: { restricted: true } }));
    const contact = await world.ask(admin, k.createContact, aContact());
    const project = await putOne(admin, aRecord({ kind: 'project', customerId: secret.id }));
    await world.ask(admin, k.addProjectMember, { id: project.id, contactId: contact.id });
    expect(ids((await world.ask(admin, k.listContacts, { projectId: project.id })).items)).toEqual([contact.id]);
    expect((await world.ask(stranger, k.listContacts, { projectId: project.id })).items).toEqual([]);
    expect(await refusal(world.ask(stranger, k.listProjectMembers, { id: project.id }))).toMatchObject({ code: 'not-found' });
    expect(await list(stranger, { memberId: contact.id })).toEqual([]);
  });

  it('4.5 contacts and customers are filtered by opportunities, and changes of that are published', async () => {
    const agent = await aSeenAgent();
    const customer = await world.ask(agent, k.createCustomer, aCustomer());
    const empty = await world.ask(agent, k.createCustomer, aCustomer());
    const [a, b] = [
      await world.ask(agent, k.createContact, aContact({ firstName: 'A', customerId: customer.id })),
      await world.ask(agent, k.createContact, aContact({ firstName: 'B' })),
    ];
    const seen = async () => {
      const contacts = async (hasOpportunities: 'true' | 'false') =>
        ids((await world.ask(again(agent), k.listContacts, { hasOpportunities })).items);
      const customers = async (hasOpportunities: boolean) =>
        ids((await world.ask(again(agent), k.listCustomers, { hasOpportunities, sort: 'createdAt' })).items);
      return [await contacts('true'), await contacts('false'), await customers(true), await customers(false)];
    };
    await put(agent, aRecord({ contactId: b.id }));
    expect(await seen()).toEqual([[], [a.id, b.id], [], [customer.id, empty.id]]);
    const deal = await putOne(agent, aRecord({ kind: 'opportunity', contactId: a.id }));
    expect(await seen()).toEqual([[a.id], [b.id], [customer.id], [empty.id]]);
    expect(await entry(agent, customer.id)).toMatchObject({ hasOpportunities: true });
    await world.ask(agent, k.changeRecord, { id: deal.id, change: { contactId: b.id, customerId: empty.id } });
    expect(await seen()).toEqual([[b.id], [a.id], [empty.id], [customer.id]]);
    await world.ask(agent, k.deleteRecord, { id: deal.id });
    expect(await seen()).toEqual([[], [a.id, b.id], [], [customer.id, empty.id]]);
    const of = (noun: string, id: string) => told(agent, noun).filter((one) => one.id === id && one.fields?.includes('hasOpportunities'));
    await eventually(() => {
      for (const [noun, id] of [
        ['contact', a.id],
        ['contact', b.id],
        ['customer', customer.id],
        ['customer', empty.id],
      ] as const)
        expect([id, of(noun, id).length]).toEqual([id, 2]);
    });
    expect((await world.ask(agent, k.getContact, { id: b.id })).version).toBe(1);
    await put(bulk(agent), aRecord({ kind: 'opportunity', contact: { email: 'late@post.example' } }));
    const late = await world.ask(agent, k.createContact, aContact({ emails: [{ address: 'late@post.example' }], customerId: customer.id }));
    expect(await entry(agent, late.id)).toMatchObject({ hasOpportunities: true, projectIds: [] });
    await eventually(() => expect(of('customer', customer.id)).toHaveLength(3));
  });
});

describe('6.3 forgetting', () => {
  it('6.3 leaves nothing of a contact: records, comments, waiting keys, memberships; those of others stay', async () => {
    const agent = await aSeenAgent();
    const shared = anEmail();
    const external = { source: 'crm', id: 'gone' };
    const contact = await world.ask(
      agent,
      k.createContact,
      aContact({ emails: [{ address: anEmail() }, { address: shared }], externalIds: [external] }),
    );
    const other = await world.ask(agent, k.createContact, aContact({ emails: [{ address: anEmail() }, { address: shared }] }));
    const own = await putOne(agent, aRecord({ contactId: contact.id }));
    await world.ask(agent, k.createRecordComment, { id: own.id, text: 'über Anna' });
    const [ambiguous] = await put(bulk(agent), aRecord({ contact: { email: shared } }));
    const project = await putOne(agent, aRecord({ kind: 'project' }));
    for (const contactId of [contact.id, other.id]) await world.ask(again(agent), k.addProjectMember, { id: project.id, contactId });
    await world.ask(agent, k.deleteContact, { id: contact.id });
    // Keys in the bin are free, so this record waits for the contact that is about to be erased.
    const [waiting] = await put(bulk(agent), aRecord({ contact: { externalId: external } }));
    expect(await inTenant(agent, (tx) => forgetRecords(tx, { contactIds: [contact.id], customerIds: [] }))).toEqual({
      records: 2,
      memberships: 1,
    });
    for (const id of [own.id, waiting?.id ?? '']) expect(await refusal(get(agent, id))).toMatchObject({ code: 'not-found' });
    expect(await get(agent, ambiguous?.id ?? '')).toMatchObject({ contact: null, contactId: null });
    expect(ids((await world.ask(agent, k.listProjectMembers, { id: project.id })).items)).toEqual([other.id]);
    const left = await inTenant(agent, async (tx) => [
      await tx.query('select * from record_waiting'),
      await tx.query('select * from record_comment'),
      await tx.query(`select 1 from record where contact_id = $1 or named::text like $2`, [contact.id, `%${shared}%`]),
    ]);
    expect(left).toEqual([[], [], []]);
  });
});

const inTenant = <T>(agent: Context, work: (tx: EntityManager) => Promise<T>): Promise<T> =>
  runAs(again(agent), () => database.transaction(work));
