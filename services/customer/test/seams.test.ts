import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Context, runAs, serviceContext } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(async () => {
  await world.stop();
});

/** Another agent of the same tenant, known to it. */
async function colleague(admin: Context, roles: Context['roles'] = ['agent']): Promise<Context> {
  const other = again(admin, { roles, agent: { id: randomUUID(), name: 'Colleague' } });
  await world.ask(other, k.seeAgent, {});
  return other;
}
const onlyAdmins = { restricted: true };
const imported = (agent: Context, rows: k.ImportRow[], onKnown: 'update' | 'create' = 'update') =>
  world.ask(again(agent), k.importContacts, { importId: randomUUID(), number: 0, onKnown, rows });

describe('interactions between features', () => {
  it('2.10 contacts hidden by a restricted customer stay hidden when that customer is purged', async () => {
    const admin = anAgent();
    const other = await colleague(admin);
    const { id: customerId } = await world.ask(again(admin), k.createCustomer, aCustomer({ access: onlyAdmins }));
    const { id } = await world.ask(again(admin), k.createContact, aContact({ customerId }));
    await world.ask(again(admin), k.deleteContact, { id });
    await world.ask(again(admin), k.deleteCustomer, { id: customerId });
    await world.ask(again(admin), k.purgeFromBin, { id: customerId });
    await world.ask(again(admin), k.restoreFromBin, { id });
    expect((await world.ask(again(admin), k.getContact, { id })).access.restricted).toBe(true);
    expect((await world.ask(again(other), k.listContacts, {})).items).toEqual([]);
  });

  it('2.10 the bin shows a deleted entry only to agents who may see it now', async () => {
    const admin = anAgent();
    const other = await colleague(admin);
    const { id: contactId } = await world.ask(again(admin), k.createContact, aContact());
    const { items } = await world.ask(again(admin), k.upsertRecords, {
      items: [{ source: 's', externalId: '1', kind: 'ticket', title: 'Geheim', contactId }],
    });
    await world.ask(again(admin), k.deleteRecord, { id: items[0]?.id ?? '' });
    expect((await world.ask(again(other), k.listBin, {})).items).toHaveLength(1);
    await world.ask(again(admin), k.changeContact, { id: contactId, change: { access: onlyAdmins } });
    expect((await world.ask(again(other), k.listBin, {})).items).toEqual([]);
    expect((await world.ask(again(admin), k.listBin, {})).items).toHaveLength(1);
  });

  it('1.3, 2.10 a mail domain assigns nobody to a customer that the agent may not change', async () => {
    const admin = anAgent();
    const other = await colleague(admin);
    const domain = `${randomUUID()}.example`;
    const customer = await world.ask(again(admin), k.createCustomer, aCustomer({ domains: [domain], access: onlyAdmins }));
    const emails = (name: string) => [{ address: `${name}@${domain}` }];
    expect((await world.ask(again(other), k.createContact, aContact({ emails: emails('a') }))).customerId).toBeNull();
    expect((await world.ask(again(admin), k.createContact, aContact({ emails: emails('b') }))).customerId).toBe(customer.id);
  });

  it('2.10, 4.5 an opportunity that also belongs to a hidden entry does not count', async () => {
    const admin = anAgent();
    const other = await colleague(admin);
    const hidden = await world.ask(again(admin), k.createCustomer, aCustomer({ access: onlyAdmins }));
    const secret = await world.ask(again(admin), k.createContact, aContact({ access: onlyAdmins }));
    const contact = await world.ask(again(admin), k.createContact, aContact());
    const customer = await world.ask(again(admin), k.createCustomer, aCustomer());
    const opportunity = { source: 's', kind: 'opportunity' as const };
    await world.ask(again(admin), k.upsertRecords, {
      items: [
        { ...opportunity, externalId: '1', contactId: contact.id, customerId: hidden.id },
        { ...opportunity, externalId: '2', contactId: secret.id, customerId: customer.id },
      ],
    });
    const having = async (agent: Context) => [
      (await world.ask(again(agent), k.listContacts, { hasOpportunities: true })).items.map(({ id }) => id).sort(),
      (await world.ask(again(agent), k.listCustomers, { hasOpportunities: true })).items.map(({ id }) => id).sort(),
    ];
    expect(await having(admin)).toEqual([[contact.id, secret.id].sort(), [customer.id, hidden.id].sort()]);
    expect(await having(other)).toEqual([[], []]);
    const hiddenFrom = async (agent: Context) => (await world.ask(again(agent), k.listHiddenOpportunities, {})).ids.sort();
    expect(await hiddenFrom(other)).toEqual([contact.id, customer.id].sort());
    expect(await hiddenFrom(admin)).toEqual([]);
    // One visible opportunity is enough.
    await world.ask(again(admin), k.upsertRecords, { items: [{ ...opportunity, externalId: '3', contactId: contact.id }] });
    expect(await hiddenFrom(other)).toEqual([customer.id]);
  });

  it('2.10 bulk calls also refuse unknown agents in an access list', async () => {
    const admin = anAgent();
    const access = { restricted: true, agents: [{ id: randomUUID(), rights: 'read' as const }] };
    const items = [aContact({ access }), aContact()];
    const refusedFirst = [expect.objectContaining({ status: 400 }), expect.objectContaining({ status: 201 })];
    expect((await world.ask(again(admin), k.createContacts, { items })).items).toEqual(refusedFirst);
    expect((await world.ask(again(admin), k.upsertContacts, { items: [aContact({ access }), aContact()] })).items).toEqual(refusedFirst);
  });

  it('2.10 requests and records of a restricted contact stay restricted when it is purged', async () => {
    const admin = anAgent();
    const other = await colleague(admin);
    const { id: customerId } = await world.ask(again(admin), k.createCustomer, aCustomer());
    const [secret, open] = [
      await world.ask(again(admin), k.createContact, aContact({ customerId, access: onlyAdmins })),
      await world.ask(again(admin), k.createContact, aContact({ customerId })),
    ];
    const things = [];
    for (const contactId of [secret.id, open.id]) {
      const request = await world.ask(again(admin), k.createRequest, { contactId, caller: { firstName: 'Geheim' } });
      const { items } = await world.ask(again(admin), k.upsertRecords, {
        items: [{ source: 's', externalId: contactId, kind: 'ticket', title: 'T', contactId, customerId }],
      });
      things.push({ request: request.id, record: items[0]?.id ?? '' });
    }
    const seen = async () => [
      (await world.ask(again(other), k.listRequests, {})).items.map(({ id }) => id),
      (await world.ask(again(other), k.listRecords, {})).items.map(({ id }) => id),
    ];
    const before = [[things[1]?.request], [things[1]?.record]];
    expect(await seen()).toEqual(before);
    for (const { id } of [secret, open]) await world.ask(again(admin), k.deleteContact, { id });
    expect(await seen()).toEqual(before);
    for (const { id } of [secret, open]) await world.ask(again(admin), k.purgeFromBin, { id });
    expect(await seen()).toEqual(before);
    expect(await world.ask(again(admin), k.getRecord, { id: things[0]?.record ?? '' })).toMatchObject({ contactId: null, customerId });
  });

  it('2.10 restricted things stay restricted within a unit of the bin that contains unrestricted ones', async () => {
    const admin = anAgent();
    const other = await colleague(admin);
    const customer = await world.ask(again(admin), k.createCustomer, aCustomer());
    await world.ask(again(admin), k.createCustomer, aCustomer({ name: 'Secret department', parentId: customer.id, access: onlyAdmins }));
    const secret = await world.ask(
      again(admin),
      k.createContact,
      aContact({ lastName: 'Secret', customerId: customer.id, access: onlyAdmins }),
    );
    await world.ask(again(admin), k.createContact, aContact({ lastName: 'Open', customerId: customer.id }));
    await world.ask(again(admin), k.createRequest, { contactId: secret.id, subject: 'Secret request' });
    await world.ask(again(admin), k.upsertRecords, {
      items: [{ source: 's', externalId: '1', kind: 'ticket', title: 'Secret ticket', contactId: secret.id }],
    });
    await world.ask(again(admin), k.deleteCustomer, { id: customer.id });
    const names = async (agent: Context) =>
      (await world.ask(again(agent), k.listBinnedThings, { id: customer.id })).items.map(({ name }) => name);
    expect(await names(other)).toEqual([customer.name, 'Anna Open']);
    expect((await names(admin)).filter((name) => name.includes('Secret'))).toHaveLength(4);
  });

  it('2.10 restricted contacts stay restricted when somebody other than the owner imports a row with another owner', async () => {
    const admin = anAgent();
    await world.ask(again(admin), k.seeAgent, {});
    const other = await colleague(admin);
    const contact = await world.ask(again(admin), k.createContact, aContact());
    const ownerId = other.agent?.id ?? '';
    const { outcomes } = await imported(other, [{ id: contact.id, jobTitle: 'CEO', ownerId }]);
    expect(outcomes).toMatchObject([{ status: 'updated', warnings: [expect.stringMatching(/^ownerId: only/)] }]);
    expect(await world.ask(again(admin), k.getContact, { id: contact.id })).toMatchObject({
      jobTitle: 'CEO',
      ownerId: admin.agent?.id,
    });
    await imported(admin, [{ id: contact.id, ownerId }]);
    expect(await world.ask(again(admin), k.getContact, { id: contact.id })).toMatchObject({ ownerId });
  });

  it('6.3 erasing a contact leaves none of its records in the bin', async () => {
    const admin = anAgent();
    const contact = await world.ask(again(admin), k.createContact, aContact({ lastName: 'Weg' }));
    const { items } = await world.ask(again(admin), k.upsertRecords, {
      items: [{ source: 's', externalId: '1', kind: 'ticket', title: 'Anna Weg rang', contactId: contact.id }],
    });
    await world.ask(again(admin), k.deleteRecord, { id: items[0]?.id ?? '' });
    const { eraseLocally } = await import('../src/erasure/erase-locally.js');
    const { Database } = await import('@kontor/database');
    const db = await Database.connect({ name: 'test', url: world.env('customer').KONTOR_DATABASE_URL ?? '', poolSize: 1 });
    await runAs(serviceContext(admin.tenant), () => db.transaction((tx) => eraseLocally(tx, 'contact', contact.id)));
    await db.close();
    expect((await world.ask(again(admin), k.listBin, {})).items).toEqual([]);
  });

  it('7.5 an import with exact values that other contacts have keeps the rest of the row, with a warning', async () => {
    const agent = anAgent();
    const [a, b] = [`${randomUUID()}@x.example`, `${randomUUID()}@x.example`];
    await world.ask(again(agent), k.createContact, aContact({ emails: [{ address: a }], externalIds: [{ source: 'crm', id: '1' }] }));
    await world.ask(again(agent), k.createContact, aContact({ emails: [{ address: b }] }));
    const exact = JSON.stringify({
      emails: [{ address: a, primary: true }, { address: b }, { address: 'free@x.example' }],
      externalIds: [
        { source: 'crm', id: '1' },
        { source: 'crm', id: '2' },
      ],
    });
    const { outcomes } = await imported(agent, [{ lastName: 'Neu', exact }], 'create');
    expect(outcomes).toMatchObject([
      { status: 'created', warnings: [expect.stringMatching(/^email/), expect.stringMatching(/^externalId/)] },
    ]);
    const made = await world.ask(again(agent), k.getContact, { id: outcomes[0]?.id ?? '' });
    expect(made.externalIds).toEqual([{ source: 'crm', id: '2' }]);
    expect(made.emails.find(({ primary }) => primary)?.address).toBe('free@x.example');
  });

  it('6.2 restoring does not give one address to two of the restored contacts', async () => {
    const agent = anAgent();
    const [x, y] = [`${randomUUID()}@x.example`, `${randomUUID()}@x.example`];
    const customer = await world.ask(again(agent), k.createCustomer, aCustomer());
    await world.ask(again(agent), k.createContact, aContact({ customerId: customer.id, emails: [{ address: y }, { address: x }] }));
    await world.ask(again(agent), k.createContact, aContact({ customerId: customer.id, emails: [{ address: x }] }));
    await world.ask(again(agent), k.deleteCustomer, { id: customer.id });
    await world.ask(again(agent), k.createContact, aContact({ emails: [{ address: y }] }));
    const answer = await world.ask(again(agent), k.restoreFromBin, { id: customer.id });
    expect(answer).toMatchObject({ restored: { contacts: 2 }, notRestored: [{ field: 'emails' }] });
    const { items } = await world.ask(again(agent), k.listContacts, { email: x });
    const all = await Promise.all(items.map(({ id }) => world.ask(again(agent), k.getContact, { id })));
    expect(all.map(({ emails }) => emails).sort((a, b) => Number(a[0]?.primary) - Number(b[0]?.primary))).toEqual([
      [{ address: x, primary: false }],
      [{ address: x, primary: true }],
    ]);
  });

  it('6.2 restoring never fails while concurrent calls take the e-mails and keys, or restore and delete the same', async () => {
    const agent = anAgent();
    const codes: string[] = [];
    const attempt = async (work: Promise<unknown>) =>
      codes.push(
        await work.then(
          () => 'ok',
          (error: { code: string }) => error.code,
        ),
      );
    for (let round = 0; round < 8; round++) {
      const address = `${randomUUID()}@x.example`;
      const externalIds = [{ source: 'crm', id: randomUUID() }];
      const item = { source: 's', externalId: randomUUID(), kind: 'ticket' as const };
      const customer = await world.ask(again(agent), k.createCustomer, aCustomer());
      const emails = [{ address }];
      const contact = await world.ask(again(agent), k.createContact, aContact({ customerId: customer.id, emails, externalIds }));
      await world.ask(again(agent), k.upsertRecords, { items: [{ ...item, customerId: customer.id }] });
      await world.ask(again(agent), k.deleteCustomer, { id: customer.id });
      await Promise.all([
        attempt(world.ask(again(agent), k.restoreFromBin, { id: customer.id })),
        attempt(world.ask(again(agent), k.createContact, aContact({ emails, externalIds }))),
        attempt(world.ask(again(agent), k.upsertRecords, { items: [item] })),
        attempt(world.ask(again(agent), k.restoreFromBin, { id: customer.id })),
        attempt(imported(agent, [{ emails: [address], lastName: 'X' }])),
      ]);
      await Promise.all([
        attempt(world.ask(again(agent), k.deleteContact, { id: contact.id })),
        attempt(world.ask(again(agent), k.deleteCustomer, { id: customer.id })),
        attempt(imported(agent, [{ id: contact.id, jobTitle: 'X' }])),
        attempt(world.ask(again(agent), k.restoreFromBin, { id: customer.id })),
        attempt(world.ask(again(agent), k.eraseContact, { id: contact.id, version: 1 })),
      ]);
    }
    expect(codes.filter((code) => !['ok', 'not-found', 'conflict', 'email-taken', 'stale'].includes(code))).toEqual([]);
  });
});
