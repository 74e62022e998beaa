import { randomUUID } from 'node:crypto';
import type { Contact, Customer, DuplicatePair, Import, Job, Merge, SearchAnswer } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import type { Answer } from '../test/start-gateway.js';
import { type Hub, ok } from './start-hub.js';

/** Who calls. All but `foreigner` are of one tenant; `owner` is the agent who made everything. */
export const callers = ['nobody', 'foreigner', 'stranger', 'reader', 'writer', 'member', 'light', 'owner', 'admin'] as const;
export type Caller = (typeof callers)[number];

export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
type Id = { id: string };

/** An address that a restricted contact has. */
export const TAKEN = 'besetzt@kanarie.example';

/** A tenant with a restricted customer, and one of everything below it; whatever is made here has the canary in it. */
export type Scene = Awaited<ReturnType<typeof makeScene>>;

export async function makeScene(hub: Hub) {
  const tenant = randomUUID();
  const agents = {
    foreigner: await hub.agent({ sub: 'foreigner' }),
    stranger: await hub.agent({ tenant, sub: 'stranger', roles: ['agent'], teams: ['Süd'] }),
    reader: await hub.agent({ tenant, sub: 'reader', roles: ['agent'] }),
    writer: await hub.agent({ tenant, sub: 'writer', roles: ['agent'] }),
    member: await hub.agent({ tenant, sub: 'member', roles: ['agent'], teams: ['Nord'] }),
    light: await hub.agent({ tenant, sub: 'light', roles: ['light_agent'] }),
    owner: await hub.agent({ tenant, sub: 'owner', roles: ['agent'] }),
    admin: await hub.agent({ tenant, sub: 'admin' }),
  };
  const calls: Record<Caller, Call> = {
    nobody: (method, path, body, headers) => hub.call(method, path, { body, headers }),
    ...(Object.fromEntries(Object.entries(agents).map(([name, { call }]) => [name, call])) as Record<keyof typeof agents, Call>),
  };
  const idOf = async (name: Caller) => ok<Id>(await calls[name]('GET', '/v1/me')).id;
  const [reader, writer, light, owner] = await Promise.all([idOf('reader'), idOf('writer'), idOf('light'), idOf('owner')]);
  const access = {
    restricted: true,
    agents: [
      { id: reader, rights: 'read' },
      { id: writer, rights: 'write' },
      { id: light, rights: 'read' },
    ],
    teams: [{ name: 'Nord', rights: 'write' }],
  };
  const canary = `kanarie${randomUUID().replaceAll('-', '')}`;
  const customFields = ['hobby', 'sport'].map((key) => ({ key, label: key, kind: 'select', for: 'contact', options: ['a', 'b'] }));
  for (const call of [calls.admin, calls.foreigner]) ok(await call('PATCH', '/v1/settings', { customFields, contactFromTicket: false }));

  const secrets = [canary];
  const make = makers(calls, { canary, access, secrets });
  const customer = await make.customer();
  const contact = await make.contact(customer.id, {
    ...{ lastName: 'Kanarienvogel', phones: [{ number: '+49 30 77341990' }], emails: [{ address: TAKEN }], tags: [canary] },
  });
  const twin = await make.contact(customer.id, { lastName: 'Kanarienvogel', phones: [{ number: '+49 30 77341990' }] });
  ok(await calls.owner('PATCH', `/v1/contacts/${contact.id}`, { notes: canary }));
  ok(await calls.owner('PATCH', `/v1/customers/${customer.id}`, { notes: canary }));
  const project = await make.record(contact.id, 'project');
  ok(await calls.owner('PUT', `/v1/projects/${project.id}/members/${contact.id}`), 204);
  const record = await make.record(contact.id);
  const request = await make.request(contact.id);
  const merge = await make.merge(customer.id);
  const bin = await make.contact(customer.id).then(({ id }) => make.binned('contacts', id));
  const partlyHidden = await make.partlyHidden();
  const imported = await make.import(`E-mail,First Name\r\n${canary}@,\r\n${make.email()},Offen\r\n`, agents.owner);
  const job = await make.job();
  const comment = await make.comment(record.id);
  const duplicate = await eventually(async () => {
    const path = `/v1/duplicates?contactId=${contact.id}`;
    const pairs = ok<{ items: DuplicatePair[] }>(await calls.owner('GET', path)).items;
    const pair = pairs.find(({ contacts }) => contacts.some(({ id }) => id === twin.id));
    if (!pair) throw new Error('the pair has not been found yet');
    return pair;
  }, 30_000);
  await eventually(async () => {
    const { hits } = ok<SearchAnswer>(await calls.owner('GET', '/v1/search?q=Kanarienvogel'));
    if (!hits.some(({ id }) => id === contact.id)) throw new Error('the contact is not in the index yet');
  }, 30_000);

  secrets.push(comment.id, duplicate.id, merge.into, ...merge.from);
  return {
    ...{ customer, contact, twin, project, record, request, merge, bin, partlyHidden, comment, duplicate, import: imported, job },
    ...{ tenant, calls, make, owner },
    /** What nobody may be told who may not see the customer; grows with what is made. */
    secrets,
  };
}

/** Makes what a call consumes anew, as the owner, restricted like everything else; each id is a secret. */
function makers(
  { owner, admin }: Record<Caller, Call>,
  { canary, access, secrets }: { canary: string; access: object; secrets: string[] },
) {
  const text = () => randomUUID().slice(0, 8);
  const secret = <T extends Id>(thing: T): T => {
    secrets.push(thing.id);
    return thing;
  };
  const make = {
    text,
    email: () => `${randomUUID()}@kanarie.example`,
    customer: async (more: object = {}) =>
      secret(ok<Customer>(await owner('POST', '/v1/customers', { name: `${canary} ${text()}`, access, ...more }), 201)),
    contact: async (customerId: string, more: object = {}) =>
      secret(ok<Contact>(await owner('POST', '/v1/contacts', { firstName: canary, lastName: text(), customerId, ...more }), 201)),
    async record(contactId: string, kind = 'ticket') {
      const key = { source: 'kanarie', externalId: randomUUID(), kind };
      const { items } = ok<{ items: [Id] }>(await owner('PUT', '/v1/records', { items: [{ ...key, title: canary, contactId }] }));
      return secret({ ...key, id: items[0].id });
    },
    comment: async (recordId: string, call = owner) =>
      ok<Id>(await call('POST', `/v1/records/${recordId}/comments`, { text: canary }), 201),
    request: async (contactId: string) => secret(ok<Id>(await owner('POST', '/v1/requests', { contactId, subject: canary }), 201)),
    async merge(customerId: string) {
      const [into, from] = await Promise.all([make.contact(customerId), make.contact(customerId)]);
      const { id = '' } = ok<{ id?: string }>(await owner('POST', '/v1/contacts/merge', { into: into.id, from: [from.id] }));
      return secret(ok<Merge>(await owner('GET', `/v1/merges/${id}`)));
    },
    /** Deletes it; the bin knows what was deleted by its id. */
    async binned(path: string, id: string, call = owner) {
      ok(await call('DELETE', `/v1/${path}/${id}`), 204);
      return { id };
    },
    /** A deleted customer that everybody might see, with a contact of the admin's that was restricted. */
    async partlyHidden() {
      const contacts = [{ lastName: canary, access }];
      const made = ok<Id & { contacts: [Id] }>(await admin('POST', '/v1/customers', { name: 'Offen GmbH', contacts }), 201);
      secret(made.contacts[0]);
      return make.binned('customers', made.id, admin);
    },
    /** A finished import, of which one row was refused. */
    async import(csv: string, { upload, ended }: Pick<Awaited<ReturnType<Hub['agent']>>, 'upload' | 'ended'>) {
      return secret(await ended(ok<Import>(await upload(csv, { start: 'true' }), 202).id));
    },
    async uploaded() {
      const form = new FormData();
      form.set('file', new Blob([`E-mail,First Name\r\n${make.email()},Offen\r\n`]), 'contacts.csv');
      return secret(ok<Import>(await owner('POST', '/v1/imports', form), 201));
    },
    /** A job of the owner; only what is done to more than 1,000 is one. */
    async job() {
      const { id: customerId } = await make.customer();
      const some = (n: number) => Array.from({ length: n }, (_, i) => ({ firstName: canary, lastName: `${i}`, customerId }));
      for (const n of [1000, 1]) ok(await owner('POST', '/v1/contacts/bulk', { items: some(n) }));
      const { job } = ok<{ job: Job }>(
        await owner('PATCH', '/v1/contacts', { filter: { customerId }, change: { addTags: [canary] } }),
        202,
      );
      return secret(job ?? { id: '' });
    },
  };
  return make;
}
