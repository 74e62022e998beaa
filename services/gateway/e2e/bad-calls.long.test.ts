import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact, Customer } from '@kontor/contracts';
import { problemIn } from '../test/start-gateway.js';
import { type Hub, ok, startHub } from './start-hub.js';

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(() => hub.stop());

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}
interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let deep: unknown = 'x';
for (let i = 0; i < 3000; i++) deep = i % 2 ? [deep] : { deep };

/** What no field takes, or what some do and others cannot. */
const oddities: unknown[] = [
  null,
  '',
  'a\u0000b',
  'half \ud800',
  '0000-00-00',
  '-infinity',
  '+275760-09-13T00:00:00Z',
  '99999999999999999999',
  '00000000-0000-0000-0000-000000000000',
  '__proto__',
  '%',
  2 ** 53,
  -1,
  1e300,
  0.5,
  true,
  [],
  {},
  [null],
  [[]],
  [{}],
  Array.from({ length: 5000 }, () => 'x'),
  { constructor: { prototype: 1 }, toString: 1 },
  deep,
];
/** JSON that JSON.stringify does not make. */
const texts = [
  '',
  'null',
  '[]',
  '17',
  '"x"',
  '{',
  '{}',
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"a":1e999}',
  '\u0000',
];

/** The names of the members that a body may have. */
function membersOf(schema: Schema | undefined, document: OpenApi): string[] {
  if (!schema) return [];
  if (schema.$ref) return membersOf(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''], document);
  return [...Object.keys(schema.properties ?? {}), ...(schema.anyOf ?? []).flatMap((one) => membersOf(one, document))];
}

describe('10 whatever is sent to whichever route', () => {
  it('10 is answered or refused with a problem that says why, never with a 500', async () => {
    const document = (await hub.call<OpenApi>('GET', '/openapi.json')).json as unknown as OpenApi;
    const { call } = await hub.agent();
    const wrong: string[] = [];
    let calls = 0;
    const attempt = async (method: string, path: string, body?: unknown) => {
      calls++;
      const answer = await call(method, path, body, body === undefined ? {} : { 'content-type': 'application/json', 'if-match': '"1"' });
      if (answer.status < 400) return;
      const said = `${method} ${path.slice(0, 200)} ${String(JSON.stringify(body)).slice(0, 150)} → ${answer.text.slice(0, 200)}`;
      try {
        if (problemIn(answer).status >= 500) wrong.push(said);
      } catch {
        wrong.push(said);
      }
    };
    for (const [template, operations] of Object.entries(document.paths)) {
      if (!template.startsWith('/v1/') || template.includes('progress')) continue;
      const ids = await something(call);
      const noun = template.split('/')[2] ?? '';
      const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'id' ? (ids[noun] ?? randomUUID()) : randomUUID()));
      for (const [method, operation] of Object.entries(operations)) {
        const verb = method.toUpperCase();
        const schema = Object.entries(operation.requestBody?.content ?? {}).find(([type]) => type.includes('json'))?.[1].schema;
        const works: (() => Promise<void>)[] = [];
        if (schema) {
          for (const text of texts) works.push(() => attempt(verb, filled, text));
          for (const name of membersOf(schema, document))
            for (const oddity of oddities) {
              works.push(() => attempt(verb, filled, { [name]: oddity }));
              if (name === 'items' || name === 'change' || name === 'caller')
                works.push(() => attempt(verb, filled, { [name]: [{ data: oddity }] }));
            }
        }
        for (const { name, in: place } of operation.parameters ?? [])
          if (place === 'query' && verb === 'GET')
            for (const oddity of [
              ...oddities.filter((one) => typeof one !== 'object'),
              cursor(name),
              cursor('createdAt'),
              'x'.repeat(3000),
            ])
              works.push(() => attempt(verb, `${filled}?${name}=${encodeURIComponent(wellFormed(oddity))}`));
        while (works.length > 0) await Promise.all(works.splice(0, 16).map((work) => work()));
      }
    }
    expect(calls).toBeGreaterThan(1000);
    expect(wrong).toEqual([]);
  }, 600_000);

  it('10 nor is a 500 hidden in an item of many', async () => {
    const { call } = await hub.agent();
    const { contacts } = await something(call);
    const keys = ['a\u0000', 'half \ud800', '__proto__', 'constructor', 'x'.repeat(9999)];
    const odd = [...oddities, ...keys.map((key) => Object.fromEntries([[key, 1]])), ...keys.map((key) => ({ a: [{ [key]: key }] }))];
    const record = [
      'title',
      'status',
      'amount',
      'currency',
      'dueAt',
      'url',
      'customerId',
      'contactId',
      'contact',
      'data',
      'source',
      'kind',
    ];
    const contact = [
      'firstName',
      'birthday',
      'language',
      'customerId',
      'ownerId',
      'access',
      'tags',
      'customFields',
      'phones',
      'links',
      'notes',
    ];
    const items = (fields: string[], base: object) => fields.flatMap((field) => odd.map((value) => ({ ...base, [field]: value })));
    const bodies: [string, string, object[], (items: object[]) => object][] = [
      ['PUT', '/v1/records', items(record, { source: 's', externalId: '1', kind: 'ticket' }), (all) => ({ items: all })],
      ['POST', '/v1/contacts/bulk', items(contact, { lastName: 'A' }), (all) => ({ items: all })],
      ['PUT', '/v1/contacts', items(contact, { emails: [{ address: 'a@b.example' }] }), (all) => ({ match: 'email', items: all })],
      ...items(contact, {}).map((change): [string, string, object[], (all: object[]) => object] => [
        'PATCH',
        '/v1/contacts',
        [change],
        ([only]) => ({ ids: [contacts], change: only }),
      ]),
    ];
    const wrong: string[] = [];
    for (const [method, path, all, wrap] of bodies)
      for (let i = 0; i < all.length; i += 40) {
        const answer = await call(method, path, wrap(all.slice(i, i + 40)));
        if (answer.status >= 500) wrong.push(`${method} ${path} ${i} ${answer.text.slice(0, 300)}`);
        if (answer.text.includes('"internal"')) wrong.push(answer.text);
      }
    expect(wrong).toEqual([]);
  }, 120_000);
});

const wellFormed = (value: unknown) => String(value).toWellFormed();
const cursor = (order: string) =>
  Buffer.from(JSON.stringify([order, '99999999999999999999', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])).toString('base64url');

/** One of each noun, whole again for each route, because some routes delete. */
async function something(call: Awaited<ReturnType<Hub['agent']>>['call']): Promise<Record<string, string>> {
  const customer = ok<Customer>(await call('POST', '/v1/customers', { name: 'A' }), 201);
  const contact = ok<Contact>(await call('POST', '/v1/contacts', { lastName: 'B', customerId: customer.id }), 201);
  const request = ok<{ id: string }>(await call('POST', '/v1/requests', { contactId: contact.id }), 201);
  const record = { source: 's', externalId: randomUUID(), kind: 'project', contactId: contact.id };
  const { items } = ok<{ items: { id: string }[] }>(await call('PUT', '/v1/records', { items: [record] }));
  return { customers: customer.id, contacts: contact.id, requests: request.id, records: items[0]?.id ?? '', projects: items[0]?.id ?? '' };
}
