import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BulkItem, Contact, ContactGroup, Customer, Job, ListedCustomer, Replaced, SearchAnswer, Summary } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { problemIn } from '../test/start-gateway.js';
import { type Hub, ok, startHub } from './start-hub.js';

type Page<T> = { items: T[]; nextCursor: string | null };
type Changed = { items: BulkItem[]; job?: Job };

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(() => hub.stop());

describe('two agents at one contact', () => {
  it('10 the second gets 412 with what changed', async () => {
    const tenant = randomUUID();
    const anna = await hub.agent({ tenant, sub: 'anna' });
    const bert = await hub.agent({ tenant, sub: 'bert' });
    const made = await anna.call('POST', '/v1/contacts', { lastName: 'Huber', jobTitle: 'CEO' });
    const path = `/v1/contacts/${ok<Contact>(made, 201).id}`;
    const etag = { 'if-match': (await bert.call('GET', path)).headers.get('etag') ?? '' };
    ok<Contact>(await anna.call('PATCH', path, { jobTitle: 'CTO' }, etag));
    const refused = await bert.call('PATCH', path, { jobTitle: 'CFO', notes: 'x' }, etag);
    expect(refused.status).toBe(412);
    expect(problemIn(refused)).toMatchObject({
      code: 'stale',
      version: 2,
      changed: ['jobTitle'],
      current: { jobTitle: 'CTO', notes: null },
    });
    const now = await bert.call('GET', path);
    expect(ok<Contact>(now)).toMatchObject({ jobTitle: 'CTO', notes: null });
    ok<Contact>(await bert.call('PATCH', path, { jobTitle: 'CFO' }, { 'if-match': now.headers.get('etag') ?? '' }));
  });
});

describe('sets', () => {
  it('1.6 are changed from the list, 1.4 listed in groups, and moved by one call', async () => {
    const { call } = await hub.agent();
    const contacts = ['A', 'B'].map((lastName) => ({ lastName, tags: ['old'] }));
    const firm = ok<Customer & { contacts: Contact[] }>(await call('POST', '/v1/customers', { name: 'Gruppe', contacts }), 201);
    const alone = ok<Contact>(await call('POST', '/v1/contacts', { lastName: 'Allein', tags: ['old'] }), 201);
    const ids = [...firm.contacts.map(({ id }) => id), randomUUID()];
    const changed = ok<Changed>(await call('PATCH', '/v1/contacts', { ids, change: { addTags: ['new'], removeTags: ['old'] } }));
    expect(changed.items.map(({ index, status }) => [index, status])).toEqual([
      [0, 200],
      [1, 200],
      [2, 404],
    ]);
    await eventually(async () => expect(ok<SearchAnswer>(await call('GET', '/v1/search?tag=new')).hits).toHaveLength(2));
    ok<Changed>(await call('PATCH', '/v1/customers', { filter: { type: 'hot' }, change: { addTags: ['x'] } }));
    const wrong = problemIn(await call('PATCH', '/v1/contacts', { ids, change: { type: 'none such' } }));
    expect(wrong).toMatchObject({ status: 400, errors: [{ path: 'change.type' }] });

    const grouped = ok<Page<ListedCustomer> & { withoutCustomer: ContactGroup }>(
      await call('GET', '/v1/customers?include=contacts&contactsLimit=1'),
    );
    expect(grouped.items.map(({ contacts, contactCount }) => [contacts?.map((one) => one.displayName), contactCount])).toEqual([
      [['A'], 2],
    ]);
    expect(grouped.withoutCustomer).toMatchObject({ contacts: [{ id: alone.id }], contactCount: 1 });

    const path = `/v1/contacts/${alone.id}/customer`;
    const moved = await call('PUT', path, { customerId: firm.id }, { 'if-match': '"1"' });
    expect(ok<Contact>(moved)).toMatchObject({ customerId: firm.id, version: 2 });
    expect(moved.headers.get('etag')).toBe('"2"');
    expect(problemIn(await call('PUT', path, { customerId: null }, { 'if-match': '"1"' })).code).toBe('stale');
    expect(ok<Contact>(await call('PUT', path, { customerId: null }))).toMatchObject({ customerId: null });
    expect(problemIn(await call('PUT', path, {}))).toMatchObject({ status: 400, errors: [{ path: 'customerId' }] });
  });

  it('1.6 of more than 1,000 are answered 202 with a job', async () => {
    const { call } = await hub.agent();
    for (let i = 0; i < 2; i++)
      ok(
        await call('POST', '/v1/contacts/bulk', {
          items: Array.from({ length: 600 }, (_, j) => ({ lastName: `${i} ${j}`, type: 'cold' })),
        }),
      );
    const answer = await call('PATCH', '/v1/contacts', { filter: { type: 'cold' }, change: { type: 'hot' } });
    const { job } = ok<Changed>(answer, 202);
    expect(answer.headers.get('location')).toBe(`/v1/jobs/${job?.id}`);
    await eventually(async () => expect(ok<Job>(await call('GET', `/v1/jobs/${job?.id}`))).toMatchObject({ state: 'finished' }), 30_000);
    expect(ok<Page<BulkItem>>(await call('GET', `/v1/jobs/${job?.id}/items?limit=2`)).items).toMatchObject([
      { index: 0, status: 200 },
      { index: 1 },
    ]);
    await eventually(async () => expect(ok<SearchAnswer>(await call('GET', '/v1/search?type=hot')).total.value).toBe(1200), 30_000);
  }, 60_000);

  it('2.7 types and tags are renamed for everybody, also in search', async () => {
    const { call } = await hub.agent();
    const light = await hub.agent({ roles: ['agent'] });
    ok(await call('POST', '/v1/contacts', { lastName: 'Huber', type: 'warm', tags: ['VIP'] }), 201);
    expect(ok<Replaced>(await call('POST', '/v1/settings/types/rename', { from: 'warm', to: 'lukewarm' }))).toEqual({
      contacts: 1,
      customers: 0,
    });
    expect(ok<Replaced>(await call('POST', '/v1/tags/rename', { from: ['VIP'], to: 'vip' }))).toEqual({ contacts: 1, customers: 0 });
    expect(ok<Page<Summary>>(await call('GET', '/v1/contacts?type=lukewarm&tag=vip')).items).toHaveLength(1);
    await eventually(async () => expect(ok<SearchAnswer>(await call('GET', '/v1/search?type=lukewarm&tag=vip')).hits).toHaveLength(1));
    const used = problemIn(await call('POST', '/v1/settings/types/remove', { type: 'lukewarm' }));
    expect(used).toMatchObject({ status: 409, code: 'conflict', used: 1 });
    expect(problemIn(await light.call('POST', '/v1/tags/rename', { from: ['a'], to: 'b' })).code).toBe('forbidden');
  });
});
