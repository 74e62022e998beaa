import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import pg from 'pg';
import { service } from '../src/index.js';
import { refusal } from './refusal.js';
import { withSmallLimits } from './small-limits.js';

let world: World;
let sql: pg.Client;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  sql = new pg.Client(world.databases.customer?.migrationUrl);
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await world.stop();
});

const theUnit = async (agent: Context) => (await world.ask(again(agent), k.listBin, {})).items[0] as k.BinUnit;
const withoutVersion = ({ version, updatedAt, ...rest }: { version: number; updatedAt: string }) => rest;

async function aFirm(agent: Context) {
  const firm = await world.ask(again(agent), k.createCustomer, aCustomer({ domains: [`${randomUUID()}.example`], tags: ['A'] }));
  const department = await world.ask(again(agent), k.createCustomer, aCustomer({ parentId: firm.id }));
  const contacts = [];
  for (const customerId of [firm.id, firm.id, department.id])
    contacts.push(await world.ask(again(agent), k.createContact, aContact({ customerId, tags: ['B'] })));
  return { firm, department, contacts };
}

describe('the bin', () => {
  it('1.7, 6.1 deleting a customer moves it, its departments and all their contacts to the bin as one unit; 6.2 restoring reverts that', async () => {
    const agent = anAgent();
    await world.ask(agent, k.seeAgent, {});
    const { firm, department, contacts } = await aFirm(agent);
    const customersBefore = await Promise.all([firm, department].map(({ id }) => world.ask(again(agent), k.getCustomer, { id })));
    const contactsBefore = await Promise.all(contacts.map(({ id }) => world.ask(again(agent), k.getContact, { id })));
    expect(await world.ask(again(agent), k.deleteCustomer, { id: firm.id })).toEqual({});
    for (const { id } of contacts) expect((await refusal(world.ask(again(agent), k.getContact, { id }))).code).toBe('not-found');
    expect((await world.ask(again(agent), k.listTags, {})).items).toEqual([]);

    const unit = await theUnit(agent);
    expect(unit).toMatchObject({
      kind: 'customer',
      entryId: firm.id,
      name: firm.name,
      counts: { customers: 2, contacts: 3, records: 0, requests: 0 },
      deletedBy: { id: agent.agent?.id, name: 'Test Agent' },
    });
    expect(Date.parse(unit.purgedAfter) - Date.parse(unit.deletedAt)).toBe(60 * 86_400_000);
    const things = (await world.ask(again(agent), k.listBinnedThings, { id: unit.id, limit: 2 })).items;
    expect(things.map(({ kind }) => kind)).toEqual(['customer', 'customer']);

    const answer = await world.ask(again(agent), k.restoreFromBin, { id: unit.id });
    expect(answer).toEqual({ restored: unit.counts, notRestored: [] });
    const customersAfter = await Promise.all([firm, department].map(({ id }) => world.ask(again(agent), k.getCustomer, { id })));
    const contactsAfter = await Promise.all(contacts.map(({ id }) => world.ask(again(agent), k.getContact, { id })));
    expect(customersAfter.map(withoutVersion)).toEqual(customersBefore.map(withoutVersion));
    expect(contactsAfter.map(withoutVersion)).toEqual(contactsBefore.map(withoutVersion));
    expect((await world.ask(again(agent), k.listTags, {})).items).toEqual([
      { tag: 'A', contacts: 0, customers: 1 },
      { tag: 'B', contacts: 3, customers: 0 },
    ]);
    expect((await world.ask(again(agent), k.listBin, {})).items).toEqual([]);
    const [newest] = (await world.ask(again(agent), k.getContactHistory, { id: contacts[0]?.id ?? '' })).items;
    expect(newest).toMatchObject({ change: 'restored' });
  });

  it.each(k.binnedKinds)('the things of one kind are listed separately with paging: %s', async (kind) => {
    const agent = anAgent();
    const { firm, contacts } = await aFirm(agent);
    for (const contact of contacts) {
      await world.ask(again(agent), k.createRequest, { contactId: contact.id });
      await world.ask(again(agent), k.upsertRecords, {
        items: [{ source: 'erp', externalId: randomUUID(), kind: 'ticket', contactId: contact.id }],
      });
    }
    await world.ask(again(agent), k.deleteCustomer, { id: firm.id });
    const { id } = await theUnit(agent);
    const whole = (await world.ask(again(agent), k.listBinnedThings, { id })).items.filter((one) => one.kind === kind);
    expect(whole).toHaveLength(kind === 'customer' ? 2 : 3);
    expect((await world.ask(again(agent), k.listBinnedThings, { id, kind })).items).toEqual(whole);
    const first = await world.ask(again(agent), k.listBinnedThings, { id, kind, limit: 1 });
    const rest = await world.ask(again(agent), k.listBinnedThings, { id, kind, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...rest.items]).toEqual(whole);
  });

  it('6.1 things are restored individually', async () => {
    const agent = anAgent();
    const { firm, contacts } = await aFirm(agent);
    await world.ask(again(agent), k.deleteCustomer, { id: firm.id });
    const unit = await theUnit(agent);
    const id = contacts[0]?.id ?? '';
    const answer = await world.ask(again(agent), k.restoreFromBin, { id: unit.id, things: [{ kind: 'contact', id }] });
    expect(answer).toMatchObject({
      restored: { contacts: 1, customers: 0 },
      notRestored: [{ id, kind: 'contact', field: 'customerId' }],
    });
    expect((await world.ask(again(agent), k.getContact, { id })).customerId).toBeNull();
    expect((await theUnit(agent)).counts).toMatchObject({ customers: 2, contacts: 2 });
    const rest = await world.ask(again(agent), k.restoreFromBin, { id: unit.id });
    expect(rest.restored).toMatchObject({ customers: 2, contacts: 2 });
    expect((await world.ask(again(agent), k.getContact, { id })).customerId).toBeNull(); // restored alone: it stays as it is now
  });

  it('6.2 an e-mail and an external id that were taken meanwhile are dropped and reported', async () => {
    const agent = anAgent();
    const emails = [{ address: `${randomUUID()}@eins.example` }, { address: `${randomUUID()}@zwei.example` }];
    const externalIds = [
      { source: 'crm', id: randomUUID() },
      { source: 'shop', id: randomUUID() },
    ];
    const { id } = await world.ask(again(agent), k.createContact, aContact({ emails, externalIds }));
    await world.ask(again(agent), k.deleteContact, { id });
    await world.ask(again(agent), k.createContact, aContact({ emails: emails.slice(0, 1), externalIds: externalIds.slice(0, 1) }));
    const { notRestored } = await world.ask(again(agent), k.restoreFromBin, { id });
    expect(notRestored.map(({ field }) => field).sort()).toEqual(['emails', 'externalIds']);
    const back = await world.ask(again(agent), k.getContact, { id });
    expect(back.emails).toEqual([{ address: emails[1]?.address, primary: true }]);
    expect(back.externalIds).toEqual(externalIds.slice(1));
    const [newest] = (await world.ask(again(agent), k.getContactHistory, { id })).items;
    expect(newest).toMatchObject({ version: back.version, change: 'restored', fields: [{ field: 'emails' }, { field: 'externalIds' }] });
  });

  it('1.5, 6.2 a restored primary contact is primary again, unless another one was chosen meanwhile', async () => {
    const agent = anAgent();
    const customer = await world.ask(again(agent), k.createCustomer, aCustomer());
    const [first, , third] = [
      await world.ask(again(agent), k.createContact, aContact({ customerId: customer.id })),
      await world.ask(again(agent), k.createContact, aContact({ customerId: customer.id })),
      await world.ask(again(agent), k.createContact, aContact({ customerId: customer.id })),
    ];
    const primary = async () => (await world.ask(again(agent), k.getCustomer, { id: customer.id })).primaryContactId;
    expect(await primary()).toBe(first.id);
    await world.ask(again(agent), k.deleteContact, { id: first.id });
    expect(await primary()).not.toBe(first.id);
    expect((await world.ask(again(agent), k.restoreFromBin, { id: first.id })).notRestored).toEqual([]);
    expect(await primary()).toBe(first.id);

    await world.ask(again(agent), k.deleteContact, { id: first.id });
    await world.ask(again(agent), k.changeCustomer, { id: customer.id, change: { primaryContactId: third.id } });
    expect((await world.ask(again(agent), k.restoreFromBin, { id: first.id })).notRestored).toMatchObject([{ field: 'isPrimaryContact' }]);
    expect(await primary()).toBe(third.id);
  });

  it('6.1 admins purge manually; units older than binDays are purged automatically, with their history', async () => {
    const agent = anAgent();
    await world.ask(agent, k.seeAgent, {});
    await world.ask(again(agent), k.changeSettings, { change: { binDays: 7 } });
    const made: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { id } = await world.ask(again(agent), k.createContact, aContact({ lastName: `Weg ${i}` }));
      await world.ask(again(agent), k.deleteContact, { id });
      made.push(id);
    }
    expect((await refusal(world.ask(again(agent, { roles: ['agent'] }), k.purgeFromBin, { id: made[0] ?? '' }))).code).toBe('forbidden');
    await world.ask(again(agent), k.purgeFromBin, { id: made[0] ?? '' });
    await sql.query(`update bin set deleted_at = now() - interval '6 days 23 hours' where entry_id = $1`, [made[1]]);
    await sql.query(`update bin set deleted_at = now() - interval '7 days 1 minute' where entry_id = $1`, [made[2]]);
    // Purging runs at each start, and every hour after that.
    const replica = await service.start(world.env('customer'));
    await eventually(async () =>
      expect((await world.ask(again(agent), k.listBin, {})).items.map(({ entryId }) => entryId)).toEqual([made[1]]),
    );
    await replica.stop();
    const left = await sql.query(
      `select entry_id from history where entry_id = any($1::uuid[]) union all select id from contact where id = any($1::uuid[])`,
      [[made[0], made[2]]],
    );
    expect(left.rows).toEqual([]);
  });

  it(
    '1.7 a very large customer is deleted and restored by a job, as one unit',
    withSmallLimits(async () => {
      const HALF = sized(60, 600);
      const agent = anAgent();
      const { firm } = await aFirm(agent);
      for (const _ of [1, 2])
        await world.ask(again(agent), k.createContacts, { items: Array.from({ length: HALF }, () => aContact({ customerId: firm.id })) });
      const { job } = await world.ask(again(agent), k.deleteCustomer, { id: firm.id });
      const finished = (id: string) =>
        eventually(async () => expect((await world.ask(again(agent), k.getJob, { id })).state).toBe('finished'));
      expect(job).toMatchObject({ kind: 'delete-customer', progress: { items: 2 * HALF + 5 } });
      await finished(job?.id ?? '');
      expect((await world.ask(again(agent), k.listContacts, {})).items).toEqual([]);
      const unit = await theUnit(agent);
      expect(unit.counts).toMatchObject({ customers: 2, contacts: 2 * HALF + 3 });
      const restoring = await world.ask(again(agent), k.restoreFromBin, { id: unit.id });
      await finished(restoring.job?.id ?? '');
      expect((await world.ask(again(agent), k.getJob, { id: restoring.job?.id ?? '' })).result).toMatchObject({
        restored: unit.counts,
        notRestored: [],
      });
      expect((await world.ask(again(agent), k.listContacts, { customerId: firm.id, limit: 200 })).items).toHaveLength(
        Math.min(2 * HALF + 2, 200),
      );
    }),
  );
});
