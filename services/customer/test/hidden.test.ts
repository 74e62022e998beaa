// Hidden entries do not exist for an agent (docs/rules.md 2.10): a call that references one gets the same response as for an unknown id.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { again, anAgent } from '@kontor/testing';
import { z } from 'zod';
import { newId } from '../src/sql/new-id.js';
import { begin, contact, customer, end, merge, mergeCustomers, sql, world } from './merging.js';

beforeAll(begin);
afterAll(end);

const KINDS = [
  'contact',
  'customer',
  'record',
  'project',
  'comment',
  'request',
  'contactMerge',
  'customerMerge',
  'binUnit',
  'pair',
  'job',
] as const;
type Kind = (typeof KINDS)[number];
type Ids = Record<Kind, string>;
interface Scene {
  stranger: Context;
  hidden: Ids;
  /** The entries that the agent without access may see and change. */
  open: Ids;
}

const admin = anAgent();
const PROJECT = { source: 's', kind: 'project' as const };
const upsert = async (agent: Context, item: object) =>
  (await world.ask(again(agent), k.upsertRecords, { items: [{ source: 's', externalId: randomUUID(), kind: 'task', ...item }] })).items[0]
    ?.id ?? '';

/** One entry of each kind, of a contact and customer with this access. */
async function everything(agent: Context, access: object, byCustomer: boolean): Promise<Ids> {
  const made = (more: object = {}) => customer(agent, { access, ...more });
  const { id: customerId } = await made();
  const person = (more: object = {}) => contact(agent, byCustomer ? { customerId, emails: [], ...more } : { access, emails: [], ...more });
  const one = await person();
  const record = await upsert(agent, { contactId: one.id });
  const comment = await world.ask(again(agent), k.createRecordComment, { id: record, text: 'c' });
  const request = await world.ask(again(agent), k.createRequest, { contactId: one.id });
  const contactMerge = await merge(agent, one, [await person()]);
  const customerMerge = await mergeCustomers(agent, { id: customerId }, [await made()]);
  const gone = await person();
  await world.ask(again(agent), k.deleteContact, { id: gone.id });
  const [unit] = await sql<{ id: string }>(agent, 'select id from bin where entry_id = $1', [gone.id]);
  const [a = '', b = ''] = [one.id, (await person()).id].sort();
  const pair = newId();
  await sql(
    agent,
    `insert into duplicate_pair (id, a, b, score, reasons) values ($1, $2, $3, 0.9, '[]') on conflict (tenant_id, a, b) do update set id = $1`,
    [pair, a, b],
  );
  const job = newId();
  await sql(
    agent,
    `insert into job (tenant_id, id, kind, state, context, input, total, result) values (current_setting('kontor.tenant')::uuid, $1, 'change-contacts', 'finished', $2, '{}', 0, '{"items": []}')`,
    [job, JSON.stringify({ agent: agent.agent, roles: agent.roles })],
  );
  return {
    contact: one.id,
    customer: customerId,
    record,
    project: await upsert(agent, { ...PROJECT, contactId: one.id }),
    comment: comment.id,
    request: request.id,
    contactMerge: contactMerge.id ?? '',
    customerMerge: customerMerge.id ?? '',
    binUnit: unit?.id ?? '',
    pair,
    job,
  };
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
type Row = [contract: k.RequestContract, kind: Kind, input: (id: string, open: Ids) => object];
const change = { notes: 'x' };
const record = (more: object) => ({ items: [{ source: 's', externalId: 'new', kind: 'task', ...more }] });
const rowOfFile = (row: object) => ({ importId: newId(), number: 0, onKnown: 'update', rows: [row] });
const rows: Row[] = [
  [k.getEntries, 'contact', (id) => ({ ids: [id] })],
  [k.getEntries, 'customer', (id) => ({ ids: [id] })],
  [k.getCustomerContacts, 'customer', (customerId) => ({ customerId })],
  [k.importContacts, 'contact', (id) => rowOfFile({ id, firstName: 'A' })],
  [k.importContacts, 'customer', (customerId) => rowOfFile({ firstName: 'A', customerId })],
  [k.getContact, 'contact', (id) => ({ id })],
  [k.changeContact, 'contact', (id) => ({ id, change })],
  [k.changeContact, 'contact', (id) => ({ id, version: 1, change })],
  [k.changeContact, 'customer', (customerId, { contact: id }) => ({ id, change: { customerId } })],
  [k.deleteContact, 'contact', (id) => ({ id })],
  [k.moveContact, 'contact', (id) => ({ id, customerId: null })],
  [k.moveContact, 'customer', (customerId, { contact: id }) => ({ id, customerId })],
  [k.changeContacts, 'contact', (id, open) => ({ ids: [open.contact, id], change: { removeTags: ['none'] } })],
  [k.changeContacts, 'customer', (customerId, open) => ({ ids: [open.contact], change: { customerId } })],
  [k.changeContacts, 'customer', (customerId) => ({ filter: { customerId }, change: { type: 'hot' } })],
  [k.createContact, 'customer', (customerId) => ({ firstName: 'A', customerId })],
  [k.createContacts, 'customer', (customerId) => ({ items: [{ firstName: 'A', customerId }] })],
  [k.upsertContacts, 'customer', (customerId) => ({ items: [{ firstName: 'A', emails: [{ address: 'new@a.example' }], customerId }] })],
  [k.listContacts, 'customer', (customerId) => ({ customerId })],
  [k.listContacts, 'project', (projectId) => ({ projectId })],
  [k.exportContacts, 'customer', (customerId) => ({ customerId })],
  [k.exportCustomers, 'customer', (parentId) => ({ parentId })],
  [k.getContactHistory, 'contact', (id) => ({ id })],
  [k.mergeContacts, 'contact', (into, open) => ({ into, from: [open.contact] })],
  [k.mergeContacts, 'contact', (id, open) => ({ into: open.contact, from: [id] })],
  [k.mergeContacts, 'contact', (id, open) => ({ into: open.contact, from: [id], dryRun: true })],
  [k.getCustomer, 'customer', (id) => ({ id })],
  [k.changeCustomer, 'customer', (id) => ({ id, change })],
  [k.changeCustomer, 'customer', (parentId, { customer: id }) => ({ id, change: { parentId } })],
  [k.changeCustomer, 'contact', (primaryContactId, { customer: id }) => ({ id, change: { primaryContactId } })],
  [k.changeCustomers, 'customer', (id, open) => ({ ids: [open.customer, id], change: { removeTags: ['none'] } })],
  [k.deleteCustomer, 'customer', (id) => ({ id })],
  [k.createCustomer, 'customer', (parentId) => ({ name: 'B', parentId })],
  [k.listCustomers, 'customer', (parentId) => ({ parentId })],
  [k.listCustomers, 'project', (projectId) => ({ projectId })],
  [k.listCustomerContacts, 'customer', (id) => ({ id })],
  [k.getCustomerHistory, 'customer', (id) => ({ id })],
  [k.mergeCustomers, 'customer', (into, open) => ({ into, from: [open.customer] })],
  [k.mergeCustomers, 'customer', (id, open) => ({ into: open.customer, from: [id] })],
  [k.getPhoto, 'contact', (id) => ({ kind: 'contact', id })],
  [k.getPhoto, 'customer', (id) => ({ kind: 'customer', id })],
  [k.setPhoto, 'contact', (id) => ({ kind: 'contact', id, image: 'AAAA' })],
  [k.choosePhoto, 'contact', (id) => ({ kind: 'contact', id, url: 'https://a.example/x.png' })],
  [k.deletePhoto, 'customer', (id) => ({ kind: 'customer', id })],
  [k.suggestPhotos, 'contact', (id) => ({ kind: 'contact', id })],
  [k.getRecord, 'record', (id) => ({ id })],
  [k.changeRecord, 'record', (id) => ({ id, change: { title: 'x' } })],
  [k.changeRecord, 'contact', (contactId, { record: id }) => ({ id, change: { contactId } })],
  [k.changeRecord, 'customer', (customerId, { record: id }) => ({ id, change: { customerId } })],
  [k.deleteRecord, 'record', (id) => ({ id })],
  [k.upsertRecords, 'contact', (contactId) => record({ contactId })],
  [k.upsertRecords, 'customer', (customerId) => record({ customerId })],
  [k.listRecords, 'contact', (contactId) => ({ contactId })],
  [k.listRecords, 'contact', (memberId) => ({ memberId })],
  [k.listRecords, 'customer', (customerId) => ({ customerId })],
  [k.createRecordComment, 'record', (id) => ({ id, text: 'x' })],
  [k.listRecordComments, 'record', (id) => ({ id })],
  [k.deleteRecordComment, 'record', (id) => ({ id, commentId: id })],
  [k.deleteRecordComment, 'comment', (commentId, { record: id }) => ({ id, commentId })],
  [k.addProjectMember, 'project', (id, open) => ({ id, contactId: open.contact })],
  [k.addProjectMember, 'contact', (contactId, { project: id }) => ({ id, contactId })],
  [k.removeProjectMember, 'project', (id, open) => ({ id, contactId: open.contact })],
  [k.removeProjectMember, 'contact', (contactId, { project: id }) => ({ id, contactId })],
  [k.listProjectMembers, 'project', (id) => ({ id })],
  [k.createRequest, 'contact', (contactId) => ({ contactId })],
  [k.createRequest, 'customer', (customerId) => ({ customerId, caller: { firstName: 'A' } })],
  [k.getRequest, 'request', (id) => ({ id })],
  [k.changeRequest, 'request', (id) => ({ id, change: { subject: 'x' } })],
  [k.changeRequest, 'contact', (contactId, { request: id }) => ({ id, change: { contactId } })],
  [k.changeRequest, 'customer', (customerId, { request: id }) => ({ id, change: { customerId } })],
  [k.deleteRequest, 'request', (id) => ({ id })],
  [k.listRequests, 'contact', (contactId) => ({ contactId })],
  [k.listRequests, 'customer', (customerId) => ({ customerId })],
  [k.copyToWorkSite, 'request', (id) => ({ id, from: 1 })],
  [k.getRequestDifferences, 'request', (id) => ({ id })],
  [k.saveCaller, 'request', (id) => ({ id, save: 'new' })],
  [k.saveCaller, 'request', (id) => ({ id, save: 'changes' })],
  [k.getMerge, 'contactMerge', (id) => ({ id })],
  [k.getMerge, 'customerMerge', (id) => ({ id })],
  [k.undoMerge, 'contactMerge', (id) => ({ id })],
  [k.undoMerge, 'customerMerge', (id) => ({ id })],
  [k.listMerges, 'contact', (contactId) => ({ contactId })],
  [k.listMerges, 'customer', (customerId) => ({ customerId })],
  [k.listBinnedThings, 'binUnit', (id) => ({ id })],
  [k.restoreFromBin, 'binUnit', (id) => ({ id })],
  [k.restoreFromBin, 'contact', (id, open) => ({ id: open.binUnit, things: [{ kind: 'contact', id }] })],
  [k.listDuplicates, 'contact', (contactId) => ({ contactId })],
  [k.dismissDuplicate, 'pair', (id) => ({ id })],
  [k.getJob, 'job', (id) => ({ id })],
  [k.listJobItems, 'job', (id) => ({ id })],
];

it('this table has a row for every request of an agent that references an entry', () => {
  const all = Object.values<unknown>(k).filter((one): one is k.RequestContract => Object(one).kind === 'request');
  const names = ({ input }: k.RequestContract) =>
    input instanceof z.ZodObject &&
    Object.keys(input.shape).some((key) => /^(id|ids|into)$|Id$/.test(key) && !/^(ownerId|externalId)$/.test(key));
  const named = all.filter((one) => one.subject.startsWith('customer.') && ['readers', 'agents'].includes(one.audience) && names(one));
  const here = new Set(rows.map(([{ subject }]) => subject));
  expect(named.map(({ subject }) => subject).filter((subject) => !here.has(subject))).toEqual([]);
});

/** The response to a call, without what differs between calls. */
const outcome = (call: Promise<unknown>): Promise<string> =>
  call
    .then(
      (answer) => JSON.stringify({ answer }),
      ({ code, message, details }) => JSON.stringify({ code, message, details }),
    )
    .then((text) => text.replace(UUID, 'id').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then'));

describe.each([
  ['restricted', false],
  ['of a restricted customer', true],
])('%s', (_, byCustomer) => {
  let scene: Scene;
  beforeAll(async () => {
    await world.ask(admin, k.seeAgent, {});
    const stranger = anAgent({ tenant: admin.tenant, roles: ['agent'] });
    await world.ask(stranger, k.seeAgent, {});
    scene = {
      stranger,
      hidden: await everything(again(admin), { restricted: true }, byCustomer),
      open: await everything(stranger, { restricted: false }, byCustomer),
    };
  });

  it('the agent without access may see unrestricted entries', async () => {
    const { stranger, open } = scene;
    for (const [contract, id] of [
      [k.getContact, open.contact],
      [k.getCustomer, open.customer],
      [k.getRecord, open.record],
      [k.getRequest, open.request],
      [k.getMerge, open.contactMerge],
      [k.getMerge, open.customerMerge],
      [k.listBinnedThings, open.binUnit],
      [k.getJob, open.job],
    ] as const)
      expect(await outcome(world.ask(again(stranger), contract as k.RequestContract, { id }))).toMatch(/^\{"answer"/);
  });

  it.each(rows.map((row) => [row[0].subject, row[1], JSON.stringify(row[2]('it', {} as Ids)).replace(UUID, 'id'), row] as const))(
    '%s: a %s in %s',
    async (_subject, _kind, _input, row) => {
      const [contract, kind, input] = row;
      const { stranger, hidden, open } = scene;
      const ask = (id: string) => outcome(world.ask(again(stranger), contract, input(id, open)));
      const missing = await ask(newId());
      expect(await ask(hidden[kind])).toBe(missing);
    },
  );
});
