import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Contact, type ContactFieldName, contactFieldNames, contactFields, type Import, type SearchAnswer } from '@kontor/contracts';
import { eventually, findInDatabase, findInMeili, findInStreams } from '@kontor/testing';
import { type Hub, ok, startHub } from './start-hub.js';

// Everything that is done with the fields of a contact, field by field as `contactFields` lists them: a new one is tested by standing there.

/** A text that nothing else has, and that all fields but these few take. */
const canary = `kanarie${randomUUID().replaceAll('-', '').slice(0, 16)}`;
const samples: Partial<Record<ContactFieldName, [string, string]>> = {
  language: ['zh-Hant', 'de'],
  birthday: ['1990-02-28', '1991-03-01'],
};
const fields = contactFieldNames('text', 'code', 'date').map((name) => {
  const [value, changed] = samples[name] ?? [`${canary}x${name}`.toLowerCase(), `${canary}y${name}`.toLowerCase()];
  return { name, value, changed, search: contactFields[name].search };
});
const valuesOf = (which: 'value' | 'changed') => Object.fromEntries(fields.map((field) => [field.name, field[which]]));

let hub: Hub;
let call: Awaited<ReturnType<Hub['agent']>>['call'];
/** An agent of the tenant that the export is imported in. */
let otherCall: typeof call;
let created: Contact;
let changed: Contact;
let merged: Contact;
let csv: string;
let imported: Contact;
let everything: string;

beforeAll(async () => {
  hub = await startHub();
  const agent = await hub.agent();
  call = agent.call;
  created = ok<Contact>(await call('POST', '/v1/contacts', valuesOf('value')), 201);
  changed = ok<Contact>(await call('PATCH', `/v1/contacts/${created.id}`, valuesOf('changed')));
  const survivor = ok<Contact>(await call('POST', '/v1/contacts', { phones: [{ number: '030 7734199' }] }), 201);
  ok(await call('POST', '/v1/contacts/merge', { into: survivor.id, from: [created.id] }));
  merged = ok<Contact>(await call('GET', `/v1/contacts/${survivor.id}`));
  csv = (await call('GET', '/v1/contacts/export.csv')).text;
  everything = (await call('GET', `/v1/contacts/${survivor.id}/everything`)).text;
  const other = await hub.agent({ tenant: randomUUID() });
  otherCall = other.call;
  const run = await other.ended(ok<Import>(await other.upload(csv, { start: 'true' }), 202).id);
  expect(run).toMatchObject({ state: 'finished', progress: { created: 1 } });
  const { items } = ok<{ items: Contact[] }>(await other.call('GET', '/v1/contacts'));
  imported = ok<Contact>(await other.call('GET', `/v1/contacts/${items[0]?.id}`));
}, 120_000);
afterAll(() => hub.stop());

describe.each(fields)('a contact’s $name', ({ name, value, changed: other, search }) => {
  it('is created, answered and changed', () => {
    expect([created[name], changed[name]]).toEqual([value, other]);
  });
  it('is taken from the contact that is merged, where the other one has none', () => {
    expect(merged[name]).toBe(other);
  });
  it('is exported in a column of its name, and imported from it', () => {
    expect(csv.slice(1).split('\r\n')[0]?.split(',')).toContain(name);
    expect(imported[name]).toBe(other);
  });
  it('is in the history and in everything about the contact', () => {
    expect([everything.includes(value), everything.includes(other)]).toEqual([true, true]);
  });
  if (search !== null)
    it('is found, also by its name in the query language', async () => {
      // A middle name is a part of the name.
      const field = search === 'middle' ? 'name' : search;
      for (const q of [other, `${field}:${other}`, `${field}:"${other}"`, `${field}:${other.slice(0, -2)}*`])
        await eventually(async () =>
          expect([q, ok<SearchAnswer>(await call('GET', `/v1/search?q=${encodeURIComponent(q)}`)).hits.map(({ id }) => id)]).toEqual([
            q,
            [merged.id],
          ]),
        );
    });
});

it('6.3 all of them are gone everywhere when both contacts are erased', async () => {
  const { databases, nats, meili } = hub.world;
  const places = async () =>
    (
      await Promise.all([
        ...Object.values(databases).map(({ migrationUrl }) => findInDatabase(migrationUrl, canary)),
        findInStreams(nats, canary),
        findInMeili(meili, canary),
      ])
    ).flat();
  expect((await places()).length).toBeGreaterThan(1);
  for (const [asAgent, contact] of [
    [call, merged],
    [otherCall, imported],
  ] as const)
    ok(await asAgent('POST', `/v1/contacts/${contact.id}/erase`, undefined, { 'if-match': `"${contact.version}"` }), 202);
  await eventually(async () => expect(await places()).toEqual([]), 30_000);
}, 60_000);
