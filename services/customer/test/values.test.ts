import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, again, anAgent, startWorld, type World } from '@kontor/testing';
import pg from 'pg';
import { service } from '../src/index.js';
import { newId } from '../src/sql/new-id.js';
import { refusal } from './refusal.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

const create = (agent: Context, given: object) => world.ask(again(agent), k.createContact, given);
const mail = (address: string) => ({ emails: [{ address }] });
const phone = (number: string) => ({ phones: [{ number }] });

describe('one address in different spellings', () => {
  it.each([
    [
      'ada@a.example',
      ['ada@a.example\u200b', 'ADA@a.example', 'mailto:ada@a.example', "'ada@a.example'", 'ada@a.example.', 'a\u00adda@a.example'],
    ],
    ['info@müller.example', ['info@mu\u0308ller.example', 'info@xn--mller-kva.example', 'INFO@MÜLLER.example']],
  ])('%s is accepted in each spelling, and found by each', async (address, others) => {
    const agent = anAgent();
    const { id } = await create(agent, mail(address));
    for (const other of others) {
      expect(await refusal(create(agent, mail(other)))).toMatchObject({ code: 'email-taken', details: { contactId: id } });
      expect((await world.ask(again(agent), k.listContacts, { email: other })).items.map((one) => one.id)).toEqual([id]);
    }
  });

  it('a mail domain is the same in Unicode and in punycode', async () => {
    const agent = anAgent();
    const { id: customerId } = await world.ask(again(agent), k.createCustomer, {
      name: 'M',
      domains: ['müller.example', 'XN--mller-kva.example'],
    });
    for (const address of ['a@xn--mller-kva.example', 'b@mu\u0308ller.example', 'c@Müller.example'])
      expect(await create(agent, mail(address))).toMatchObject({ customerId });
    expect((await world.ask(again(agent), k.getCustomer, { id: customerId })).domains).toHaveLength(1);
  });

  it.each(['a@b..c', '.a@b.example', 'a..b@b.example', 'a@-b.example', 'Ada <ada@a.example>', 'a@b.example;c@d.example'])(
    '%s is refused with what is valid',
    async (address) =>
      expect(await refusal(create(anAgent(), mail(address)))).toMatchObject({
        code: 'invalid',
        details: { errors: [{ path: 'emails[0].address', message: expect.stringMatching(/^must be an e-mail address like .*: ./) }] },
      }),
  );
});

describe('free mail providers', () => {
  it('are refused as mail domains of a customer', async () => {
    const given = { name: 'M', domains: ['firma.example', '@GMail.com'] };
    expect(await refusal(world.ask(anAgent(), k.createCustomer, given))).toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'domains[1]', message: expect.stringMatching(/at gmail\.com anybody can have an address/) }] },
    });
  });

  it('do not assign contacts where a customer has one from before', async () => {
    const agent = anAgent();
    const { id: customerId } = await world.ask(again(agent), k.createCustomer, { name: 'M', domains: ['firma.example'] });
    const client = new pg.Client(world.databases.customer?.migrationUrl);
    await client.connect();
    await client.query(`insert into customer_domain (tenant_id, customer_id, domain) values ($1, $2, 'gmx.de')`, [
      agent.tenant,
      customerId,
    ]);
    await client.end();
    expect(await create(agent, mail('ada@gmx.de'))).toMatchObject({ customerId: null });
    expect(await create(agent, mail('ada@firma.example'))).toMatchObject({ customerId });
    const { outcomes } = await world.ask(again(agent, { door: 'import' }), k.importContacts, {
      importId: newId(),
      number: 0,
      onKnown: 'update',
      rows: [{ emails: ['bob@gmx.de'] }],
    });
    expect(await world.ask(again(agent), k.getContact, { id: outcomes[0]?.id ?? '' })).toMatchObject({ customerId: null });
  });
});

describe('phones', () => {
  it('contacts with another number, word or extension are not found', async () => {
    const agent = anAgent();
    const flowers = await create(agent, phone('0800 FLOWERS'));
    const [twelve, thirteen] = [await create(agent, phone('030 1234567 ext. 12')), await create(agent, phone('030 1234567 x13'))];
    const main = await create(agent, phone('030 1234567'));
    const found = async (asked: string) =>
      new Set((await world.ask(again(agent), k.lookUpCaller, { phone: asked })).items.map(({ id }) => id));
    expect(await found('0800 TAXICAB')).toEqual(new Set());
    expect(await found('0800 3569377')).toEqual(new Set([flowers.id]));
    expect(await found('030 1234567')).toEqual(new Set([twelve.id, thirteen.id, main.id]));
    expect(await found('030 1234567 ext 12')).toEqual(new Set([twelve.id, main.id]));
    expect((await world.ask(again(agent), k.listContacts, { phone: '+49301234567;ext=13' })).items.map(({ id }) => id)).toEqual([
      thirteen.id,
    ]);
  });

  it('directional marks copied along with a number are ignored', async () => {
    const agent = anAgent();
    const { id, phones } = await create(agent, phone('\u202a+49 30 1234567\u202c'));
    expect(phones).toMatchObject([{ number: '+49 30 1234567', e164: '+49301234567' }]);
    for (const asked of ['030 1234567', '\u202a030 1234567\u202c', '+٤٩ ٣٠ ١٢٣٤٥٦٧'])
      expect((await world.ask(again(agent), k.lookUpCaller, { phone: asked })).items.map((one) => one.id)).toEqual([id]);
  });

  it('a short number has no country code and does not suggest duplicates', async () => {
    const agent = anAgent();
    expect((await create(agent, { lastName: 'Abel', ...phone('4711') })).phones[0]).not.toHaveProperty('e164');
    expect((await create(agent, { lastName: 'Zorn', ...phone('4711') })).duplicates).toEqual([]);
  });

  it.each(['contact', 'customer'] as const)('merging a %s keeps numbers that differ in letters, extension or kind', async (noun) => {
    const agent = anAgent();
    const make = (number: string, kind = 'phone') => {
      const given = { phones: [{ number, kind }] };
      return noun === 'contact'
        ? create(agent, given)
        : world.ask(again(agent), k.createCustomer, { name: 'A', ...given } as k.NewCustomer);
    };
    const numbers = ['0800 FLOWERS', '0800 TAXICAB', '030 1234567 ext. 12', '030 1234567 ext. 13', 'ask 7', 'ask 8'];
    const [into, ...from] = await Promise.all(numbers.map((number) => make(number)));
    const input = { into: into?.id ?? '', from: from.map(({ id }) => id) };
    const { leftBehind, ...merged } = await world.ask(again(agent), noun === 'contact' ? k.mergeContacts : k.mergeCustomers, input);
    expect(leftBehind?.filter(({ field }) => field === 'phones')).toEqual([]);
    expect(merged[noun]?.phones.map(({ number }) => number)).toEqual(numbers);
    const mobile = await make('0800 3569377', 'mobile');
    const again2 = await world.ask(again(agent), noun === 'contact' ? k.mergeContacts : k.mergeCustomers, {
      into: input.into,
      from: [mobile.id],
    });
    expect(again2.leftBehind).toContainEqual({ id: mobile.id, field: 'phones' });
  });
});

describe('invisible texts and texts in two normal forms', () => {
  it.each(['\u200b', '\u2060', '\u202e', '\u2800', ' \u00ad '])('%j is not a name', async (name) => {
    const agent = anAgent();
    expect(await refusal(create(agent, { lastName: name }))).toMatchObject({ code: 'invalid' });
    expect(await refusal(world.ask(again(agent), k.createCustomer, { name }))).toMatchObject({ details: { errors: [{ path: 'name' }] } });
  });

  it('tags in two normal forms are the same, and codes are found without invisible characters', async () => {
    const agent = anAgent();
    const made = await create(agent, aContact({ tags: ['Café', 'Cafe\u0301', 'Ca\u200bfé'], employeeCode: 'E\u200d-1' }));
    expect(made).toMatchObject({ tags: ['Café'], employeeCode: 'E-1' });
    for (const filter of [{ tag: ['Cafe\u0301'] }, { employeeCode: '\ufeffE-1' }])
      expect((await world.ask(again(agent), k.listContacts, filter)).items.map(({ id }) => id)).toEqual([made.id]);
  });

  it.each(['0001-01-01', '1849-12-31', '2999-01-01'])('%s is not a valid birthday', async (birthday) =>
    expect(await refusal(create(anAgent(), aContact({ birthday })))).toMatchObject({ details: { errors: [{ path: 'birthday' }] } }),
  );

  it('a contact with only an address is shown by its city', async () => {
    expect(await create(anAgent(), { addresses: [{ line1: 'Weg 1', city: 'Bonn' }] })).toMatchObject({ displayName: 'Bonn' });
  });

  it('numbers with more digits than can be represented are refused', async () => {
    const agent = anAgent();
    await world.ask(again(agent), k.changeSettings, {
      change: { customFields: [{ key: 'no', label: 'No', kind: 'number', for: 'contact' }] },
    });
    for (const no of [Number('9007199254740993'), Number('12345678901234567890')])
      expect(await refusal(create(agent, aContact({ customFields: { no } })))).toMatchObject({
        details: { errors: [{ path: 'customFields.no', message: expect.stringContaining('kind text') }] },
      });
  });

  it.each([39, 99, 199, 1019])('a name of %d letters and an emoji is kept, wherever it is cut', async (letters) => {
    const agent = anAgent();
    const name = `${'a'.repeat(letters)}😀`;
    expect(await create(agent, { lastName: name, language: 'de' })).toMatchObject({ lastName: name, displayName: name });
    expect(await world.ask(again(agent), k.createCustomer, { name })).toMatchObject({ name });
    const rows = [{ lastName: name, birthday: name, language: name, emails: [name], website: `${name} x`, customFields: { none: name } }];
    const { outcomes } = await world.ask(again(agent), k.importContacts, { importId: newId(), number: 0, onKnown: 'update', rows });
    expect(outcomes).toMatchObject([{ status: 'created' }]);
    expect(outcomes[0]?.warnings?.filter((warning) => !warning.isWellFormed())).toEqual([]);
  });
});
