import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { aContact, again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { refusal } from './refusal.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

describe('contacts', () => {
  it('2.2 an external id belongs to one contact of the tenant; the language is a BCP 47 tag in canonical form', async () => {
    const agent = anAgent();
    const externalIds = [
      { source: 'crm', id: '7' },
      { source: 'erp', id: '7' },
    ];
    const made = await world.ask(again(agent), k.createContact, aContact({ externalIds, language: 'zh-hans-cn' }));
    expect(made).toMatchObject({ externalIds, language: 'zh-Hans-CN' });
    expect((await world.ask(again(agent), k.listContacts, { externalId: 'erp:7' })).items.map(({ id }) => id)).toEqual([made.id]);
    expect(await refusal(world.ask(again(agent), k.createContact, aContact({ externalIds: [{ source: 'crm', id: '7' }] })))).toMatchObject({
      code: 'conflict',
      details: { errors: [{ path: 'externalIds', code: 'taken' }] },
    });
    await world.ask(anAgent(), k.createContact, aContact({ externalIds })); // another tenant
    expect(await refusal(world.ask(again(agent), k.createContact, aContact({ language: 'no language' })))).toMatchObject({
      details: { errors: [{ path: 'language' }] },
    });
  });

  it('2.3 one value of each list is primary: the marked one, else the first; a fax only if there is no other number', async () => {
    const agent = anAgent();
    const primaryPhone = async (phones: object[]) =>
      (await world.ask(again(agent), k.createContact, aContact({ phones: phones as never }))).phones.findIndex(({ primary }) => primary);
    expect(await primaryPhone([{ number: '030 1' }, { number: '030 2' }])).toBe(0);
    expect(await primaryPhone([{ number: '030 1', kind: 'fax' }, { number: '030 2' }])).toBe(1);
    expect(
      await primaryPhone([
        { number: '030 1', kind: 'fax' },
        { number: '030 2', kind: 'fax' },
      ]),
    ).toBe(0);
    expect(await primaryPhone([{ number: '030 1' }, { number: '030 2', primary: true }])).toBe(1);
    const two = [
      { address: 'a@x.example', primary: true },
      { address: 'b@x.example', primary: true },
    ];
    expect(await refusal(world.ask(again(agent), k.createContact, aContact({ emails: two })))).toMatchObject({
      details: { errors: [{ path: 'emails[1].primary', code: 'two-primaries' }] },
    });
    const summary = (await world.ask(again(agent), k.listContacts, { phone: '030 2', sort: '-createdAt' })).items[0];
    expect(summary?.phone).toBe('030 2');
  });

  it('2.3 values are deleted individually; if the primary one is deleted, another one becomes primary', async () => {
    const agent = anAgent();
    const made = await world.ask(
      again(agent),
      k.createContact,
      aContact({ phones: [{ number: '030 1', label: 'work' }, { number: '030 2' }, { number: '030 3', kind: 'mobile' }] }),
    );
    const left = made.phones.slice(1).map(({ primary: _, ...phone }) => phone);
    const changed = await world.ask(again(agent), k.changeContact, { id: made.id, change: { phones: left } });
    expect(changed.phones.map(({ number, kind, primary }) => [number, kind, primary])).toEqual([
      ['030 2', 'phone', true],
      ['030 3', 'mobile', false],
    ]);
    expect(changed.emails).toEqual(made.emails);
    expect((await world.ask(again(agent), k.listContacts, { phone: '030 1' })).items).toEqual([]);
    expect((await world.ask(again(agent), k.changeContact, { id: made.id, change: { phones: [] } })).phones).toEqual([]);
  });

  it('2.4 an address has all parts and a popular name; an empty one is refused', async () => {
    const agent = anAgent();
    const address = {
      line1: 'Alexanderstraße 7',
      line2: 'Aufgang B',
      city: 'Berlin',
      state: 'BE',
      postalCode: '10178',
      country: 'Deutschland',
      alias: 'Alexanderplatz',
    };
    const made = await world.ask(again(agent), k.createContact, aContact({ addresses: [address, { alias: 'Alex' }] }));
    expect(made.addresses).toEqual([
      { ...address, primary: true },
      { alias: 'Alex', primary: false },
    ]);
    // As search indexes it.
    const { contacts } = await world.ask(again(agent), k.getEntries, { ids: [made.id] });
    expect(contacts[0]?.addresses.map(({ alias }) => alias)).toEqual(['Alexanderplatz', 'Alex']);
    expect(await refusal(world.ask(again(agent), k.createContact, aContact({ addresses: [{ label: 'work' }] })))).toMatchObject({
      details: { errors: [{ path: 'addresses[0]' }] },
    });
  });

  it('2.5 phones and e-mails are stored as typed; phones also in E.164, e-mails are compared without case', async () => {
    const agent = anAgent();
    const made = await world.ask(
      again(agent),
      k.createContact,
      aContact({ phones: [{ number: '030 / 123 45-67' }, { number: '+43 1 5132345' }], emails: [{ address: 'Anna.MÜLLER@Post.example' }] }),
    );
    expect(made.phones.map(({ number, e164 }) => [number, e164])).toEqual([
      ['030 / 123 45-67', '+49301234567'],
      ['+43 1 5132345', '+4315132345'],
    ]);
    expect(made.emails[0]?.address).toBe('Anna.MÜLLER@Post.example');
    const found = async (filter: object) => (await world.ask(again(agent), k.listContacts, filter)).items.length;
    expect([await found({ email: 'anna.müller@POST.example' }), await found({ phone: '+49 30 1234567' })]).toEqual([1, 1]);
  });

  it('2.6 the error for a taken e-mail does not name a contact hidden from the caller', async () => {
    const boss = anAgent();
    const agent = anAgent({ tenant: boss.tenant, roles: ['agent'] });
    const emails = [{ address: 'taken@post.example' }];
    const hidden = await world.ask(again(boss), k.createContact, aContact({ firstName: 'Geheim', emails, access: { restricted: true } }));
    const error = await refusal(world.ask(again(agent), k.createContact, aContact({ emails })));
    expect(error.code).toBe('email-taken');
    expect(JSON.stringify([error.message, error.details])).not.toMatch(new RegExp(`Geheim|${hidden.id}`));
    const named = await refusal(world.ask(again(boss), k.createContact, aContact({ emails })));
    expect(named).toMatchObject({ code: 'email-taken', details: { contactId: hidden.id } });
  });

  it('2.7 the default types are cold, warm, hot; a tag exists while an entry has it', async () => {
    const agent = anAgent();
    expect((await world.ask(again(agent), k.getSettings, {})).types).toEqual(['cold', 'warm', 'hot']);
    const made = await world.ask(again(agent), k.createContact, aContact({ tags: ['neu', 'neu', 'zwei'] }));
    expect(made.tags).toEqual(['neu', 'zwei']);
    const tags = async () => (await world.ask(again(agent), k.listTags, {})).items.map(({ tag, contacts }) => [tag, contacts]);
    expect(await tags()).toEqual([
      ['neu', 1],
      ['zwei', 1],
    ]);
    await world.ask(again(agent), k.changeContact, { id: made.id, change: { tags: ['zwei'] } });
    expect(await tags()).toEqual([['zwei', 1]]);
    await world.ask(again(agent), k.deleteContact, { id: made.id });
    expect(await tags()).toEqual([]);
  });

  it('2.8 custom fields have eight kinds, each with its own valid values', async () => {
    const agent = anAgent();
    const options = ['red', 'blue'];
    const kinds = ['text', 'long_text', 'number', 'date', 'checkbox', 'select', 'multi_select', 'heading'] as const;
    const customFields = kinds.map((kind) => ({
      key: kind,
      label: kind,
      kind,
      for: 'contact' as const,
      ...(kind.endsWith('select') && { options }),
    }));
    await world.ask(again(agent), k.changeSettings, { change: { customFields } });
    const good = {
      text: 'a',
      long_text: 'b',
      number: 1.5,
      date: '2026-02-28',
      checkbox: false,
      select: 'red',
      multi_select: ['red', 'blue'],
    };
    const made = await world.ask(again(agent), k.createContact, aContact({ customFields: good }));
    expect(made.customFields).toEqual(good);
    const bad = {
      text: 1,
      long_text: true,
      number: '1',
      date: '2026-02-30',
      checkbox: 'yes',
      select: 'green',
      multi_select: ['green'],
      heading: 'x',
    };
    const error = await refusal(world.ask(again(agent), k.createContact, aContact({ customFields: { ...bad, unknown: 'x' } })));
    expect(error.details.errors?.map(({ path }) => path).sort()).toEqual([...kinds, 'unknown'].map((key) => `customFields.${key}`).sort());
    const cleared = await world.ask(again(agent), k.changeContact, { id: made.id, change: { customFields: { text: null, number: 2 } } });
    const { text: _, ...others } = good;
    expect(cleared.customFields).toEqual({ ...others, number: 2 });
  });

  it('2.12 an access list has at most 60 teams', async () => {
    const agent = anAgent();
    const teams = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `Team ${i}`, rights: 'read' as const }));
    const make = (n: number) => world.ask(again(agent), k.createContact, aContact({ access: { restricted: true, teams: teams(n) } }));
    expect((await make(60)).access.teams).toHaveLength(60);
    expect(await refusal(make(61))).toMatchObject({ code: 'invalid', details: { errors: [{ path: 'access.teams' }] } });
  });

  it('10 of two concurrent changes with a version the second is refused with the changed fields; without a version no change is lost', async () => {
    const one = anAgent();
    const two = anAgent({ tenant: one.tenant });
    const { id, version } = await world.ask(again(one), k.createContact, aContact({ jobTitle: 'CEO', notes: 'old' }));
    const attempts = await Promise.allSettled([
      world.ask(again(one), k.changeContact, { id, version, change: { jobTitle: 'CTO', tags: ['one'] } }),
      world.ask(again(two), k.changeContact, { id, version, change: { jobTitle: 'CFO', notes: 'new' } }),
    ]);
    expect(attempts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const first = attempts[0]?.status === 'fulfilled';
    const lost = attempts.find((attempt) => attempt.status === 'rejected')?.reason;
    expect(lost).toMatchObject({
      code: 'stale',
      details: first
        ? { version: 2, changed: ['jobTitle', 'tags'], current: { jobTitle: 'CTO', tags: ['one'], notes: 'old' } }
        : { version: 2, changed: ['jobTitle', 'notes'], current: { jobTitle: 'CFO', notes: 'new', tags: [] } },
    });
    const fields = ['firstName', 'middleName', 'lastName', 'companyName', 'birthday'] as const;
    await Promise.all(
      fields.map((field) =>
        world.ask(again(one), k.changeContact, { id, change: { [field]: field === 'birthday' ? '1990-01-01' : `new ${field}` } }),
      ),
    );
    const now = await world.ask(again(one), k.getContact, { id });
    expect(now.version).toBe(2 + fields.length);
    for (const field of fields) expect(now[field]).toBe(field === 'birthday' ? '1990-01-01' : `new ${field}`);
  });
});
