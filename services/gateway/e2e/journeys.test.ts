import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact, Customer, Import, MailFlags, Permissions, Recipients, SearchAnswer, Settings, Summary } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { problemIn } from '../test/start-gateway.js';
import { type Hub, ok, startHub } from './start-hub.js';

type Page<T> = { items: T[]; nextCursor: string | null };

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(() => hub.stop());

describe('a customer with contacts', () => {
  it('is created, listed, found, changed, refused when stale, and deleted', async () => {
    const { call } = await hub.agent({ sub: 'anna', name: 'Anna Agent', teams: ['Nord'] });

    const created = await call('POST', '/v1/customers', {
      name: 'Beispiel GmbH',
      tags: ['vip'],
      contacts: [
        {
          firstName: 'Erika',
          lastName: 'Mustermann',
          emails: [{ address: 'erika@beispiel.example' }],
          phones: [{ number: '030 1234567' }],
        },
        { firstName: 'Max', lastName: 'Mustermann' },
      ],
    });
    const { id, version, contacts = [] } = ok<Customer & { contacts?: Contact[] }>(created, 201);
    expect(created.headers.get('location')).toBe(`/v1/customers/${id}`);
    expect(created.headers.get('etag')).toBe(`"${version}"`);
    expect(contacts.map((contact) => contact.isPrimaryContact)).toEqual([true, false]);
    const [erika] = contacts;

    expect(ok<Page<Summary>>(await call('GET', `/v1/customers/${id}/contacts`)).items).toHaveLength(2);
    expect(ok<Page<Summary>>(await call('GET', '/v1/customers?tag=vip')).items.map((item) => item.id)).toEqual([id]);
    const firstPage = ok<Page<Summary>>(await call('GET', '/v1/contacts?limit=1&sort=-name'));
    const secondPage = ok<Page<Summary>>(await call('GET', `/v1/contacts?limit=1&sort=-name&cursor=${firstPage.nextCursor}`));
    expect([...firstPage.items, ...secondPage.items].map((item) => item.displayName)).toEqual(['Max Mustermann', 'Erika Mustermann']);

    const found = await eventually(async () => {
      const answer = ok<SearchAnswer>(await call('GET', '/v1/search?q=erika&kind=contact'));
      expect(answer.hits).toHaveLength(1);
      return answer;
    });
    expect(found.hits[0]).toMatchObject({ id: erika?.id, customer: { id, name: 'Beispiel GmbH' } });

    const patched = await call(
      'PATCH',
      `/v1/contacts/${erika?.id}`,
      { jobTitle: 'Einkauf', phones: null },
      { 'if-match': `"${erika?.version}"` },
    );
    expect(ok<Contact>(patched)).toMatchObject({ jobTitle: 'Einkauf', phones: [], lastName: 'Mustermann' });
    const stale = await call('PATCH', `/v1/contacts/${erika?.id}`, { jobTitle: 'Verkauf' }, { 'if-match': `"${erika?.version}"` });
    expect(problemIn(stale)).toMatchObject({ status: 412, code: 'stale' });
    const etag = patched.headers.get('etag') ?? '';
    expect((await call('GET', `/v1/contacts/${erika?.id}`, undefined, { 'if-none-match': etag })).status).toBe(304);

    expect((await call('DELETE', `/v1/customers/${id}`)).status).toBe(204);
    expect(problemIn(await call('GET', `/v1/customers/${id}`)).code).toBe('not-found');
    expect(problemIn(await call('GET', `/v1/contacts/${erika?.id}`)).code).toBe('not-found');
    await eventually(async () => expect(ok<SearchAnswer>(await call('GET', '/v1/search?q=erika')).hits).toEqual([]));
  });
});

describe('what an agent sees', () => {
  it('are the agents, teams, tags and settings of the tenant', async () => {
    const tenant = randomUUID();
    const admin = await hub.agent({ tenant, sub: 'boss', name: 'Boss', teams: ['Nord', 'Süd'] });
    const light = await hub.agent({ tenant, sub: 'light', name: 'Light', roles: ['light_agent'] });
    ok(await light.call('GET', '/v1/me'));
    expect(
      ok<Page<{ name: string }>>(await admin.call('GET', '/v1/agents'))
        .items.map((agent) => agent.name)
        .sort(),
    ).toEqual(['Boss', 'Light']);
    expect(ok<Page<{ name: string }>>(await light.call('GET', '/v1/teams')).items.map((team) => team.name)).toEqual(['Nord', 'Süd']);

    const settings = await admin.call<Settings>('GET', '/v1/settings');
    const change = { country: 'AT', types: [...settings.json.types, 'lukewarm'] };
    const changed = await admin.call('PATCH', '/v1/settings', change, { 'if-match': settings.headers.get('etag') ?? '' });
    expect(ok<Settings>(changed)).toMatchObject({ country: 'AT' });
    expect(problemIn(await light.call('PATCH', '/v1/settings', {})).code).toBe('forbidden');
    const contact = ok<Contact>(
      await admin.call('POST', '/v1/contacts', { lastName: 'Huber', type: 'lukewarm', tags: ['neu'], phones: [{ number: '01 5123456' }] }),
      201,
    );
    expect(contact.phones[0]?.e164).toBe('+4315123456');
    expect(ok<Page<object>>(await light.call('GET', '/v1/tags')).items).toEqual([{ tag: 'neu', contacts: 1, customers: 0 }]);
  });
});

describe('what a contact may see, and which mail it gets', () => {
  it('follows one another: five contacts, one of whom gets the mails about projects', async () => {
    const { call } = await hub.agent();
    const customer = ok<Customer & { contacts: Contact[] }>(
      await call('POST', '/v1/customers', {
        name: 'Projekt AG',
        contacts: ['A', 'B', 'C', 'D', 'E'].map((lastName) => ({ lastName, emails: [{ address: `${lastName}@projekt.example` }] })),
      }),
      201,
    );
    const [first, ...others] = customer.contacts;
    const permissions = await eventually(async () => ok<Permissions>(await call('GET', `/v1/contacts/${first?.id}/permissions`)));
    expect(permissions.projects).toEqual({ allowed: true, scope: 'customer' });
    const changed = ok<Permissions>(await call('PUT', `/v1/contacts/${first?.id}/permissions`, { invoices: { allowed: false } }));
    expect([changed.invoices.allowed, changed.projects.allowed]).toEqual([false, true]);

    for (const other of others)
      await eventually(async () =>
        ok<MailFlags>(await call('PUT', `/v1/contacts/${other.id}/notifications`, { project: false, task: false })),
      );
    const recipients = await eventually(async () =>
      ok<Recipients>(await call('GET', `/v1/customers/${customer.id}/recipients?topic=project`)),
    );
    expect(recipients.items.filter((item) => item.selected).map((item) => item.contact.id)).toEqual([first?.id]);
    expect(recipients.items).toHaveLength(5);
    ok<MailFlags>(await call('PUT', `/v1/contacts/${first?.id}/notifications`, { project: false }));
    expect(ok<Recipients>(await call('GET', `/v1/customers/${customer.id}/recipients?topic=project`)).warning).toEqual(expect.any(String));
  });
});

describe('a repeated call', () => {
  it('with the same Idempotency-Key has one effect; with another body it is refused', async () => {
    const { call } = await hub.agent();
    const key = { 'idempotency-key': randomUUID() };
    const once = ok<Contact>(await call('POST', '/v1/contacts', { lastName: 'Einmal' }, key), 201);
    const twice = ok<Contact>(await call('POST', '/v1/contacts', { lastName: 'Einmal' }, key), 201);
    expect(twice.id).toBe(once.id);
    expect(problemIn(await call('POST', '/v1/contacts', { lastName: 'Anders' }, key))).toMatchObject({ status: 422, code: 'key-reused' });
    expect(ok<Page<Summary>>(await call('GET', '/v1/contacts')).items).toHaveLength(1);
  });
});

describe('many contacts in one call', () => {
  it('are each taken or refused alone', async () => {
    const { call } = await hub.agent();
    const items = [{ lastName: 'Gut' }, {}, { lastName: 7 }, { lastName: 'Auch gut' }];
    const answer = ok<{ items: { index: number; status: number; id?: string; problem?: { code: string } }[] }>(
      await call('POST', '/v1/contacts/bulk', { items }),
    );
    expect(answer.items.map(({ index, status }) => [index, status])).toEqual([
      [0, 201],
      [1, 400],
      [2, 400],
      [3, 201],
    ]);
    expect(answer.items[1]?.problem?.code).toBe('invalid');
    ok(await call('GET', `/v1/contacts/${answer.items[3]?.id}`));
  });
});

describe('an import', () => {
  const csv =
    'First Name,Last Name,E-mail,Tags\r\nAnna,Adler,anna@import.example,neu\r\nBert,Bär,bert@import.example,\r\nCarl,,keine Adresse,\r\n';

  it('is looked at, mapped, started, followed, and gives back what it refused', async () => {
    const { call, upload, ended } = await hub.agent();
    const uploaded = ok<Import>(await upload(csv, {}, 'Leute.csv'), 201);
    expect(uploaded).toMatchObject({ state: 'uploaded', fileName: 'Leute.csv', progress: { rows: 3 } });
    const columns = uploaded.columns.map(({ index, field }) => ({ index, field }));
    expect(columns.map((column) => column.field)).toEqual(['firstName', 'lastName', 'email', 'tags']);

    const mapped = ok<Import>(
      await call('PUT', `/v1/imports/${uploaded.id}/mapping`, { columns: [{ index: 3, field: null }], onKnown: 'skip' }),
    );
    expect(mapped.columns[3]?.field).toBeNull();
    expect(ok<Import>(await call('POST', `/v1/imports/${uploaded.id}/start`), 202).state).not.toBe('uploaded');
    const events = (await call('GET', `/v1/imports/${uploaded.id}/progress`)).text.trimEnd().split('\n\n');
    expect(JSON.parse(events.at(-1)?.split('data: ')[1] ?? '')).toMatchObject({ id: uploaded.id, state: 'finished' });

    const { progress } = await ended(uploaded.id);
    expect(progress.created + progress.rejected).toBe(3);
    const rejected = await call('GET', `/v1/imports/${uploaded.id}/rejected.csv`);
    expect(rejected.text.split('\r\n').filter(Boolean)).toHaveLength(progress.rejected + 1);
    const names = ok<Page<Summary>>(await call('GET', '/v1/contacts')).items.map((item) => item.displayName);
    expect(names).toEqual(expect.arrayContaining(['Anna Adler', 'Bert Bär']));
    expect(ok<Page<Import>>(await call('GET', '/v1/imports')).items.map((item) => item.id)).toEqual([uploaded.id]);
  });

  it('starts immediately when asked to, and the same file again changes nothing', async () => {
    const { call, upload, ended } = await hub.agent();
    const sample = await call('GET', '/v1/imports/sample.csv');
    const first = ok<Import>(await upload(sample.text, { start: 'true' }), 202);
    expect((await ended(first.id)).progress).toMatchObject({ rejected: 0, updated: 0, skipped: 0 });
    const second = ok<Import>(await upload(sample.text, { start: 'true', onKnown: 'skip' }), 202);
    expect((await ended(second.id)).progress).toMatchObject({ created: 0 });
  });
});
