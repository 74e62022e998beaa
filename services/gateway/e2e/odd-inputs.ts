// What the tests that send nonsense to every route share: the routes as the document tells them, odd values, and things to send them to.
import { randomUUID } from 'node:crypto';
import type { Contact, Customer } from '@kontor/contracts';
import { type Hub, ok } from './start-hub.js';

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}
export interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let deep: unknown = 'x';
for (let i = 0; i < 3000; i++) deep = i % 2 ? [deep] : { deep };

/** What no field takes, or what some do and others cannot. */
export const oddities: unknown[] = [
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
export const texts = [
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
export function membersOf(schema: Schema | undefined, document: OpenApi): string[] {
  if (!schema) return [];
  if (schema.$ref) return membersOf(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''], document);
  return [...Object.keys(schema.properties ?? {}), ...(schema.anyOf ?? []).flatMap((one) => membersOf(one, document))];
}

export const wellFormed = (value: unknown) => String(value).toWellFormed();
export const cursor = (order: string) =>
  Buffer.from(JSON.stringify([order, '99999999999999999999', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])).toString('base64url');

/** One of each noun, whole again for each route, because some routes delete. */
export async function something(call: Awaited<ReturnType<Hub['agent']>>['call']): Promise<Record<string, string>> {
  const customer = ok<Customer>(await call('POST', '/v1/customers', { name: 'A' }), 201);
  const contact = ok<Contact>(await call('POST', '/v1/contacts', { lastName: 'B', customerId: customer.id }), 201);
  const request = ok<{ id: string }>(await call('POST', '/v1/requests', { contactId: contact.id }), 201);
  const record = { source: 's', externalId: randomUUID(), kind: 'project', contactId: contact.id };
  const { items } = ok<{ items: { id: string }[] }>(await call('PUT', '/v1/records', { items: [record] }));
  return { customers: customer.id, contacts: contact.id, requests: request.id, records: items[0]?.id ?? '', projects: items[0]?.id ?? '' };
}
