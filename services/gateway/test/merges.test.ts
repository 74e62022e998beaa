import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { aContactEntry } from '@kontor/testing';
import { answer, standIn } from './stand-in.js';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

const [ID, OLD] = ['018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000002'];
const moved = { records: 0, requests: 0, memberships: 0, contacts: 0, departments: 0 };
const contact = k.Contact.parse(aContactEntry({ id: ID, version: 2, firstName: 'Anna' }));

let gateway: Gateway;
let as: Awaited<ReturnType<Gateway['as']>>;
const got: unknown[] = [];
beforeAll(async () => {
  const customer = standIn('customer', [
    answer(k.seeAgent, () => ({})),
    answer(k.getContact, () => contact),
    answer(k.mergeContacts, (input) => {
      got.push(input);
      return { contact, moved, leftBehind: [] };
    }),
  ]);
  gateway = await startGateway({ services: [customer] });
  as = await gateway.as();
});
afterAll(() => gateway.stop());

it('9.3 dryRun is a parameter of the call, the rest is its body', async () => {
  const body = { into: ID, from: [OLD], fields: { lastName: OLD } };
  expect(await as('POST', '/v1/contacts/merge?dryRun=true', body)).toMatchObject({ status: 200, json: { moved } });
  expect(await as('POST', '/v1/contacts/merge', body)).toMatchObject({ status: 200 });
  expect(got).toEqual([{ ...body, dryRun: 'true' }, body]);
});

it.each([
  ['?dryRun=maybe', {}, 'dryRun'],
  ['?dry=true', {}, 'dry'],
  ['', { dryRun: 'true' }, 'dryRun'],
])('9.3 refuses %s %j by name', async (query, more, path) => {
  const refused = await as('POST', `/v1/contacts/merge${query}`, { into: ID, from: [OLD], ...more });
  expect(problemIn(refused)).toMatchObject({ code: 'invalid', errors: [{ path }] });
});

it('9.3 an old id answers with the merged contact and says where that is', async () => {
  const answered = await as('GET', `/v1/contacts/${OLD}`);
  expect([answered.status, answered.json.id, answered.headers.get('content-location')]).toEqual([200, ID, `/v1/contacts/${ID}`]);
  expect((await as('GET', `/v1/contacts/${ID}`)).headers.get('content-location')).toBeNull();
});

it('9.3 the documentation shows dryRun as a parameter', async () => {
  const { json } = await gateway.call<{
    paths: Record<string, { post: { parameters: { in: string; name: string }[]; requestBody: object } }>;
  }>('GET', '/openapi.json');
  const merging = json.paths['/v1/contacts/merge']?.post;
  expect(merging?.parameters).toContainEqual(expect.objectContaining({ in: 'query', name: 'dryRun', required: false }));
  expect(JSON.stringify(merging?.requestBody)).toMatch(/"into"/);
  expect(JSON.stringify(merging?.requestBody)).not.toMatch(/dryRun/);
});
