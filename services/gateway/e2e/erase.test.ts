import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact, Erasure, Job, SearchAnswer } from '@kontor/contracts';
import { eventually, findInDatabase, findInMeili, findInStreams } from '@kontor/testing';
import { problemIn } from '../test/start-gateway.js';
import { type Hub, ok, startHub } from './start-hub.js';

let hub: Hub;
let logged = '';
// Everything that is written to the log, of whatever level.
const write = process.stdout.write.bind(process.stdout);
beforeAll(async () => {
  process.stdout.write = ((chunk: string | Uint8Array, ...rest: []) => {
    logged += chunk.toString();
    return write(chunk, ...rest);
  }) as typeof process.stdout.write;
  hub = await startHub();
}, 120_000);
afterAll(async () => {
  await hub.stop();
  process.stdout.write = write;
});

/** A text that nothing else has. */
const canary = () => `kanarie${randomUUID().replaceAll('-', '')}`;

async function placesOf(text: string): Promise<string[]> {
  const { databases, nats, meili } = hub.world;
  const places = await Promise.all([
    ...Object.entries(databases).map(async ([name, { migrationUrl }]) =>
      (await findInDatabase(migrationUrl, text)).map((place) => `${name}: ${place}`),
    ),
    findInStreams(nats, text),
    findInMeili(meili, text),
  ]);
  return [...places.flat(), ...(logged.includes(text) ? ['log'] : [])];
}

describe('6.3 erasing a person', () => {
  it('6.3 leaves nothing of every field in any table, index, object, stream or log, but a proof', async () => {
    const { call, upload, ended } = await hub.agent();
    ok(
      await call('PATCH', '/v1/settings', {
        customFields: [{ key: 'hobby', label: 'Hobby', kind: 'text', for: 'contact' }],
        contactFromTicket: false,
      }),
    );
    // Each field has a text of its own, and all of them begin alike.
    const all = canary();
    let n = 0;
    const text = () => `${all}x${n++}`;
    const given = () => ({
      firstName: text(),
      middleName: text(),
      lastName: text(),
      employeeCode: text(),
      companyName: text(),
      jobTitle: text(),
      notes: text(),
      externalIds: [{ source: text(), id: text() }],
      tags: [text()],
      emails: [{ address: `${text()}@${text()}.example`, label: text() }],
      phones: [{ number: `030 7734199${Math.floor(1000 + Math.random() * 9000)}`, label: text() }],
      addresses: [{ line1: text(), line2: text(), city: text(), state: text(), country: text(), alias: text(), label: text() }],
      links: [{ url: `https://${text()}.example/`, label: text() }],
      customFields: { hobby: text() },
    });
    // Comes by import, is changed by hand, merged with another one, has a photo, requests and records, and clashes with a third.
    const email = `${text()}@post.example`;
    const row = [text(), text(), email, text()];
    const csv = `firstName,lastName,email,notes\n${row.join(',')}\nGut,Bekannt,gut@post.example,bleibt\n`;
    const imported = await ended(ok<{ id: string }>(await upload(csv, { start: 'true' }), 202).id);
    expect(imported).toMatchObject({ state: 'finished', progress: { created: 2 } });
    const [{ id }] = ok<{ items: [{ id: string }] }>(await call('GET', `/v1/contacts?email=${email}`)).items;
    const bystander = ok<{ items: [{ id: string }] }>(await call('GET', '/v1/contacts?email=gut@post.example')).items[0];
    ok(await call('PATCH', `/v1/contacts/${id}`, { ...given(), emails: [{ address: email }, ...given().emails] }));
    ok(await call('POST', '/v1/contacts/bulk', { items: [{ emails: [{ address: email }] }] }, { 'idempotency-key': 'k1' }));
    ok(await call('PUT', `/v1/contacts/${id}/permissions`, { invoices: { allowed: false } }));
    ok(await call('PUT', `/v1/contacts/${id}/notifications`, { invoice: false }));
    ok(await call('POST', '/v1/requests', { contactId: id, subject: text(), description: text(), caller: { jobTitle: text() } }), 201);
    ok(await call('POST', '/v1/requests', { subject: text(), caller: { firstName: text(), emails: [{ address: email }] } }), 201);
    const { items: tickets } = ok<{ items: { id: string }[] }>(
      await call('PUT', '/v1/records', {
        items: [{ source: text(), externalId: text(), kind: 'ticket', title: text(), contactId: id, data: { x: text() } }],
      }),
    );
    ok(await call('POST', `/v1/records/${tickets[0]?.id}/comments`, { text: text() }), 201);
    const double = ok<Contact>(
      await call('POST', '/v1/contacts', { firstName: text(), lastName: text(), phones: [{ number: '030 5550100' }] }),
      201,
    );
    const clash = ok<{ job?: Job; id: string }>(await call('POST', '/v1/contacts/merge', { into: id, from: [double.id] }));
    expect(clash.id).toBeDefined();
    const contact = ok<Contact>(await call('GET', `/v1/contacts/${id}`));
    const shown = [contact.lastName, contact.customFields.hobby, contact.addresses[0]?.alias] as string[];
    for (const one of shown)
      await eventually(async () =>
        expect(ok<SearchAnswer>(await call('GET', `/v1/search?q=${one}`)).hits.map((hit) => hit.id)).toEqual([id]),
      );
    // Whoever looks for nothing must be able to find something.
    for (const one of shown) expect((await placesOf(one)).length).toBeGreaterThanOrEqual(2);
    expect((await placesOf(row[3] ?? '')).length).toBeGreaterThanOrEqual(1);

    const everything = ok<Record<string, unknown>>(await call('GET', `/v1/contacts/${id}/everything`));
    expect(Object.keys(everything)).toEqual(
      expect.arrayContaining(['contact', 'history', 'requests', 'records', 'contactPermission', 'notification', 'imports']),
    );
    for (const one of shown) expect(JSON.stringify(everything)).toContain(one);
    expect(JSON.stringify(everything)).not.toContain('bleibt');

    expect(problemIn(await call('POST', `/v1/contacts/${id}/erase`))).toMatchObject({ status: 400, errors: [{ path: 'If-Match' }] });
    expect(problemIn(await call('POST', `/v1/contacts/${id}/erase`, undefined, { 'if-match': '"1"' }))).toMatchObject({ code: 'stale' });
    const { job } = ok<{ job: Job }>(
      await call('POST', `/v1/contacts/${id}/erase`, undefined, { 'if-match': `"${contact.version}"` }),
      202,
    );
    await eventually(async () => expect(ok<Job>(await call('GET', `/v1/jobs/${job.id}`))).toMatchObject({ state: 'finished' }), 30_000);

    await eventually(async () => expect(await placesOf(all)).toEqual([]), 30_000);
    expect(problemIn(await call('GET', `/v1/contacts/${id}`)).status).toBe(404);
    expect(ok<{ items: unknown[] }>(await call('GET', '/v1/bin')).items).toEqual([]);
    expect(ok<Contact>(await call('GET', `/v1/contacts/${bystander?.id}`)).notes).toBe('bleibt');
    const [proof] = ok<{ items: Erasure[] }>(await call('GET', '/v1/erasures')).items;
    expect(proof).toMatchObject({ id, kind: 'contact', counts: { customer: { contacts: 2, requests: 2, records: 1 } } });
    expect(Object.keys(proof?.counts ?? {}).sort()).toEqual(['contact-permission', 'customer', 'import', 'notification', 'search']);
  }, 90_000);

  it('6.3 a customer is erased when nobody is below it any more', async () => {
    const { call } = await hub.agent();
    const name = canary();
    const customer = ok<{ id: string; version: number; contacts: Contact[] }>(
      await call('POST', '/v1/customers', { name, contacts: [{ lastName: 'Da' }] }),
      201,
    );
    const current = async () => ({ 'if-match': (await call('GET', `/v1/customers/${customer.id}`)).headers.get('etag') ?? '' });
    expect(problemIn(await call('POST', `/v1/customers/${customer.id}/erase`, undefined, await current()))).toMatchObject({
      code: 'conflict',
      contacts: 1,
    });
    ok(await call('PATCH', `/v1/contacts/${customer.contacts[0]?.id}`, { customerId: null }));
    const { job } = ok<{ job: Job }>(await call('POST', `/v1/customers/${customer.id}/erase`, undefined, await current()), 202);
    await eventually(async () => expect(ok<Job>(await call('GET', `/v1/jobs/${job.id}`))).toMatchObject({ state: 'finished' }), 30_000);
    await eventually(async () => expect(await placesOf(name)).toEqual([]), 30_000);
  }, 60_000);
});
