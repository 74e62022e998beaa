// Naming somebody hidden by an address, a number or a code is answered as naming nobody; what must be unique is the exception, and says no more than that.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { again, anAgent } from '@kontor/testing';
import { newId } from '../src/sql/new-id.js';
import { begin, contact, customer, end, world } from './merging.js';

beforeAll(begin);
afterAll(end);

interface Keys {
  primary: string;
  further: string;
  phone: string;
  code: string;
  external: k.ExternalId;
  domain: string;
}
const digits = () => String(Math.floor(Number(`0x${randomUUID().slice(0, 8)}`) % 9_000_000) + 1_000_000);
const keys = (): Keys => {
  const one = randomUUID();
  return {
    primary: `${one}@a.example`,
    further: `${one}@b.example`,
    phone: `030 ${digits()}`,
    code: one,
    external: { source: 'crm', id: one },
    domain: `${one}.example`,
  };
};

let stranger: Context;
let hidden: Keys;
beforeEach(async () => {
  const admin = anAgent();
  stranger = anAgent({ tenant: admin.tenant, roles: ['agent'] });
  for (const agent of [admin, stranger]) await world.ask(agent, k.seeAgent, {});
  hidden = keys();
  const access = { restricted: true };
  await contact(admin, {
    access,
    emails: [{ address: hidden.primary }, { address: hidden.further }],
    phones: [{ number: hidden.phone }],
    employeeCode: hidden.code,
    externalIds: [hidden.external],
    tags: [hidden.code],
  });
  await customer(admin, { access, domains: [hidden.domain] });
});

type Ask = [what: string, contract: k.RequestContract, input: (keys: Keys) => object];
const record = (kind: string, named: object) => ({ items: [{ source: 's', externalId: newId(), kind, contact: named }] });
const file = (row: object) => ({ importId: newId(), number: 0, onKnown: 'update', source: 'crm', rows: [row] });
const upsert = (item: object, match = 'email') => ({ match, items: [item] });
const filters: Ask[] = [
  ['an address', k.listContacts, ({ primary }) => ({ email: primary })],
  ['a further address', k.listContacts, ({ further }) => ({ email: further })],
  ['a number', k.listContacts, ({ phone }) => ({ phone })],
  ['a code', k.listContacts, ({ code }) => ({ employeeCode: code })],
  ['an external id', k.listContacts, ({ external }) => ({ externalId: `crm:${external.id}` })],
  ['a tag', k.listContacts, ({ code }) => ({ tag: code })],
  ['an address', k.listCustomers, ({ primary }) => ({ email: primary })],
  ['a tag', k.listTags, ({ code }) => ({ startsWith: code })],
];
const writes: Ask[] = [
  ['a caller', k.lookUpCaller, ({ phone }) => ({ phone })],
  ['a code', k.createRequest, ({ code }) => ({ employeeCode: code })],
  ['a further address', k.createContact, ({ further }) => ({ emails: [{ address: further }] })],
  ['a number', k.createContact, ({ phone }) => ({ phones: [{ number: phone }] })],
  ['a code', k.createContact, ({ code }) => ({ employeeCode: code })],
  ['a mail domain', k.createContact, ({ domain }) => ({ emails: [{ address: `ada@${domain}` }] })],
  ['a mail domain', k.createCustomer, ({ domain }) => ({ name: 'A', domains: [domain] })],
  ['a further address', k.upsertContacts, ({ further }) => upsert({ emails: [{ address: further }] })],
  ['a code', k.upsertContacts, ({ code }) => upsert({ employeeCode: code }, 'employeeCode')],
  ['a further address', k.importContacts, ({ further }) => file({ firstName: 'A', emails: [further] })],
  ['a code', k.importContacts, ({ code }) => file({ firstName: 'A', employeeCode: code })],
  ['a further address', k.upsertRecords, ({ further }) => record('ticket', { email: further })],
  ['an address', k.upsertRecords, ({ primary }) => record('task', { email: primary })],
  ['an external id', k.upsertRecords, ({ external }) => record('ticket', { externalId: external })],
];

const outcome = async (contract: k.RequestContract, input: (keys: Keys) => object, given: Keys): Promise<string> => {
  const text = await world.ask(again(stranger), contract, input(given)).then(
    (answer) => JSON.stringify({ answer }),
    ({ code, message, details }) => JSON.stringify({ code, message, details }),
  );
  const plain = text.replaceAll(given.phone, 'phone').replaceAll(`+4930${given.phone.slice(4)}`, 'e164');
  return plain
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then')
    .replace(/"number":\d+/, 'n');
};

describe.each([...filters, ...writes])('%s in $subject', (what, contract, input) => {
  it(`${what}: ${contract.subject}`, async () => {
    const unknown = await outcome(contract, input, keys());
    expect(await outcome(contract, input, hidden)).toBe(unknown);
  });
});

describe('a taken unique key is refused without revealing the hidden contact', () => {
  it.each<[string, k.RequestContract, (keys: Keys) => object]>([
    ['a primary address', k.createContact, ({ primary }) => ({ firstName: 'A', emails: [{ address: primary }] })],
    ['an external id', k.createContact, ({ external }) => ({ firstName: 'A', externalIds: [external] })],
    ['a primary address', k.upsertContacts, ({ primary }) => upsert({ firstName: 'A', emails: [{ address: primary }] })],
    ['an external id', k.upsertContacts, ({ external }) => upsert({ firstName: 'A', externalIds: [external] }, 'externalId')],
  ])('%s', async (_, contract, input) => {
    const refused = await outcome(contract, input, hidden);
    expect(refused).toMatch(/"code":"(conflict|email-taken|taken)"/);
    expect(refused).not.toMatch(/contactId|Anna/);
  });

  it('a single ticket waits for the contact with its address as the primary one', async () => {
    const ask = ({ primary }: Keys) => world.ask(again(stranger), k.upsertRecords, record('ticket', { email: primary }) as never);
    expect((await ask(hidden)).items[0]).toMatchObject({ status: 201, waiting: true });
    expect((await ask(keys())).items[0]).toMatchObject({ status: 201, contactCreated: true });
  });
});
