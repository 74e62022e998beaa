// Rows as the previous version wrote them, migrated to the present rules by the step that runs after the migrations.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { again, anAgent, eventually } from '@kontor/testing';
import pg from 'pg';
import { service } from '../src/index.js';
import { newId } from '../src/sql/new-id.js';
import { begin, contact, end, getContact, getCustomer, sql, told, world } from './merging.js';
import { insertOld, type Old } from './old-rows.js';

let agent: Context;
beforeAll(begin);
afterAll(end);
beforeEach(async () => {
  agent = anAgent();
  await world.ask(agent, k.seeAgent, {});
});

async function renew(): Promise<void> {
  const client = new pg.Client(world.databases.customer?.migrationUrl);
  await client.connect();
  await client.query('delete from value_rules');
  await client.end();
  await service.migrate(world.env('customer'));
}

const old = (given: Old) => insertOld(agent, given);
const list = async (filter: object) => (await world.ask(again(agent), k.listContacts, filter)).items.map(({ id }) => id);
const callers = async (phone: string) => (await world.ask(again(agent), k.lookUpCaller, { phone })).items.map(({ id }) => id);
const versionOf = async (id: string) => (await getContact(agent, { id })).version;

describe('a contact that was written by older rules', () => {
  it.each<[string, Old, (id: string) => Promise<unknown>]>([
    ['an address with a character that nobody sees', { emails: ['ada@a.example\u200b'] }, () => list({ email: 'ada@a.example' })],
    ['an address in a decomposed domain', { emails: ['info@mu\u0308ller.example'] }, () => list({ email: 'info@müller.example' })],
    ['an address in punycode', { emails: ['info@xn--mller-kva.example'] }, () => list({ email: 'info@müller.example' })],
    ['an address with a last dot', { emails: ['ada@a.example.'] }, () => list({ email: 'ada@a.example' })],
    ['an address with mailto', { emails: ['Mailto:ada@a.example'] }, () => list({ email: 'ada@a.example' })],
    ['an address in quotes', { emails: ["'ada@a.example'"] }, () => list({ email: 'ada@a.example' })],
    ['a number with marks', { phones: [{ number: '\u202a+49 30 1234567\u202c' }] }, () => callers('030 1234567')],
    ['a number with a word', { phones: [{ number: 'Tel. 030 1234567' }] }, () => callers('+49301234567')],
    ['a number with an extension', { phones: [{ number: '030 1234567 ext. 12' }] }, () => callers('030 1234567 x12')],
    ['a number with letters', { phones: [{ number: '0800 FLOWERS' }] }, () => callers('0800 3569377')],
    ['an extension alone', { phones: [{ number: '4711', e164: '+494711' }] }, () => callers('4711')],
    ['a tag', { firstName: 'A', tags: ['Cafe\u0301'] }, () => list({ tag: 'Café' })],
    ['an employee code', { code: 'E\u2060-1' }, () => list({ employeeCode: 'E-1' })],
    ['an external id', { firstName: 'A', externalIds: [{ source: 'crm', id: '1\u200b' }] }, () => list({ externalId: 'crm:1' })],
  ])('is found: %s', async (_, given, find) => {
    const id = await old(given);
    expect(await find(id)).toEqual([]);
    await renew();
    expect(await find(id)).toEqual([id]);
    expect(await versionOf(id)).toBe(2);
    await eventually(async () => expect(told(agent, id)).toMatchObject([{ change: 'updated', version: 2 }]));
    const { items } = await world.ask(again(agent), k.getContactHistory, { id });
    expect(items.some(({ version }) => version === 2)).toBe(true);
  });

  it('a strange number has no key any more, and an extension no country', async () => {
    const ids = [await old({ phones: [{ number: 'call after 5' }] }), await old({ phones: [{ number: '0' }] })];
    const keys = () => sql(agent, 'select 1 from contact_key where contact_id = any($1)', [ids]);
    expect(await keys()).toHaveLength(2);
    const short = await old({ phones: [{ number: '4711', e164: '+494711' }] });
    await renew();
    expect(await keys()).toEqual([]);
    for (const asked of ['call after 5', '5', '0', '+49 4711']) expect(await callers(asked)).toEqual([]);
    expect((await getContact(agent, { id: short })).phones).toEqual([{ number: '4711', kind: 'phone', primary: true }]);
  });

  it('an E.164 form that no rule has changed stays, also when the tenant has another country now', async () => {
    const id = await old({
      lastName: 'Łu',
      phones: [
        { number: '030 1234567', e164: '+49301234567' },
        { number: '(212) 555-1234 x', e164: undefined },
      ],
    });
    await world.ask(again(agent), k.changeSettings, { change: { country: 'US' } });
    await renew();
    expect((await getContact(agent, { id })).phones.map(({ e164 }) => e164)).toEqual(['+49301234567', '+12125551234']);
  });

  it('stands where it belongs in the order of names, and has a name where there was none', async () => {
    const lukasz = await old({ firstName: 'Łukasz' });
    const unseen = await old({ firstName: '\u200b', city: 'Berlin' });
    const zoe = await old({ firstName: 'Zoë' });
    await renew();
    expect(await list({ sort: 'name' })).toEqual([unseen, lukasz, zoe]);
    expect(await getContact(agent, { id: unseen })).toMatchObject({ firstName: null, displayName: 'Berlin' });
  });

  it('is found among more than are written at once', async () => {
    await sql(
      agent,
      `insert into contact (id, display_name, sort_name, tags) select gen_random_uuid(), n::text, n::text, '["a\u200bb"]' from generate_series(1, 2100) n`,
    );
    await renew();
    expect(await sql(agent, `select count(*)::int as n, min(version) as v from contact where tags = '["ab"]'`)).toEqual([
      { n: 2100, v: 2 },
    ]);
    expect(await sql(agent, `select count(*)::int as n from contact_tag where tag = 'ab'`)).toEqual([{ n: 2100 }]);
  });

  it('is found as a duplicate', async () => {
    const ids = [
      await old({ lastName: 'Müller', phones: [{ number: '030 1234567 (privat)' }] }),
      await old({ lastName: 'Mueller', phones: [{ number: '\u2066030 1234567\u2069' }] }),
    ];
    await renew();
    await eventually(async () => {
      const { items } = await world.ask(again(agent), k.listDuplicates, {});
      expect(items.flatMap(({ contacts }) => contacts.map(({ id }) => id)).sort()).toEqual(ids);
    });
  });

  it('is left alone where nothing would be different, by a second run as well', async () => {
    const plain = await contact(agent, { firstName: 'Zoë', phones: [{ number: '0049 30 1234567' }], tags: ['Café'] });
    const odd = await old({ firstName: 'Łu', emails: ['a@b..c', 'info@mu\u0308ller.example'], phones: [{ number: '0800 FLOWERS' }] });
    await renew();
    const first = await getContact(agent, { id: odd });
    expect(first).toMatchObject({ version: 2, emails: [{ address: 'a@b..c', primary: true }, { address: 'info@müller.example' }] });
    await renew();
    await service.migrate(world.env('customer'));
    expect(await getContact(agent, { id: odd })).toEqual(first);
    expect(await versionOf(plain.id)).toBe(1);
  });

  it('comes back from the bin in the form of today', async () => {
    const made = await contact(agent, { firstName: 'Bin' });
    await world.ask(again(agent), k.deleteContact, { id: made.id });
    await sql(agent, `update contact set phones = $2, tags = $3 where id = $1`, [
      made.id,
      JSON.stringify([{ number: 'Tel. 030 1234567', kind: 'phone', primary: true }]),
      JSON.stringify(['Cafe\u0301']),
    ]);
    await renew();
    expect(await list({ tag: 'Café' })).toEqual([]);
    const unit = (await world.ask(again(agent), k.listBin, {})).items[0];
    await world.ask(again(agent), k.restoreFromBin, { id: unit?.id ?? '' });
    expect(await callers('030 1234567')).toEqual([made.id]);
    expect(await list({ tag: 'Café' })).toEqual([made.id]);
  });
});

describe('two that have one key by the rules of today', () => {
  it.each([
    ['the younger was written by older rules', 'info@müller.example', 'info@mu\u0308ller.example'],
    ['the older was written by older rules', 'info@xn--mller-kva.example', 'info@müller.example'],
    ['both were', 'info@xn--mller-kva.example', 'info@mu\u0308ller.example'],
  ])('the older keeps a primary address: %s', async (_, first, second) => {
    const older = await old({ emails: [first] });
    const younger = await old({ firstName: 'B', emails: [second, 'further@b.example'] });
    await renew();
    expect((await getContact(agent, { id: older })).emails).toEqual([{ address: expect.anything(), primary: true }]);
    expect((await getContact(agent, { id: younger })).emails).toEqual([
      { address: second.normalize('NFC'), primary: false },
      { address: 'further@b.example', primary: true },
    ]);
    expect((await list({ email: 'info@müller.example' })).sort()).toEqual([older, younger]);
    await expect(contact(agent, { emails: [{ address: 'info@müller.example' }] })).rejects.toMatchObject({
      code: 'email-taken',
      details: { contactId: older },
    });
    await renew();
    expect(await versionOf(younger)).toBe(2);
  });

  it('three of them, and a further address that is taken as well', async () => {
    const a = await old({ emails: ['x@a.example'] });
    const b = await old({ emails: ['x@a.example\u200b', 'y@a.example.', 'z@a.example'] });
    const c = await old({ emails: ['y@a.example', 'x@a.example\u200b'] });
    await renew();
    const primaries = await Promise.all(
      [a, b, c].map(async (id) => (await getContact(agent, { id })).emails.map(({ primary }) => primary)),
    );
    expect(primaries).toEqual([[true], [false, false, true], [true, false]]);
  });

  it('the older keeps an external id, and the history of the younger says what it was', async () => {
    const older = await old({ firstName: 'A', externalIds: [{ source: 'crm', id: '1\u200b' }] });
    const younger = await old({
      firstName: 'B',
      externalIds: [
        { source: 'crm', id: '1' },
        { source: 'shop', id: '9' },
      ],
    });
    await renew();
    expect(await list({ externalId: 'crm:1' })).toEqual([older]);
    expect((await getContact(agent, { id: younger })).externalIds).toEqual([{ source: 'shop', id: '9' }]);
    const { items } = await world.ask(again(agent), k.getContactHistory, { id: younger });
    expect(JSON.stringify(items)).toContain('"crm"');
  });
});

it('customers: mail domains, names, tags', async () => {
  const id = newId();
  await sql(
    agent,
    `insert into customer (id, name, sort_name, domains, tags) values ($1, 'Øre', 'øre', '["xn--mller-kva.example"]', '["a\u200bb"]')`,
    [id],
  );
  await sql(agent, `insert into customer_domain (customer_id, domain) values ($1, 'xn--mller-kva.example')`, [id]);
  await renew();
  expect(await getCustomer(agent, { id })).toMatchObject({ version: 2, tags: ['ab'] });
  expect(await contact(agent, { emails: [{ address: 'ada@müller.example' }] })).toMatchObject({ customerId: id });
  const [row] = await sql<{ sort_name: string }>(agent, 'select sort_name from customer');
  expect(row?.sort_name).toBe('ore');
  await eventually(async () => expect(told(agent, id)[0]).toMatchObject({ change: 'updated', version: 2 }));
});

it.each([
  ['the contact is as of old', 'info@mu\u0308ller.example', 'info@xn--mller-kva.example'],
  ['the contact is as of today', 'info@müller.example', 'info@xn--mller-kva.example'],
  ['the record is as of today', 'info@xn--mller-kva.example', 'info@müller.example'],
])('a record that waits is linked: %s', async (_, address, named) => {
  const id = await old({ emails: [address] });
  const recordId = newId();
  await sql(agent, `insert into record (id, source, external_id, kind, named) values ($1, 's', '1', 'opportunity', $2)`, [
    recordId,
    JSON.stringify({ email: named }),
  ]);
  await sql(agent, `insert into record_waiting (kind, value, record_id) values ('email', $2, $1)`, [recordId, named]);
  await renew();
  expect(await world.ask(again(agent), k.getRecord, { id: recordId })).toMatchObject({ contactId: id, contact: null });
});

it('callers of requests', async () => {
  const made = await world.ask(again(agent), k.createRequest, { caller: { firstName: 'A' } });
  await sql(agent, 'update request set caller = $2 where id = $1', [
    made.id,
    JSON.stringify({ firstName: 'A', phones: [{ number: 'Tel. 030 1234567', kind: 'phone', primary: true }] }),
  ]);
  await renew();
  const now = await world.ask(again(agent), k.getRequest, { id: made.id });
  expect(now).toMatchObject({ version: 2, caller: { phones: [{ e164: '+49301234567' }] } });
  await renew();
  expect(await world.ask(again(agent), k.getRequest, { id: made.id })).toEqual(now);
});
