import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Context, runAs } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { Database } from '@kontor/database';
import { aContact, aCustomer, again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { forgetRequests } from '../src/request/request.table.js';
import { refusal } from './refusal.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

const nobody = () => anAgent().tenant;
const aCode = () => `E-${nobody().slice(0, 8)}`;
/** Another agent of the same tenant, without special rights. */
const colleague = async (of: Context): Promise<Context> => {
  const other = again(of, { agent: { id: nobody(), name: 'Kollege' }, roles: ['agent'] });
  await world.ask(other, k.seeAgent, {});
  return other;
};
const rich = (given: object = {}) => ({
  ...aContact(),
  middleName: 'M.',
  employeeCode: aCode(),
  companyName: 'Frei',
  jobTitle: 'Einkauf',
  notes: 'n',
  language: 'de',
  birthday: '1990-02-28',
  externalIds: [{ source: 'crm', id: nobody() }],
  type: 'warm',
  tags: ['vip'],
  phones: [{ number: '030 1234567' }, { number: '0170 1234567', kind: 'mobile' as const }, { number: '030 99', kind: 'fax' as const }],
  addresses: [
    { line1: 'Platz 1', city: 'Berlin', alias: 'Alexanderplatz', label: 'Zentrale' },
    { line1: 'Weg 2', city: 'Bonn', postalCode: '53111', country: 'Deutschland' },
  ],
  links: [{ url: 'https://anna.example' }],
  ...given,
});
const callerOf = (contact: k.Contact) =>
  Object.fromEntries(['displayName', ...k.callerFields].map((key) => [key, contact[key as keyof k.Contact]]));

describe('starting', () => {
  it('3.1 has number, subject, description, status, caller data and a work-site address; an empty caller is accepted', async () => {
    const agent = anAgent();
    const empty = await world.ask(agent, k.createRequest, {});
    expect(empty).toMatchObject({
      number: 1,
      version: 1,
      subject: null,
      status: 'open',
      contactId: null,
      customerId: null,
      ownerId: agent.agent?.id,
    });
    expect(empty.caller).toMatchObject({ displayName: '', firstName: null, emails: [], customFields: {} });
    const made = await world.ask(agent, k.createRequest, {
      subject: 'Heizung kalt',
      description: 'seit gestern',
      status: 'in_progress',
      caller: { firstName: 'Bert', phones: [{ number: '030 5551234' }], tags: ['laut'] },
      workSiteAddress: { line1: 'Hof 3', city: 'Kiel', label: 'Werk' },
    });
    expect(made).toMatchObject({
      number: 2,
      subject: 'Heizung kalt',
      description: 'seit gestern',
      status: 'in_progress',
      workSiteAddress: { line1: 'Hof 3', city: 'Kiel', label: 'Werk' },
      caller: {
        displayName: 'Bert',
        tags: ['laut'],
        phones: [{ number: '030 5551234', e164: '+49305551234', kind: 'phone', primary: true }],
      },
    });
    expect(await world.ask(agent, k.getRequest, { id: made.id })).toEqual(made);
    expect((await world.ask(agent, k.listContacts, {})).items).toEqual([]);
  });

  it('3.1 the caller data is validated with the rules of contacts, with error paths', async () => {
    const agent = anAgent();
    const refused = await refusal(world.ask(agent, k.createRequest, { caller: { type: 'lukewarm', customFields: { size: 1 } } }));
    expect(refused).toMatchObject({ code: 'invalid' });
    expect(refused.details.errors?.map(({ path }) => path)).toEqual(['caller.type', 'caller.customFields.size']);
    for (const input of [{ contactId: nobody() }, { customerId: nobody() }, { ownerId: nobody() }])
      expect(await refusal(world.ask(agent, k.createRequest, input))).toMatchObject({
        code: 'invalid',
        details: { errors: [{ path: Object.keys(input)[0], code: 'unknown' }] },
      });
  });

  it('3.1 numbers are unique for 40 concurrent requests', async () => {
    const agent = anAgent();
    const made = await Promise.all(Array.from({ length: 40 }, () => world.ask(again(agent), k.createRequest, { subject: 'x' })));
    expect(new Set(made.map(({ number }) => number)).size).toBe(40);
  });

  it('3.2 a request for a known contact copies all of its data; given data takes precedence', async () => {
    const agent = anAgent();
    await world.ask(agent, k.changeSettings, {
      change: { customFields: ['size', 'color'].map((key) => ({ key, label: key, kind: 'text' as const, for: 'contact' as const })) },
    });
    const { id: customerId } = await world.ask(agent, k.createCustomer, aCustomer());
    const contact = await world.ask(agent, k.createContact, rich({ customerId, customFields: { size: 'L', color: 'red' } }));
    const copied = await world.ask(agent, k.createRequest, { contactId: contact.id });
    expect(copied).toMatchObject({ contactId: contact.id, customerId });
    expect(copied.caller).toEqual(callerOf(contact));
    const caller = { lastName: 'Neu', jobTitle: null, phones: [{ number: '040 1234567' }], customFields: { color: 'blue' } };
    const own = await world.ask(agent, k.createRequest, { contactId: contact.id, caller, customerId: null });
    expect(own).toMatchObject({
      customerId: null,
      caller: {
        firstName: 'Anna',
        lastName: 'Neu',
        jobTitle: null,
        phones: [{ e164: '+49401234567' }],
        customFields: { size: 'L', color: 'blue' },
      },
    });
  });

  it.each(['employeeCode', 'caller.employeeCode'])(
    '3.2 an employee code (%s) fills the other fields from the contact that has it',
    async (where) => {
      const agent = anAgent();
      const employeeCode = aCode();
      const contact = await world.ask(agent, k.createContact, rich({ employeeCode }));
      const caller = { firstName: 'Anneliese' };
      const input = where === 'employeeCode' ? { employeeCode, caller } : { caller: { ...caller, employeeCode } };
      const made = await world.ask(agent, k.createRequest, input);
      expect(made.contactId).toBe(contact.id);
      expect(made.caller).toEqual({ ...callerOf(contact), firstName: 'Anneliese', displayName: 'Anneliese M. Müller' });
    },
  );

  it('3.2 an unknown code is stored; one of several contacts is refused with their number; one given later fills the fields too', async () => {
    const agent = anAgent();
    const employeeCode = aCode();
    const alone = await world.ask(agent, k.createRequest, { employeeCode, caller: { firstName: 'Carla' } });
    expect(alone).toMatchObject({ contactId: null, caller: { firstName: 'Carla', lastName: null, employeeCode } });
    const first = await world.ask(agent, k.createContact, rich({ employeeCode }));
    expect(await world.ask(agent, k.changeRequest, { id: alone.id, change: { caller: { employeeCode } } })).toMatchObject({
      contactId: first.id,
      caller: { firstName: 'Carla', lastName: 'Müller', jobTitle: 'Einkauf' },
    });
    const second = await world.ask(agent, k.createContact, rich({ employeeCode }));
    expect(await refusal(world.ask(agent, k.createRequest, { employeeCode }))).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('2 contacts'),
      details: { count: 2, contactIds: [first.id, second.id] },
    });
    expect(await refusal(world.ask(agent, k.createRequest, { employeeCode, caller: { employeeCode: 'other' } }))).toMatchObject({
      code: 'invalid',
    });
    // A contact hidden from the calling agent does not count.
    await world.ask(agent, k.changeContact, { id: second.id, change: { access: { restricted: true } } });
    expect(await world.ask(await colleague(agent), k.createRequest, { employeeCode })).toMatchObject({ contactId: first.id });
  });

  it('10 20 concurrent calls with one Idempotency-Key create one request', async () => {
    const agent = anAgent({ idempotencyKey: 'call 1' });
    const made = await Promise.all(Array.from({ length: 20 }, () => world.ask(again(agent), k.createRequest, { subject: 'x' })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect((await world.ask(agent, k.listRequests, {})).items).toHaveLength(1);
  });
});

describe('changing', () => {
  it('3.1 PATCH is a merge patch, including the caller; If-Match is respected; the version stays if nothing differs', async () => {
    const agent = anAgent();
    const contact = await world.ask(agent, k.createContact, rich());
    const { id } = await world.ask(agent, k.createRequest, { contactId: contact.id, workSiteAddress: { city: 'Kiel', line1: 'Hof 3' } });
    const change = {
      subject: 's',
      status: 'waiting' as const,
      caller: { jobTitle: null, tags: ['neu'] },
      workSiteAddress: { line1: null, alias: 'Hafen' },
    };
    const changed = await world.ask(agent, k.changeRequest, { id, version: 1, change });
    expect(changed).toMatchObject({
      version: 2,
      subject: 's',
      status: 'waiting',
      caller: { jobTitle: null, tags: ['neu'], lastName: 'Müller', phones: contact.phones },
    });
    expect(changed.workSiteAddress).toEqual({ city: 'Kiel', alias: 'Hafen' });
    expect(await world.ask(agent, k.changeRequest, { id, change })).toMatchObject({ version: 2 });
    expect(await refusal(world.ask(agent, k.changeRequest, { id, version: 1, change: { subject: 'x' } }))).toMatchObject({
      code: 'stale',
      details: { version: 2, current: { subject: 's' } },
    });
    expect(
      await world.ask(agent, k.changeRequest, { id, change: { contactId: null, workSiteAddress: { city: null, alias: null } } }),
    ).toMatchObject({
      contactId: null,
      workSiteAddress: null,
      caller: { lastName: 'Müller' },
    });
    const other = await world.ask(agent, k.createContact, aContact({ firstName: 'Otto' }));
    expect(await world.ask(agent, k.changeRequest, { id, change: { contactId: other.id } })).toMatchObject({
      contactId: other.id,
      caller: { firstName: 'Anna' },
    });
    expect(await world.ask(agent, k.getContact, { id: contact.id })).toEqual({ ...contact, duplicates: undefined });
  });

  it('3.3 address 1 or 2 is copied into the work-site address by one call; a missing one is refused', async () => {
    const agent = anAgent();
    const contact = await world.ask(agent, k.createContact, rich());
    const { id } = await world.ask(agent, k.createRequest, { contactId: contact.id });
    expect((await world.ask(agent, k.copyToWorkSite, { id, from: 1 })).workSiteAddress).toEqual({
      line1: 'Platz 1',
      city: 'Berlin',
      alias: 'Alexanderplatz',
      label: 'Zentrale',
    });
    const second = await world.ask(agent, k.copyToWorkSite, { id, from: 2 });
    expect(second).toMatchObject({
      version: 3,
      workSiteAddress: { line1: 'Weg 2', city: 'Bonn', postalCode: '53111', country: 'Deutschland' },
    });
    await world.ask(agent, k.changeRequest, { id, change: { caller: { addresses: [{ city: 'Ulm' }] } } });
    expect(await refusal(world.ask(agent, k.copyToWorkSite, { id, from: 2 }))).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('only 1'),
    });
    expect((await world.ask(agent, k.getRequest, { id })).workSiteAddress).toEqual(second.workSiteAddress);
  });

  it('10 lists with filters, sorts and paging', async () => {
    const agent = anAgent();
    const { id: customerId } = await world.ask(agent, k.createCustomer, aCustomer());
    const contact = await world.ask(agent, k.createContact, aContact({ customerId }));
    const made: k.ServiceRequest[] = [];
    for (const status of ['open', 'closed', 'open', 'waiting', 'closed'] as const)
      made.push(await world.ask(agent, k.createRequest, { status, contactId: made.length % 2 ? null : contact.id }));
    const numbers = async (filter: object) => (await world.ask(agent, k.listRequests, filter)).items.map(({ number }) => number);
    expect(await numbers({})).toEqual([5, 4, 3, 2, 1]);
    expect(await numbers({ sort: 'number' })).toEqual([1, 2, 3, 4, 5]);
    expect(await numbers({ status: 'closed' })).toEqual([5, 2]);
    expect(await numbers({ contactId: contact.id, sort: 'createdAt' })).toEqual([1, 3, 5]);
    expect(await numbers({ customerId, status: 'open' })).toEqual([3, 1]);
    expect(await numbers({ number: 4 })).toEqual([4]);
    expect(await numbers({ ownerId: agent.agent?.id })).toHaveLength(5);
    expect(await numbers({ ownerId: nobody() })).toEqual([]);
    await world.ask(agent, k.changeRequest, { id: made[1]?.id ?? '', change: { subject: 'neu' } });
    expect((await numbers({ sort: '-updatedAt' }))[0]).toBe(2);
    for (const sort of ['-createdAt', 'updatedAt', 'number', '-number'] as const) {
      const seen: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await world.ask(agent, k.listRequests, { sort, limit: 2, cursor });
        seen.push(...page.items.map(({ number }) => number));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      expect(seen).toEqual(await numbers({ sort }));
    }
    const bad = Buffer.from(JSON.stringify(['number', 'x', made[0]?.id])).toString('base64url');
    expect(await refusal(world.ask(agent, k.listRequests, { sort: 'number', cursor: bad }))).toMatchObject({ code: 'invalid' });
    expect((await world.ask(agent, k.listRequests, { number: 1 })).items[0]).toMatchObject({ caller: { displayName: 'Anna Müller' } });
  });
});

describe('3.4 saving the caller’s data', () => {
  it('without saving, only the request has it, and later changes of the contact do not affect the request', async () => {
    const agent = anAgent();
    const contact = await world.ask(agent, k.createContact, rich());
    const { id } = await world.ask(agent, k.createRequest, { contactId: contact.id });
    await world.ask(agent, k.changeRequest, { id, change: { caller: { jobTitle: 'Chefin' } } });
    expect(await world.ask(agent, k.getContact, { id: contact.id })).toEqual({ ...contact, duplicates: undefined });
    const before = await world.ask(agent, k.getRequest, { id });
    await world.ask(agent, k.changeContact, { id: contact.id, change: { lastName: 'Schulze', phones: [], notes: 'später' } });
    expect(await world.ask(agent, k.getRequest, { id })).toEqual(before);
    await world.ask(agent, k.deleteContact, { id: contact.id });
    expect(await world.ask(agent, k.getRequest, { id })).toEqual({ ...before, contactId: null });
    expect((await world.ask(agent, k.listRequests, { contactId: contact.id })).items).toEqual([]);
    const attempts = [
      () => world.ask(agent, k.getRequestDifferences, { id }),
      () => world.ask(agent, k.saveCaller, { id, save: 'changes' }),
    ];
    for (const attempt of attempts)
      expect(await refusal(attempt())).toMatchObject({ code: 'conflict', message: expect.stringContaining('deleted') });
  });

  it('as a new contact: created, linked and published once; the request keeps its own copy', async () => {
    const agent = anAgent();
    const { id: customerId } = await world.ask(agent, k.createCustomer, aCustomer());
    const { customFields: _, ...caller } = { ...rich(), customFields: {} };
    const { id } = await world.ask(agent, k.createRequest, { caller, customerId });
    const key = { idempotencyKey: 'save 1' };
    const saved = await world.ask(again(agent, key), k.saveCaller, { id, version: 1, save: 'new' });
    expect(saved).toMatchObject({ version: 2, contactId: saved.saved.contactId, customerId, saved: { as: 'new' } });
    expect(saved.saved.fields).toEqual(expect.arrayContaining(['firstName', 'emails', 'phones', 'addresses', 'externalIds', 'tags']));
    const contact = await world.ask(agent, k.getContact, { id: saved.saved.contactId });
    expect(callerOf(contact)).toEqual(saved.caller);
    expect(contact).toMatchObject({ customerId, isPrimaryContact: true, ownerId: agent.agent?.id });
    expect((await world.ask(agent, k.getContactHistory, { id: contact.id })).items).toMatchObject([{ change: 'created', door: 'api' }]);
    expect(await world.ask(again(agent, key), k.saveCaller, { id, save: 'new' })).toEqual(saved);
    expect((await world.ask(agent, k.listContacts, {})).items).toHaveLength(1);
    expect(await world.ask(agent, k.getRequestDifferences, { id })).toEqual({ contactId: contact.id, items: [] });
  });

  it('as a new contact, all rules of creating apply: identifying data, and a free e-mail', async () => {
    const agent = anAgent();
    const holder = await world.ask(agent, k.createContact, rich());
    const unknown = await world.ask(agent, k.createRequest, { caller: { jobTitle: 'CEO' } });
    expect(await refusal(world.ask(agent, k.saveCaller, { id: unknown.id, save: 'new' }))).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/firstName, lastName.*employeeCode/),
      details: { errors: [{ path: 'caller' }] },
    });
    const copy = await world.ask(agent, k.createRequest, { contactId: holder.id });
    expect(await refusal(world.ask(agent, k.saveCaller, { id: copy.id, save: 'new' }))).toMatchObject({
      code: 'email-taken',
      details: { contactId: holder.id, errors: [{ path: 'caller.emails[0].address' }] },
    });
    expect(await world.ask(agent, k.getRequest, { id: copy.id })).toEqual(copy);
    // The colleague of the known contact, who calls from the same desk.
    const saved = await world.ask(agent, k.saveCaller, { id: copy.id, save: 'new', fields: ['firstName', 'lastName', 'phones'] });
    expect(saved.saved).toMatchObject({ fields: ['firstName', 'lastName', 'phones'] });
    expect(saved.contactId).not.toBe(holder.id);
    expect(await world.ask(agent, k.getContact, { id: saved.saved.contactId })).toMatchObject({
      emails: [],
      externalIds: [],
      phones: holder.phones,
    });
  });

  it('differences list field by field what saving changes, and saving changes exactly that', async () => {
    const agent = anAgent();
    await world.ask(agent, k.changeSettings, {
      change: {
        customFields: ['size', 'color', 'shape'].map((key) => ({ key, label: key, kind: 'text' as const, for: 'contact' as const })),
      },
    });
    const contact = await world.ask(agent, k.createContact, rich({ customFields: { size: 'L', color: 'red' } }));
    const { id } = await world.ask(agent, k.createRequest, { contactId: contact.id });
    expect((await world.ask(agent, k.getRequestDifferences, { id })).items).toEqual([]);
    await world.ask(agent, k.changeRequest, {
      id,
      change: {
        // The same list again is no difference.
        caller: {
          lastName: 'Meier',
          jobTitle: null,
          emails: contact.emails,
          phones: [{ number: '040 7654321', label: 'neu' }],
          customFields: { size: null, shape: 'round' },
        },
      },
    });
    await world.ask(agent, k.changeContact, { id: contact.id, change: { notes: 'inzwischen' } });
    const { items } = await world.ask(agent, k.getRequestDifferences, { id });
    expect(items).toEqual([
      { field: 'lastName', request: 'Meier', contact: 'Müller' },
      { field: 'jobTitle', request: null, contact: 'Einkauf' },
      {
        field: 'phones',
        request: [{ number: '040 7654321', e164: '+49407654321', kind: 'phone', label: 'neu', primary: true }],
        contact: contact.phones,
      },
      { field: 'notes', request: 'n', contact: 'inzwischen' },
      { field: 'customFields.size', request: null, contact: 'L' },
      { field: 'customFields.shape', request: 'round', contact: null },
    ]);
    const some = await world.ask(agent, k.saveCaller, { id, save: 'changes', fields: ['lastName', 'emails', 'customFields.shape'] });
    expect(some.saved).toEqual({ as: 'changes', contactId: contact.id, fields: ['lastName', 'customFields.shape'] });
    expect(await world.ask(agent, k.getContact, { id: contact.id })).toMatchObject({
      version: 3,
      lastName: 'Meier',
      jobTitle: 'Einkauf',
      customFields: { size: 'L', color: 'red', shape: 'round' },
    });
    const rest = await world.ask(agent, k.saveCaller, { id, save: 'changes' });
    expect(rest.saved.fields).toEqual(['jobTitle', 'phones', 'notes', 'customFields.size']);
    const after = await world.ask(agent, k.getContact, { id: contact.id });
    expect(callerOf(after)).toEqual(rest.caller);
    const [last] = (await world.ask(agent, k.getContactHistory, { id: contact.id })).items;
    expect(last).toMatchObject({ version: 4, change: 'updated', door: 'api', agent: { id: agent.agent?.id } });
    expect(last?.fields.map(({ field }) => field).sort()).toEqual(['customFields', 'jobTitle', 'notes', 'phones']);
    expect((await world.ask(agent, k.saveCaller, { id, save: 'changes' })).saved.fields).toEqual([]);
    expect(await world.ask(agent, k.getContact, { id: contact.id })).toEqual(after);
  });

  it('fields that were never stated change nothing in a contact linked manually', async () => {
    const agent = anAgent();
    const contact = await world.ask(agent, k.createContact, rich());
    const { id } = await world.ask(agent, k.createRequest, { caller: { lastName: 'Neumann', links: [] } });
    const attempts = [
      () => world.ask(agent, k.getRequestDifferences, { id }),
      () => world.ask(agent, k.saveCaller, { id, save: 'changes' }),
    ];
    for (const attempt of attempts)
      expect(await refusal(attempt())).toMatchObject({ code: 'conflict', message: expect.stringContaining('linked to no contact') });
    await world.ask(agent, k.changeRequest, { id, change: { contactId: contact.id } });
    await world.ask(agent, k.saveCaller, { id, save: 'changes' });
    expect(await world.ask(agent, k.getContact, { id: contact.id })).toEqual({
      ...contact,
      duplicates: undefined,
      lastName: 'Neumann',
      displayName: 'Anna M. Neumann',
      links: [],
      version: 2,
      updatedAt: expect.any(String),
    });
  });
});

describe('access and deleting', () => {
  it('2.10 a request of a restricted contact or customer does not exist for others, even if the contact is in the bin', async () => {
    const admin = anAgent();
    const other = await colleague(admin);
    const { id: customerId } = await world.ask(admin, k.createCustomer, aCustomer());
    const contact = await world.ask(admin, k.createContact, rich({ customerId }));
    const { id } = await world.ask(admin, k.createRequest, { contactId: contact.id, customerId: null, subject: 'geheim' });
    const ofCustomer = await world.ask(admin, k.createRequest, { customerId });
    const sees = async () => (await world.ask(other, k.listRequests, { sort: 'number' })).items.map(({ number }) => number);
    expect(await sees()).toEqual([1, 2]);
    await world.ask(admin, k.changeContact, { id: contact.id, change: { access: { restricted: true } } });
    expect(await sees()).toEqual([2]);
    const attempts = () => [
      world.ask(other, k.getRequest, { id }),
      world.ask(other, k.changeRequest, { id, change: { subject: 'x' } }),
      world.ask(other, k.deleteRequest, { id }),
      world.ask(other, k.copyToWorkSite, { id, from: 1 }),
      world.ask(other, k.getRequestDifferences, { id }),
      world.ask(other, k.saveCaller, { id, save: 'changes' }),
    ];
    for (const attempt of attempts()) expect(await refusal(attempt)).toMatchObject({ code: 'not-found' });
    await world.ask(admin, k.deleteContact, { id: contact.id });
    for (const attempt of attempts()) expect(await refusal(attempt)).toMatchObject({ code: 'not-found' });
    await world.ask(admin, k.changeCustomer, { id: customerId, change: { access: { restricted: true } } });
    expect(await sees()).toEqual([]);
    expect(await refusal(world.ask(anAgent(), k.getRequest, { id: ofCustomer.id }))).toMatchObject({ code: 'not-found' });
    expect(await world.ask(admin, k.getRequest, { id })).toMatchObject({ subject: 'geheim' });
  });

  it('2.10, 2.11 read-only access: with read rights on the contact, and for light agents', async () => {
    const admin = anAgent();
    const other = await colleague(admin);
    const employeeCode = aCode();
    const access = { restricted: true, agents: [{ id: other.agent?.id ?? '', rights: 'read' as const }] };
    const contact = await world.ask(admin, k.createContact, rich({ employeeCode, access }));
    const { id } = await world.ask(admin, k.createRequest, { contactId: contact.id });
    for (const reader of [other, again(admin, { roles: ['light_agent'], agent: { id: other.agent?.id ?? '', name: 'L' } })]) {
      expect(await world.ask(reader, k.getRequest, { id })).toMatchObject({ id });
      expect((await world.ask(reader, k.getRequestDifferences, { id })).items).toEqual([]);
      for (const attempt of [
        world.ask(reader, k.createRequest, { contactId: contact.id }),
        world.ask(reader, k.createRequest, { employeeCode }),
        world.ask(reader, k.changeRequest, { id, change: { subject: 'x' } }),
        world.ask(reader, k.deleteRequest, { id }),
        world.ask(reader, k.copyToWorkSite, { id, from: 1 }),
        world.ask(reader, k.saveCaller, { id, save: 'new' }),
      ].map(refusal))
        expect(await attempt).toMatchObject({ code: 'forbidden' });
    }
    expect((await world.ask(admin, k.getRequest, { id })).version).toBe(1);
  });

  it('6.1 DELETE moves a request to the bin, and 1.7 deleting a customer includes its requests', async () => {
    const agent = anAgent();
    const { id: customerId } = await world.ask(agent, k.createCustomer, aCustomer());
    const made = await Promise.all([1, 2].map(() => world.ask(again(agent), k.createRequest, { customerId, subject: 'x' })));
    expect(await refusal(world.ask(agent, k.deleteRequest, { id: made[0]?.id ?? '', version: 7 }))).toMatchObject({ code: 'stale' });
    await world.ask(agent, k.deleteRequest, { id: made[0]?.id ?? '', version: 1 });
    expect(await refusal(world.ask(agent, k.getRequest, { id: made[0]?.id ?? '' }))).toMatchObject({ code: 'not-found' });
    expect((await world.ask(agent, k.listRequests, {})).items.map(({ id }) => id)).toEqual([made[1]?.id]);
    await world.ask(agent, k.deleteCustomer, { id: customerId });
    expect((await world.ask(agent, k.listRequests, {})).items).toEqual([]);
    const units = await inDatabase(agent, (tx) => tx.query('select kind, entry_id, name, counts from bin order by deleted_at'));
    expect(units).toMatchObject([
      { kind: 'request', entry_id: made[0]?.id, name: 'x', counts: { requests: 1, contacts: 0 } },
      { kind: 'customer', entry_id: customerId, counts: { requests: 1 } },
    ]);
  });

  it('6.3 erasing a contact deletes every request that was ever linked to it', async () => {
    const agent = anAgent();
    const contact = await world.ask(agent, k.createContact, rich());
    const [linked, unlinked, binned, foreign] = [
      await world.ask(agent, k.createRequest, { contactId: contact.id }),
      await world.ask(agent, k.createRequest, { contactId: contact.id }),
      await world.ask(agent, k.createRequest, { contactId: contact.id }),
      await world.ask(agent, k.createRequest, { caller: { firstName: 'Otto' } }),
    ];
    await world.ask(agent, k.changeRequest, { id: unlinked.id, change: { contactId: null } });
    await world.ask(agent, k.deleteRequest, { id: binned.id });
    expect(await inDatabase(agent, (tx) => forgetRequests(tx, [contact.id]))).toBe(3);
    expect((await world.ask(agent, k.listRequests, {})).items.map(({ id }) => id)).toEqual([foreign.id]);
    expect(await inDatabase(agent, (tx) => tx.query('select 1 from bin'))).toEqual([]);
    expect(linked.number).toBe(1);
  });
});

/** Runs work in the database as the service does, where no request of the API does it. */
async function inDatabase<T>(agent: Context, work: Parameters<Database['transaction']>[0]): Promise<T> {
  const db = await Database.connect({ name: 'test', url: world.env('customer').KONTOR_DATABASE_URL ?? '', poolSize: 1 });
  try {
    return (await runAs(again(agent), () => db.transaction(work))) as T;
  } finally {
    await db.close();
  }
}
