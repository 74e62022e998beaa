import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { refusal } from './refusal.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

/** Agents of one tenant: an admin, an owner, one without rights, and any others that are requested. */
async function aTenant() {
  const admin = anAgent();
  const agent = async (given: Partial<Context> = {}): Promise<Context> => {
    const one = anAgent({ tenant: admin.tenant, roles: ['agent'], ...given });
    await world.ask(one, k.seeAgent, {});
    return one;
  };
  await world.ask(admin, k.seeAgent, {});
  return { admin, owner: await agent(), stranger: await agent(), agent };
}
const idOf = (agent: Context) => agent.agent?.id ?? '';
const SECRET = 'Geheim';

describe('2.10 access', () => {
  it('2.10 hidden entries do not exist for an agent: get, list, counts, history, entries, e-mail conflicts, changes', async () => {
    const { admin, owner, stranger } = await aTenant();
    const address = `${randomUUID()}@geheim.example`;
    const contact = await world.ask(
      owner,
      k.createContact,
      aContact({ firstName: SECRET, tags: [SECRET], emails: [{ address }], access: { restricted: true } }),
    );
    for (const sees of [admin, owner]) expect((await world.ask(again(sees), k.getContact, { id: contact.id })).id).toBe(contact.id);
    const hidden: [string, Promise<unknown>][] = [
      ['get', world.ask(again(stranger), k.getContact, { id: contact.id })],
      ['change', world.ask(again(stranger), k.changeContact, { id: contact.id, change: { firstName: 'x' } })],
      ['delete', world.ask(again(stranger), k.deleteContact, { id: contact.id })],
      ['history', world.ask(again(stranger), k.getContactHistory, { id: contact.id })],
    ];
    for (const [what, refused] of hidden.map(([what, asked]) => [what, refusal(asked)] as const))
      expect([what, (await refused).code]).toEqual([what, 'not-found']);
    expect((await world.ask(again(stranger), k.listContacts, {})).items).toEqual([]);
    expect((await world.ask(again(stranger), k.listContacts, { email: address })).items).toEqual([]);
    expect((await world.ask(again(stranger), k.getEntries, { ids: [contact.id] })).contacts).toEqual([]);
    const clash = await refusal(world.ask(again(stranger), k.createContact, aContact({ emails: [{ address }] })));
    expect(clash.code).toBe('email-taken');
    expect(JSON.stringify(clash) + clash.message).not.toMatch(new RegExp(`${SECRET}|${contact.id}`));
  });

  it('2.10 agents and teams have read or write rights; the lesser right of contact and customer applies', async () => {
    const { owner, agent } = await aTenant();
    const reader = await agent();
    const writer = await agent();
    const inTeam = await agent({ teams: ['Nord'] });
    const customer = await world.ask(
      owner,
      k.createCustomer,
      aCustomer({
        access: {
          restricted: true,
          agents: [
            { id: idOf(reader), rights: 'read' },
            { id: idOf(writer), rights: 'write' },
          ],
          teams: [{ name: 'Nord', rights: 'write' }],
        },
      }),
    );
    // Unrestricted itself, but its customer is restricted.
    const open = await world.ask(owner, k.createContact, aContact({ customerId: customer.id }));
    const readOnlyForTeam = await world.ask(
      owner,
      k.createContact,
      aContact({ customerId: customer.id, access: { restricted: true, teams: [{ name: 'Nord', rights: 'read' }] } }),
    );
    const rights = async (who: Context, id: string) => {
      const change = { notes: randomUUID() };
      return world.ask(again(who), k.changeContact, { id, change }).then(
        () => 'write',
        (error: { code: string }) => ({ forbidden: 'read', 'not-found': 'none' })[error.code] ?? error.code,
      );
    };
    expect(await Promise.all([reader, writer, inTeam].map((who) => rights(who, open.id)))).toEqual(['read', 'write', 'write']);
    expect(await Promise.all([reader, writer, inTeam].map((who) => rights(who, readOnlyForTeam.id)))).toEqual(['none', 'none', 'read']);
    expect((await world.ask(again(reader), k.listContacts, {})).items.map(({ id }) => id)).toEqual([open.id]);
    expect((await world.ask(again(inTeam), k.listCustomerContacts, { id: customer.id })).items).toHaveLength(2);
  });

  it('2.10 a contact cannot be moved to a customer without write access', async () => {
    const { owner, stranger, agent } = await aTenant();
    const reader = await agent();
    const customer = await world.ask(
      owner,
      k.createCustomer,
      aCustomer({ access: { restricted: true, agents: [{ id: idOf(reader), rights: 'read' }] } }),
    );
    const put = (who: Context) => refusal(world.ask(again(who), k.createContact, aContact({ customerId: customer.id })));
    expect((await put(reader)).code).toBe('forbidden');
    expect(await put(stranger)).toMatchObject({ code: 'invalid', details: { errors: [{ path: 'customerId', code: 'unknown' }] } });
    const results = await world.ask(again(stranger), k.createContacts, { items: [aContact({ customerId: customer.id }), aContact()] });
    expect(results.items.map(({ status }) => status)).toEqual([400, 201]);
  });

  it('2.10 only the owner and admins may change access or owner', async () => {
    const { admin, owner, stranger } = await aTenant();
    const contact = await world.ask(owner, k.createContact, aContact());
    const change = (who: Context, given: k.ContactPatch) => world.ask(again(who), k.changeContact, { id: contact.id, change: given });
    expect((await refusal(change(stranger, { access: { restricted: true } }))).code).toBe('forbidden');
    expect((await refusal(change(stranger, { ownerId: idOf(stranger) }))).code).toBe('forbidden');
    expect((await change(stranger, { notes: 'ja' })).notes).toBe('ja');
    expect((await change(owner, { access: { restricted: true } })).access.restricted).toBe(true);
    // After giving it away, the response still shows it, the next call does not.
    expect((await change(owner, { ownerId: idOf(stranger) })).ownerId).toBe(idOf(stranger));
    expect((await refusal(world.ask(again(owner), k.getContact, { id: contact.id }))).code).toBe('not-found');
    expect((await change(admin, { access: { restricted: false } })).access.restricted).toBe(false);
  });

  it('2.10 deleting a customer is refused if the agent may not change something below it', async () => {
    const { owner, stranger } = await aTenant();
    const customer = await world.ask(owner, k.createCustomer, aCustomer());
    await world.ask(owner, k.createContact, aContact({ customerId: customer.id, access: { restricted: true } }));
    expect((await refusal(world.ask(again(stranger), k.deleteCustomer, { id: customer.id }))).code).toBe('forbidden');
    await world.ask(again(owner), k.deleteCustomer, { id: customer.id });
    expect((await world.ask(again(stranger), k.listBin, {})).items.map(({ kind }) => kind)).toEqual(['customer']);
  });

  it('2.10 an import does not reveal or change entries hidden from its agent', async () => {
    const { owner, stranger } = await aTenant();
    const address = `${randomUUID()}@geheim.example`;
    const hidden = await world.ask(
      owner,
      k.createContact,
      aContact({ firstName: SECRET, emails: [{ address }], externalIds: [{ source: 'import', id: 'E1' }], access: { restricted: true } }),
    );
    const { outcomes } = await world.ask(again(stranger, { door: 'import' }), k.importContacts, {
      importId: randomUUID(),
      number: 0,
      onKnown: 'update',
      rows: [{ firstName: 'Neu', emails: [address], externalId: 'E1' }],
    });
    expect(outcomes[0]).toMatchObject({
      status: 'created',
      warnings: [expect.stringMatching(/^email/), expect.stringMatching(/^externalId/)],
    });
    expect(JSON.stringify(outcomes)).not.toMatch(new RegExp(`${SECRET}|${hidden.id}`));
    expect((await world.ask(again(owner), k.getContact, { id: hidden.id })).version).toBe(1);
  });

  it('2.11 a light agent reads and changes nothing', async () => {
    const { owner, agent } = await aTenant();
    const light = await agent({ roles: ['light_agent'] });
    const contact = await world.ask(owner, k.createContact, aContact());
    expect((await world.ask(again(light), k.getContact, { id: contact.id })).id).toBe(contact.id);
    expect((await refusal(world.ask(again(light), k.changeContact, { id: contact.id, change: { notes: 'x' } }))).code).toBe('forbidden');
    expect((await refusal(world.ask(again(light), k.createContact, aContact()))).code).toBe('forbidden');
  });

  it('2.12 an access list names at most 60 teams and only agents of the tenant', async () => {
    const { owner } = await aTenant();
    const teams = Array.from({ length: 61 }, (_, i) => ({ name: `Team ${i}`, rights: 'read' as const }));
    expect((await refusal(world.ask(again(owner), k.createContact, aContact({ access: { restricted: true, teams } })))).code).toBe(
      'invalid',
    );
    await world.ask(again(owner), k.createContact, aContact({ access: { restricted: true, teams: teams.slice(1) } }));
    const nobody = { restricted: true, agents: [{ id: randomUUID(), rights: 'read' as const }] };
    expect(await refusal(world.ask(again(owner), k.createContact, aContact({ access: nobody })))).toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'access.agents[0].id' }] },
    });
  });
});

describe('2.13 history', () => {
  it('2.13 has agent, time, door, and the old and new value of each field', async () => {
    const { owner, admin } = await aTenant();
    const contact = await world.ask(owner, k.createContact, aContact({ firstName: 'Anna' }));
    const call = again(admin);
    await world.ask(call, k.changeContact, { id: contact.id, change: { firstName: 'Anne', emails: [] } });
    await world.ask(again(owner, { door: 'import' }), k.importContacts, {
      importId: randomUUID(),
      number: 0,
      onKnown: 'update',
      rows: [{ firstName: 'X', externalId: 'H1' }],
    });
    const { items } = await world.ask(again(owner), k.getContactHistory, { id: contact.id });
    expect(items).toEqual([
      {
        entryId: contact.id,
        version: 2,
        at: expect.any(String),
        change: 'updated',
        door: 'api',
        requestId: call.requestId,
        agent: { id: idOf(admin), name: admin.agent?.name },
        fields: [
          { field: 'emails', from: contact.emails, to: [] },
          { field: 'firstName', from: 'Anna', to: 'Anne' },
        ],
      },
      expect.objectContaining({ version: 1, change: 'created', agent: { id: idOf(owner), name: owner.agent?.name }, fields: [] }),
    ]);
    const imported = (await world.ask(again(owner), k.listContacts, { externalId: 'import:H1' })).items[0];
    expect((await world.ask(again(owner), k.getContactHistory, { id: imported?.id ?? '' })).items[0]).toMatchObject({ door: 'import' });
  });

  it('2.13 is paged, newest first, with each version once', async () => {
    const { owner } = await aTenant();
    const { id } = await world.ask(owner, k.createCustomer, aCustomer());
    for (let i = 0; i < 7; i++) await world.ask(again(owner), k.changeCustomer, { id, change: { notes: `n${i}` } });
    const versions: number[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await world.ask(again(owner), k.getCustomerHistory, { id, limit: 3, cursor });
      versions.push(...page.items.map(({ version }) => version));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(versions).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('10 a 412 lists the fields changed since, with their present values', async () => {
    const { owner, admin } = await aTenant();
    const { id } = await world.ask(owner, k.createContact, aContact());
    await world.ask(again(admin), k.changeContact, { id, change: { jobTitle: 'Chefin' } });
    await world.ask(again(admin), k.changeContact, { id, change: { notes: 'neu' } });
    const error = await refusal(world.ask(again(owner), k.changeContact, { id, version: 1, change: { lastName: 'Meyer' } }));
    expect(error).toMatchObject({
      code: 'stale',
      details: { version: 3, changed: ['jobTitle', 'notes'], current: { jobTitle: 'Chefin', notes: 'neu', lastName: 'Müller' } },
    });
  });
});
