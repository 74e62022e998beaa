import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { answer, standIn } from './stand-in.js';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

const ID = '018f0000-0000-7000-8000-000000000001';
const OTHER = '018f0000-0000-7000-8000-000000000002';
const record: k.BusinessRecord = {
  ...{ id: ID, version: 3, source: 'desk', externalId: '1', kind: 'ticket', title: null, status: null, amount: '1.50', currency: 'EUR' },
  ...{ dueAt: null, url: null, customerId: null, contactId: null, contact: null, data: { a: [1] } },
  ...{ createdAt: '2026-01-31T10:00:00.000Z', updatedAt: '2026-01-31T10:00:00.000Z' },
};
let got: unknown;
const heard =
  <I, O>(give: () => O) =>
  (input: I): O => {
    got = input;
    return give();
  };

let gateway: Gateway;
let as: Awaited<ReturnType<Gateway['as']>>;
beforeAll(async () => {
  const customer = standIn('customer', [
    answer(k.seeAgent, () => ({})),
    answer(
      k.upsertRecords,
      heard(() => ({ items: [{ index: 0, status: 201, id: ID, version: 1, contactId: OTHER, contactCreated: true }] })),
    ),
    answer(
      k.changeRecord,
      heard(() => record),
    ),
    answer(
      k.listRecords,
      heard(() => ({ items: [record], nextCursor: null })),
    ),
    answer(
      k.createRecordComment,
      heard(() => ({ id: OTHER, recordId: ID, text: 'x', agent: { id: ID, name: null }, createdAt: record.createdAt })),
    ),
    answer(
      k.addProjectMember,
      heard(() => ({})),
    ),
  ]);
  gateway = await startGateway({ services: [customer] });
  as = await gateway.as({ roles: ['agent'] });
});
afterAll(() => gateway.stop());

it('4.1 PUT /v1/records takes many, each as it was sent', async () => {
  const ticket = { source: 'desk', externalId: '1', kind: 'ticket', amount: 1.5, contact: { email: 'A@b.example' } };
  const items = [ticket, 7];
  const { status, json } = await as('PUT', '/v1/records', { items });
  expect([status, json]).toEqual([200, { items: [{ index: 0, status: 201, id: ID, version: 1, contactId: OTHER, contactCreated: true }] }]);
  expect(got).toMatchObject({ items: [{ ...ticket, amount: '1.5' }, 7] });
  const empty = problemIn(await as('PUT', '/v1/records', { items: [] }));
  expect(empty).toMatchObject({ status: 400, errors: [{ path: 'items' }] });
});

it('4.1 a change says its version, and is made only to the one that is named', async () => {
  const { status, headers } = await as('PATCH', `/v1/records/${ID}`, { title: 'x' }, { 'if-match': '"2"' });
  expect([status, headers.get('etag')]).toEqual([200, '"3"']);
  expect(got).toEqual({ id: ID, version: 2, change: { title: 'x' } });
});

it('4.1 the filters of the list are parameters', async () => {
  await as('GET', `/v1/records?customerId=${ID}&kind=ticket&status=open&waiting=true`);
  expect(got).toMatchObject({ customerId: ID, kind: 'ticket', status: 'open', waiting: true, sort: 'createdAt', limit: 25 });
  expect(problemIn(await as('GET', '/v1/records?kind=dream'))).toMatchObject({ status: 400, errors: [{ path: 'kind' }] });
});

it('2.11 light agents comment; the answer says where the comment is', async () => {
  const light = await gateway.as({ roles: ['light_agent'] });
  const { status, headers } = await light('POST', `/v1/records/${ID}/comments`, { text: ' x ' });
  expect([status, headers.get('location')]).toEqual([201, `/v1/records/${ID}/comments/${OTHER}`]);
  expect(problemIn(await light('PUT', '/v1/records', { items: [1] }))).toMatchObject({ status: 403 });
});

it('4.2 PUT of a member takes no body and answers 204 without one', async () => {
  const { status, text } = await as('PUT', `/v1/projects/${ID}/members/${OTHER}`);
  expect([status, text, got]).toEqual([204, '', { id: ID, contactId: OTHER }]);
});
