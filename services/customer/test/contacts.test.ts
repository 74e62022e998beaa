import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { refusal } from './refusal.js';

let world: World;
const heard: { subject: string; changes: k.Change[]; tenant: string }[] = [];
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  world.bus.connection.subscribe('events.>', {
    callback: (_, m) => {
      heard.push({ subject: m.subject, tenant: m.headers?.get('Kontor-Tenant') ?? '', ...(m.json() as { changes: k.Change[] }) });
    },
  });
});
afterAll(() => world.stop());

/** The events of one tenant, by noun, in order. */
const told = (agent: Context, noun: string) =>
  heard.filter((h) => h.tenant === agent.tenant && h.subject.startsWith(`events.${noun}.`)).flatMap((h) => h.changes);

describe('contacts', () => {
  it('2.2 stores every field, and 2.3 marks the primary values', async () => {
    const agent = anAgent();
    await world.ask(agent, k.seeAgent, {});
    const given = {
      firstName: 'Anna',
      middleName: 'M.',
      lastName: 'Müller',
      employeeCode: 'E-1',
      companyName: 'Frei',
      jobTitle: 'Einkauf',
      notes: 'n',
      language: 'de',
      birthday: '1990-02-28',
      externalIds: [{ source: 'crm', id: '7' }],
      type: 'warm',
      tags: ['vip'],
      emails: [{ address: 'Anna@Post.example', label: 'work' }, { address: 'privat@post.example' }],
      phones: [
        { number: '030 123 45 67', kind: 'fax' as const },
        { number: '0170/1234567', kind: 'mobile' as const },
      ],
      addresses: [{ line1: 'Platz 1', city: 'Berlin', postalCode: '10178', country: 'Deutschland', alias: 'Alexanderplatz' }],
      links: [{ url: 'https://anna.example' }],
    };
    const contact = await world.ask(agent, k.createContact, given);
    expect(contact).toMatchObject({
      ...given,
      displayName: 'Anna M. Müller',
      ownerId: agent.agent?.id,
      customerId: null,
      isPrimaryContact: false,
      emails: [
        { address: 'Anna@Post.example', label: 'work', primary: true },
        { address: 'privat@post.example', primary: false },
      ],
      phones: [
        { number: '030 123 45 67', e164: '+49301234567', kind: 'fax', primary: false },
        { e164: '+491701234567', kind: 'mobile', primary: true },
      ],
      addresses: [{ alias: 'Alexanderplatz', primary: true }],
      links: [{ kind: 'website', primary: true }],
    });
    await eventually(() => expect(told(agent, 'contact')).toEqual([{ id: contact.id, version: 1, change: 'created' }]));
  });

  it('2.1 refuses a contact without identifying data, and lists the possible fields', async () => {
    const error = await refusal(world.ask(anAgent(), k.createContact, { jobTitle: 'CEO' }));
    expect(error.code).toBe('invalid');
    expect(error.message).toMatch(/firstName, lastName.*employeeCode/);
  });

  it.each([
    [{ firstName: 'A' }],
    [{ emails: [{ address: 'only@mail.example' }] }],
    [{ phones: [{ number: '030 555' }] }],
    [{ addresses: [{ city: 'Bonn' }] }],
    [{ employeeCode: 'X1' }],
  ])('2.1 accepts %j', async (given) => {
    await expect(world.ask(anAgent(), k.createContact, given)).resolves.toMatchObject({ version: 1 });
  });

  it('2.6 a primary e-mail is unique without case among contacts outside the bin; the 409 names the other contact', async () => {
    const agent = anAgent();
    const first = await world.ask(agent, k.createContact, aContact({ emails: [{ address: 'One@Post.example' }] }));
    const error = await refusal(world.ask(agent, k.createContact, aContact({ emails: [{ address: 'one@post.EXAMPLE' }] })));
    expect(error).toMatchObject({ code: 'email-taken', details: { contactId: first.id } });
    await world.ask(anAgent(), k.createContact, aContact({ emails: [{ address: 'one@post.example' }] })); // another tenant
    await world.ask(agent, k.createContact, aContact({ emails: [{ address: 'x@post.example' }, { address: 'one@post.example' }] })); // not primary
    await world.ask(agent, k.deleteContact, { id: first.id });
    await world.ask(agent, k.createContact, aContact({ emails: [{ address: 'one@post.example' }] }));
  });

  it('2.6 50 concurrent creates with the same e-mail create one contact', async () => {
    const agent = anAgent();
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, () => world.ask(again(agent), k.createContact, aContact({ emails: [{ address: 'race@post.example' }] }))),
    );
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of all) if (one.status === 'rejected') expect(one.reason.code).toBe('email-taken');
  });

  it('10 50 concurrent creates with one Idempotency-Key create one contact and get the same response; another body is refused', async () => {
    const agent = anAgent({ idempotencyKey: 'key 1' });
    const input = aContact();
    const all = await Promise.all(Array.from({ length: 50 }, () => world.ask(again(agent), k.createContact, input)));
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(await refusal(world.ask(agent, k.createContact, aContact()))).toMatchObject({ code: 'key-reused' });
    expect((await world.ask(agent, k.listContacts, {})).items).toHaveLength(1);
  });

  it('10 PATCH is a merge patch: absent fields stay, null clears, a list replaces; the version increases only if something changed', async () => {
    const agent = anAgent();
    const made = await world.ask(agent, k.createContact, aContact({ jobTitle: 'CEO', tags: ['a', 'b'] }));
    const changed = await world.ask(agent, k.changeContact, {
      id: made.id,
      version: 1,
      change: { jobTitle: null, tags: ['c'], lastName: 'Meier' },
    });
    expect(changed).toMatchObject({ version: 2, jobTitle: null, tags: ['c'], lastName: 'Meier', firstName: 'Anna', emails: made.emails });
    expect(await world.ask(agent, k.changeContact, { id: made.id, change: { lastName: 'Meier' } })).toMatchObject({ version: 2 });
    await eventually(() =>
      expect(told(agent, 'contact')[1]).toEqual({ id: made.id, version: 2, change: 'updated', fields: ['lastName', 'jobTitle', 'tags'] }),
    );
    expect(await refusal(world.ask(agent, k.changeContact, { id: made.id, version: 1, change: { notes: 'x' } }))).toMatchObject({
      code: 'stale',
      details: { version: 2, current: { notes: null } },
    });
    expect(
      await refusal(world.ask(agent, k.changeContact, { id: made.id, change: { lastName: null, firstName: null, emails: [] } })),
    ).toMatchObject({ code: 'invalid' });
  });

  it('2.7, 2.8 types and custom fields are defined by the tenant; unknown ones are refused by name', async () => {
    const agent = anAgent();
    await world.ask(agent, k.changeSettings, {
      change: { types: ['lead'], customFields: [{ key: 'size', label: 'Size', kind: 'number', for: 'contact' }] },
    });
    const error = await refusal(
      world.ask(agent, k.createContact, aContact({ type: 'warm', customFields: { size: 'big', color: 'red' }, ownerId: undefined })),
    );
    expect(error.details.errors?.map((e) => e.path).sort()).toEqual(['customFields.color', 'customFields.size', 'type']);
    const made = await world.ask(agent, k.createContact, aContact({ type: 'lead', customFields: { size: 3 } }));
    expect(made).toMatchObject({ type: 'lead', customFields: { size: 3 } });
    expect(await refusal(world.ask(agent, k.changeSettings, { change: { types: [] } }))).toMatchObject({
      code: 'conflict',
      details: { used: 1 },
    });
    expect(await refusal(world.ask(agent, k.changeSettings, { change: { customFields: [] } }))).toMatchObject({
      code: 'conflict',
      details: { used: 1 },
    });
  });

  it('2.5 a number without a country code is parsed with the country of the tenant', async () => {
    const agent = anAgent();
    await world.ask(agent, k.changeSettings, { change: { country: 'AT' } });
    expect(await world.ask(agent, k.createContact, aContact({ phones: [{ number: '01 5132345' }] }))).toMatchObject({
      phones: [{ e164: '+4315132345' }],
    });
  });

  it('1.2 an unknown owner or customer is refused with its field', async () => {
    const agent = anAgent();
    const nobody = anAgent().tenant;
    expect(await refusal(world.ask(agent, k.createContact, aContact({ ownerId: nobody })))).toMatchObject({
      details: { errors: [{ path: 'ownerId' }] },
    });
    expect(await refusal(world.ask(agent, k.createContact, aContact({ customerId: nobody })))).toMatchObject({
      details: { errors: [{ path: 'customerId' }] },
    });
  });

  it('contacts of another tenant, in the bin, and unknown ones get the same 404', async () => {
    const agent = anAgent();
    const { id } = await world.ask(agent, k.createContact, aContact());
    const answers = [await refusal(world.ask(anAgent(), k.getContact, { id }))];
    await world.ask(agent, k.deleteContact, { id });
    answers.push(
      await refusal(world.ask(agent, k.getContact, { id })),
      await refusal(world.ask(agent, k.changeContact, { id, change: {} })),
      await refusal(world.ask(agent, k.getContact, { id: agent.tenant })),
    );
    expect(new Set(answers.map((a) => `${a.code} ${a.message}`))).toEqual(new Set(['not-found There is no contact with this id']));
    await eventually(() => expect(told(agent, 'contact').at(-1)).toEqual({ id, version: 2, change: 'binned' }));
  });

  it('2.11 a light agent reads and changes nothing', async () => {
    const agent = anAgent();
    const { id } = await world.ask(agent, k.createContact, aContact());
    const light = again(agent, { roles: ['light_agent'] });
    await expect(world.ask(light, k.getContact, { id })).resolves.toMatchObject({ id });
    for (const attempt of [
      world.ask(light, k.createContact, aContact()),
      world.ask(light, k.changeContact, { id, change: {} }),
      world.ask(light, k.deleteContact, { id }),
    ].map(refusal))
      expect(await attempt).toMatchObject({ code: 'forbidden' });
  });
});

describe('bulk', () => {
  it('creates 1,000 in one call, each with its own result, in one event', async () => {
    const agent = anAgent();
    const items: unknown[] = Array.from({ length: 996 }, () => aContact());
    items.splice(500, 0, { jobTitle: 'nobody' }, { firstName: 1 }, { firstName: 'A', color: 'red' }, { ...(items[0] as object) });
    const { items: results } = await world.ask(agent, k.createContacts, { items });
    expect(results).toHaveLength(1000);
    expect(results.map((r) => r.index)).toEqual(items.map((_, i) => i));
    expect(results.filter((r) => r.status !== 201).map((r) => [r.index, r.status, r.problem?.code])).toEqual([
      [500, 400, 'invalid'],
      [501, 400, 'invalid'],
      [502, 400, 'invalid'],
      [503, 409, 'email-taken'],
    ]);
    await eventually(() => expect(heard.filter((h) => h.tenant === agent.tenant).map((h) => h.changes.length)).toEqual([996]));
  });
});

describe('lists', () => {
  it('10 filters, sorts, and pages through everything once', async () => {
    const agent = anAgent();
    const names = ['Zoe', 'Ärmel', 'anna', 'Bob', 'Östlund'];
    for (const firstName of names)
      await world.ask(agent, k.createContact, {
        firstName,
        tags: firstName < 'a' ? ['upper', 'x'] : ['x'],
        phones: [{ number: '030 1234567' }],
        employeeCode: firstName,
      });
    for (const [sort, expected] of [
      ['name', ['anna', 'Ärmel', 'Bob', 'Östlund', 'Zoe']],
      ['-name', ['Zoe', 'Östlund', 'Bob', 'Ärmel', 'anna']],
      ['createdAt', names],
      ['-updatedAt', [...names].reverse()],
    ] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await world.ask(agent, k.listContacts, { sort, limit: 2, cursor });
        seen.push(...page.items.map((item) => item.displayName));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      expect(seen).toEqual(expected);
    }
    const count = async (filter: object) => (await world.ask(agent, k.listContacts, filter)).items.length;
    expect(await count({ tag: ['x', 'upper'] })).toBe(2);
    expect(await count({ phone: '+49 (0)30 1234567' })).toBe(5);
    expect(await count({ employeeCode: 'Bob' })).toBe(1);
    expect(await count({ customerId: 'none', type: 'hot' })).toBe(0);
    expect(await count({ updatedSince: '2100-01-01T00:00:00Z' })).toBe(0);
    expect(await refusal(world.ask(agent, k.listContacts, { cursor: 'x' }))).toMatchObject({ details: { errors: [{ path: 'cursor' }] } });
    expect(await world.ask(agent, k.listTags, {})).toEqual({
      items: [
        { tag: 'upper', contacts: 2, customers: 0 },
        { tag: 'x', contacts: 5, customers: 0 },
      ],
      nextCursor: null,
    });
  });

  it('1.2, 2.12 lists the agents and teams seen in tokens', async () => {
    const agent = anAgent({ teams: ['Support', 'Vertrieb'], agent: { id: anAgent().tenant, name: 'Berta' } });
    await world.ask(agent, k.seeAgent, {});
    await world.ask({ ...agent, agent: { id: anAgent().tenant, name: 'Anton' }, teams: ['Support'] }, k.seeAgent, {});
    expect((await world.ask(agent, k.listAgents, {})).items.map((a) => a.name)).toEqual(['Anton', 'Berta']);
    const first = await world.ask(agent, k.listAgents, { limit: 1 });
    expect((await world.ask(agent, k.listAgents, { limit: 1, cursor: first.nextCursor ?? '' })).items[0]).toMatchObject({
      name: 'Berta',
      teams: ['Support', 'Vertrieb'],
    });
    expect((await world.ask(agent, k.listTeams, {})).items.map((t) => t.name)).toEqual(['Support', 'Vertrieb']);
  });
});

describe('customers', () => {
  it('1.1 only the name is required, 1.2 the creator is the owner, and contacts are created along with it', async () => {
    const agent = anAgent();
    const made = await world.ask(agent, k.createCustomer, {
      name: 'Beispiel GmbH',
      contacts: [aContact(), aContact({ firstName: 'Bert' })],
    });
    expect(made).toMatchObject({
      name: 'Beispiel GmbH',
      ownerId: agent.agent?.id,
      primaryContactId: made.contacts?.[0]?.id,
      contacts: [{ isPrimaryContact: true, customerId: made.id }, { isPrimaryContact: false }],
    });
    expect(await refusal(world.ask(agent, k.createCustomer, { name: ' ' }))).toMatchObject({ details: { errors: [{ path: 'name' }] } });
    expect(await refusal(world.ask(agent, k.createCustomer, { name: 'B', contacts: [aContact(), { jobTitle: 'x' }] }))).toMatchObject({
      details: { errors: [{ path: 'contacts[1]' }] },
    });
    expect((await world.ask(agent, k.listCustomers, {})).items.map((c) => c.displayName)).toEqual(['Beispiel GmbH']);
  });

  it('1.1 a parent that would create a cycle is refused', async () => {
    const agent = anAgent();
    const top = await world.ask(agent, k.createCustomer, aCustomer());
    const middle = await world.ask(agent, k.createCustomer, aCustomer({ parentId: top.id }));
    const low = await world.ask(agent, k.createCustomer, aCustomer({ parentId: middle.id }));
    for (const parentId of [top.id, middle.id, low.id])
      expect(await refusal(world.ask(agent, k.changeCustomer, { id: top.id, change: { parentId } }))).toMatchObject({
        details: { errors: [{ path: 'parentId', code: 'circle' }] },
      });
    const both = await Promise.allSettled([
      world.ask(agent, k.changeCustomer, { id: low.id, change: { parentId: null } }),
      world.ask(agent, k.changeCustomer, { id: top.id, change: { parentId: low.id } }),
    ]);
    expect(both.some((one) => one.status === 'fulfilled')).toBe(true);
  });

  it('1.3 a new contact is assigned to the only customer with its mail domain, unless the tenant has disabled that', async () => {
    const agent = anAgent();
    const firm = await world.ask(agent, k.createCustomer, aCustomer({ domains: ['Firma.example'] }));
    for (const name of ['a', 'b']) await world.ask(agent, k.createCustomer, aCustomer({ name, domains: ['shared.example'] }));
    const create = (domain: string, more = {}) =>
      world.ask(agent, k.createContact, aContact({ emails: [{ address: `${Math.random()}@${domain}` }], ...more }));
    expect(await create('FIRMA.example')).toMatchObject({ customerId: firm.id, isPrimaryContact: true });
    expect(await create('firma.example', { customerId: null })).toMatchObject({ customerId: null });
    expect(await create('shared.example')).toMatchObject({ customerId: null });
    await world.ask(agent, k.changeSettings, { change: { assignByMailDomain: false } });
    expect(await create('firma.example')).toMatchObject({ customerId: null });
  });

  it('1.5 one primary contact: the first one by default; choosing another one replaces it; if it leaves, the oldest remaining one becomes primary', async () => {
    const agent = anAgent();
    const firm = await world.ask(agent, k.createCustomer, aCustomer());
    const people = [];
    for (let i = 0; i < 3; i++) people.push(await world.ask(agent, k.createContact, aContact({ customerId: firm.id })));
    const [a, b, c] = people.map((p) => p.id) as [string, string, string];
    const primaries = async () =>
      (await Promise.all([a, b, c].map((id) => world.ask(agent, k.getContact, { id }).catch(() => undefined)))).map(
        (p) => p?.isPrimaryContact,
      );
    expect(await primaries()).toEqual([true, false, false]);
    await world.ask(agent, k.changeCustomer, { id: firm.id, change: { primaryContactId: c } });
    expect(await primaries()).toEqual([false, false, true]);
    await eventually(() =>
      expect(
        told(agent, 'contact')
          .filter((x) => x.fields?.includes('isPrimaryContact'))
          .map((x) => x.id)
          .sort(),
      ).toEqual([a, c].sort()),
    );
    await world.ask(agent, k.deleteContact, { id: c });
    expect(await primaries()).toEqual([true, false, undefined]);
    await world.ask(agent, k.changeContact, { id: a, change: { customerId: null } });
    expect(await primaries()).toEqual([false, true, undefined]);
    expect(await refusal(world.ask(agent, k.changeCustomer, { id: firm.id, change: { primaryContactId: a } }))).toMatchObject({
      details: { errors: [{ path: 'primaryContactId' }] },
    });
    await world.ask(agent, k.deleteContact, { id: b });
    expect(await world.ask(agent, k.getCustomer, { id: firm.id })).toMatchObject({ primaryContactId: null });
  });

  it('1.7 deleting moves the departments below and all their contacts to the bin', async () => {
    const agent = anAgent();
    const top = await world.ask(agent, k.createCustomer, aCustomer({ contacts: [aContact()] }));
    const below = await world.ask(agent, k.createCustomer, aCustomer({ parentId: top.id, contacts: [aContact(), aContact()] }));
    const other = await world.ask(agent, k.createCustomer, aCustomer({ contacts: [aContact()] }));
    await world.ask(agent, k.deleteCustomer, { id: top.id, version: top.version });
    expect((await world.ask(agent, k.listCustomers, {})).items.map((c) => c.id)).toEqual([other.id]);
    expect((await world.ask(agent, k.listContacts, {})).items.map((c) => c.id)).toEqual([other.contacts?.[0]?.id]);
    await eventually(() =>
      expect(
        told(agent, 'customer')
          .filter((x) => x.change === 'binned')
          .map((x) => x.id)
          .sort(),
      ).toEqual([top.id, below.id].sort()),
    );
    await eventually(() => expect(told(agent, 'contact').filter((x) => x.change === 'binned')).toHaveLength(3));
  });
});

describe('import batches', () => {
  const batch = (rows: k.ImportRow[], more = {}) => ({ importId: anAgent().tenant, number: 0, onKnown: 'update' as const, rows, ...more });
  const statuses = (answer: { outcomes: k.RowOutcome[] }) => answer.outcomes.map((o) => o.status);

  it('creates, updates, skips and rejects rows; the same batch again changes nothing and gets the same response', async () => {
    const agent = anAgent({ door: 'import', lane: 'bulk' });
    const known = await world.ask(agent, k.createContact, aContact({ emails: [{ address: 'known@x.example' }], jobTitle: 'CEO' }));
    const input = batch([
      { firstName: 'N', emails: ['new@x.example'] },
      { lastName: 'Changed', emails: ['KNOWN@x.example'] },
      { jobTitle: 'nobody' },
      { middleName: 'Q', emails: ['new@x.example'] },
    ]);
    const first = await world.ask(agent, k.importContacts, input);
    expect(statuses(first)).toEqual(['created', 'updated', 'rejected', 'updated']);
    expect(await world.ask(agent, k.importContacts, input)).toEqual(first);
    expect(await world.ask(agent, k.getContact, { id: known.id })).toMatchObject({
      version: 2,
      lastName: 'Changed',
      firstName: 'Anna',
      jobTitle: 'CEO',
    });
    expect(await world.ask(agent, k.getContact, { id: first.outcomes[0]?.id ?? '' })).toMatchObject({
      firstName: 'N',
      middleName: 'Q',
      version: 1,
    });
    const events = await eventually(() => {
      const bulk = heard.filter((h) => h.tenant === agent.tenant && h.subject.endsWith('.bulk') && h.changes.length === 2);
      expect(bulk).toHaveLength(1);
      return bulk;
    });
    expect(events[0]?.changes.map((c) => c.change).sort()).toEqual(['created', 'updated']);
  });

  it('7.5 skip leaves known contacts unchanged; create keeps a taken address as a non-primary one, with a warning', async () => {
    const agent = anAgent();
    await world.ask(agent, k.createContact, aContact({ emails: [{ address: 'k@x.example' }] }));
    const row = { firstName: 'K', emails: ['k@x.example'] };
    expect(statuses(await world.ask(agent, k.importContacts, batch([row], { onKnown: 'skip' })))).toEqual(['skipped']);
    const made = await world.ask(agent, k.importContacts, batch([row, row], { onKnown: 'create' }));
    expect(made.outcomes).toMatchObject(
      [{ status: 'created', warnings: [/not primary/] }, { status: 'created' }].map((o) => ({ status: o.status })),
    );
    expect(made.outcomes[0]?.warnings?.[0]).toMatch(/kept here as a non-primary address/);
    expect(await world.ask(agent, k.getContact, { id: made.outcomes[1]?.id ?? '' })).toMatchObject({
      emails: [{ address: 'k@x.example', primary: false }],
    });
  });

  it('concurrent batches of two imports with the same people create each contact once', async () => {
    const agent = anAgent();
    const rows = Array.from({ length: 200 }, (_, i) => ({ firstName: 'P', emails: [`p${i}@x.example`] }));
    const answers = await Promise.all(
      [rows, [...rows].reverse(), rows].map((one) => world.ask(again(agent), k.importContacts, batch(one))),
    );
    expect(answers.flatMap(statuses).filter((s) => s === 'created')).toHaveLength(200);
    expect(answers.flatMap(statuses).filter((s) => s === 'updated')).toHaveLength(400);
  });

  it('1.3, 1.5 imported contacts are assigned to their customer by mail domain, and the first one becomes its primary contact', async () => {
    const agent = anAgent();
    const firm = await world.ask(agent, k.createCustomer, aCustomer({ domains: ['firma.example'] }));
    const { outcomes } = await world.ask(
      agent,
      k.importContacts,
      batch(['a', 'b'].map((n) => ({ firstName: n, emails: [`${n}@firma.example`] }))),
    );
    expect(await world.ask(agent, k.getCustomer, { id: firm.id })).toMatchObject({ primaryContactId: outcomes[0]?.id });
    expect((await world.ask(agent, k.listCustomerContacts, { id: firm.id })).items).toHaveLength(2);
  });

  it('commits 1,000 rows in one transaction', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      firstName: `F${i}`,
      lastName: 'L',
      emails: [`${i}@big.example`],
      phones: [{ number: '030 1234567', kind: 'phone' as const, slot: 0 }],
      tags: ['t', 'u'],
      address: { line1: 'S 1', city: 'Berlin' },
    }));
    const agent = anAgent();
    for (let n = 0; n < 5; n++) {
      const start = performance.now();
      const answer = await world.ask(agent, k.importContacts, batch(rows.map((r) => ({ ...r, emails: [`${n}.${r.emails[0]}`] }))));
      if (process.env.KONTOR_TEST_TIMES) console.log(`${Math.round(performance.now() - start)} ms per batch`);
      expect(new Set(statuses(answer))).toEqual(new Set(['created']));
    }
  });
});
