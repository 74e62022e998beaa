import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact, Customer, Import, Summary } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { problemIn } from '../test/start-gateway.js';
import { type Hub, ok, startHub } from './start-hub.js';

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(() => hub.stop());

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
const header = 'First Name,Last Name,E-mail';
const files: [string, string | Uint8Array, RegExp][] = [
  ['empty', '', /empty/i],
  ['nothing but white space', '\r\n  \r\n', /empty|no rows|header/i],
  ['a header alone', `${header}\r\n`, /no rows/i],
  ['without the needed columns', 'Colour,Shape\r\nred,round\r\n', /e-mail/i],
  ['one line of 30 MB', `${header}\r\n${'x'.repeat(30 * 1024 * 1024)}\r\n`, /Line 2/],
  ['bytes that are not UTF-8', Buffer.from(`${header}\r\nJürgen,Groß,j@x.example\r\n`, 'latin1'), /Line 2.*|Windows-1252/],
  ['NUL bytes', `${header}\r\nAn\0na,Adler,a@x.example\r\n`, /Line 2/],
  ['an image called .csv', png, /PNG/],
  ['2,000 columns', `${Array.from({ length: 2000 }, (_, i) => `c${i}`).join(',')}\r\n1\r\n`, /2,?000/],
];

describe('a file that is', () => {
  it.each(files)('%s: a 422 that says what and where, and no import', async (_, content, detail) => {
    const { call, upload } = await hub.agent();
    const problem = problemIn(await upload(content, { start: 'true' }));
    expect([problem.status, problem.code]).toEqual([422, 'unreadable-file']);
    expect(problem.detail).toMatch(detail);
    expect(ok<{ items: Import[] }>(await call('GET', '/v1/imports')).items).toEqual([]);
    expect(ok<{ items: object[] }>(await call('GET', '/v1/contacts')).items).toEqual([]);
  });

  it('with quotes that make no sense in one row: that row is rejected with the reason, all others come in', async () => {
    const { call, upload } = await hub.agent();
    const file = `${header}\r\nAnna "Nan",Adler,a@x.example\r\nBert,"Bär,b@x.example\r\nCarl,"Cron" C.,c@x.example\r\nDora,"Dahl",d@x.example\r\n`;
    const { id } = ok<Import>(await upload(file, { start: 'true' }), 202);
    await eventually(async () =>
      expect(ok<Import>(await call('GET', `/v1/imports/${id}`))).toMatchObject({
        state: 'finished',
        progress: { created: 2, rejected: 2 },
      }),
    );
    const names = ok<{ items: Summary[] }>(await call('GET', '/v1/contacts')).items.map(({ displayName }) => displayName);
    expect(names.sort()).toEqual(['Anna "Nan" Adler', 'Dora Dahl']);
    const rejected = (await call('GET', `/v1/imports/${id}/rejected.csv`)).text;
    expect(rejected).toMatch(/Bert,"""Bär",b@x.example,.*never closed[\s\S]*Carl,"""Cron"" C.",c@x.example,.*closing quote/);
  });

  it('without the needed columns can be uploaded to be mapped, but not started', async () => {
    const { call, upload } = await hub.agent();
    const uploaded = ok<Import>(await upload('Colour,Shape\r\nred,round\r\n'), 201);
    expect(problemIn(await call('POST', `/v1/imports/${uploaded.id}/start`)).status).toBe(400);
    expect(problemIn(await call('PUT', `/v1/imports/${uploaded.id}/mapping`, { columns: [{ index: 7, field: 'email' }] }))).toMatchObject({
      code: 'invalid',
      errors: [{ path: 'columns[0].index' }],
    });
    expect(ok<Import>(await call('GET', `/v1/imports/${uploaded.id}`)).state).toBe('uploaded');
  });
});

describe('a body that', () => {
  it('is JSON of 10 MB: a 413 that says the limit', async () => {
    const { call } = await hub.agent();
    const problem = problemIn(await call('POST', '/v1/contacts', { notes: 'x'.repeat(10 * 1024 * 1024) }));
    expect(problem).toMatchObject({ status: 413, code: 'too-large', detail: expect.stringContaining('1 MB') });
  });

  const wrong: [string, object, string[]][] = [
    [
      'has unknown fields',
      { lastName: 'A', shoeSize: 43, emails: [{ address: 'a@b.example', kind: 'work' }] },
      ['emails[0].kind', 'shoeSize'],
    ],
    ['has a wrong UUID', { lastName: 'A', customerId: '17' }, ['customerId']],
    ['has an e-mail that is none', { emails: [{ address: 'anna' }] }, ['emails[0].address']],
    ['has a date that is none', { lastName: 'A', birthday: '1999-02-30' }, ['birthday']],
    ['has a NUL', { lastName: 'A\u0000' }, ['lastName']],
    ['has half a character', { lastName: 'A\ud800' }, ['lastName']],
    ['has too much', { lastName: 'A', tags: Array.from({ length: 201 }, (_, i) => `t${i}`) }, ['tags']],
    ['names an unknown type', { lastName: 'A', type: 'boiling' }, ['type']],
    ['names an unknown custom field', { lastName: 'A', customFields: { shoe: 1 } }, ['customFields.shoe']],
    ['names a customer that is not there', { lastName: 'A', customerId: randomUUID() }, ['customerId']],
  ];
  it.each(wrong)('%s: a 400 that names it', async (_, body, paths) => {
    const { call } = await hub.agent();
    const problem = problemIn(await call('POST', '/v1/contacts', body));
    expect([problem.status, problem.errors?.map((error) => error.path)]).toEqual([400, paths]);
    const { id } = ok<Contact>(await call('POST', '/v1/contacts', { lastName: 'B' }), 201);
    const change = problemIn(await call('PATCH', `/v1/contacts/${id}`, body));
    expect([change.status, change.errors?.map((error) => error.path)]).toEqual([400, paths]);
  });

  it('has nothing to know a contact by: a 400 that says what would do', async () => {
    const { call } = await hub.agent();
    expect(problemIn(await call('POST', '/v1/contacts', {}))).toMatchObject({
      status: 400,
      detail: expect.stringMatching(/firstName.*emails.*phones/),
    });
  });

  it('has an e-mail that is taken: a 409 that names the contact', async () => {
    const { call } = await hub.agent();
    const emails = [{ address: 'anna@x.example' }];
    const { id } = ok<Contact>(await call('POST', '/v1/contacts', { emails }), 201);
    const answer = await call('POST', '/v1/contacts', { emails });
    expect(problemIn(answer)).toMatchObject({ status: 409, code: 'email-taken' });
    expect(answer.text).toContain(id);
  });
});

describe('an address', () => {
  it.each(['17', 'x'.repeat(36), '00000000-0000-0000-0000-00000000000g', '%00', '..%2f..'])(
    'with the id %s: a 400 that names it',
    async (id) => {
      const { call } = await hub.agent();
      expect(problemIn(await call('GET', `/v1/contacts/${id}`))).toMatchObject({ status: 400, errors: [{ path: 'id' }] });
    },
  );

  it('with an id of another tenant: 404, like one of nobody', async () => {
    const owner = await hub.agent();
    const { id, contacts } = ok<Customer & { contacts: Contact[] }>(
      await owner.call('POST', '/v1/customers', { name: 'A', contacts: [{ lastName: 'B' }] }),
      201,
    );
    const contact = contacts[0]?.id;
    const { id: importId } = ok<Import>(await owner.upload('E-mail\r\na@x.example\r\n'), 201);
    const { call } = await hub.agent();
    const calls: [string, string, unknown?][] = [
      ['GET', `/v1/customers/${id}`],
      ['PATCH', `/v1/customers/${id}`, { name: 'C' }],
      ['DELETE', `/v1/customers/${id}`],
      ['GET', `/v1/customers/${id}/contacts`],
      ['GET', `/v1/customers/${id}/recipients?topic=invoice`],
      ['GET', `/v1/contacts/${contact}`],
      ['PATCH', `/v1/contacts/${contact}`, { lastName: 'C' }],
      ['DELETE', `/v1/contacts/${contact}`],
      ['GET', `/v1/contacts/${contact}/permissions`],
      ['PUT', `/v1/contacts/${contact}/permissions`, { invoices: { allowed: false } }],
      ['GET', `/v1/contacts/${contact}/notifications`],
      ['PUT', `/v1/contacts/${contact}/notifications`, { invoice: false }],
      ['GET', `/v1/imports/${importId}`],
      ['PUT', `/v1/imports/${importId}/mapping`, { columns: [] }],
      ['POST', `/v1/imports/${importId}/start`],
      ['GET', `/v1/imports/${importId}/progress`],
      ['GET', `/v1/imports/${importId}/rejected.csv`],
      ['GET', `/v1/imports/${importId}/warnings.csv`],
    ];
    const answers = await Promise.all(
      calls.map(async ([method, path, body]) => [`${method} ${path}`, problemIn(await call(method, path, body)).status]),
    );
    expect(answers).toEqual(calls.map(([method, path]) => [`${method} ${path}`, 404]));
    const own = problemIn(await call('GET', `/v1/contacts/${randomUUID()}`));
    const foreign = problemIn(await call('GET', `/v1/contacts/${contact}`));
    expect({ ...foreign, requestId: '' }).toEqual({ ...own, requestId: '' });
    ok(await owner.call('GET', `/v1/contacts/${contact}`));
  });
});

describe('a search', () => {
  const odd = ['"', '"anna', 'anna "b', '~', '*', '?', '\\', '()', '\u0000', 'a'.repeat(5000), '"'.repeat(999)];
  it.each(odd.map((q) => [q.length > 20 ? `${q.length} times ${q[0]}` : JSON.stringify(q), q]))(
    'for %s is answered or refused, never a 500',
    async (_, q) => {
      const { call } = await hub.agent();
      const answer = await call('GET', `/v1/search?q=${encodeURIComponent(q)}`);
      if (answer.status !== 200) expect(problemIn(answer).status).toBe(400);
    },
  );

  it('with an unclosed quote: a 400 that says where', async () => {
    const { call } = await hub.agent();
    expect(problemIn(await call('GET', '/v1/search?q=anna+%22berlin'))).toMatchObject({
      status: 400,
      code: 'invalid',
      detail: expect.stringMatching(/quot|"/i),
    });
  });
});

describe('who', () => {
  it('has no token, or one that has expired or is not ours: 401', async () => {
    const tokens = [
      undefined,
      await hub.identity.token({}, { expiresIn: -60 }),
      await hub.identity.token({ iss: 'https://other.example' }),
      await hub.identity.token({ aud: 'other' }),
    ];
    for (const token of tokens)
      expect(problemIn(await hub.call('GET', '/v1/contacts', { token }))).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('has a lesser role: 403, and nothing has changed', async () => {
    const tenant = randomUUID();
    const admin = await hub.agent({ tenant });
    const { id } = ok<Contact>(await admin.call('POST', '/v1/contacts', { lastName: 'A' }), 201);
    const light = await hub.agent({ tenant, roles: ['light_agent'] });
    const agent = await hub.agent({ tenant, roles: ['agent'] });
    const refused = [
      await light.call('POST', '/v1/contacts', { lastName: 'B' }),
      await light.call('PATCH', `/v1/contacts/${id}`, { lastName: 'B' }),
      await light.call('DELETE', `/v1/contacts/${id}`),
      await light.call('PUT', `/v1/contacts/${id}/permissions`, { invoices: { allowed: false } }),
      await light.upload('E-mail\r\na@x.example\r\n'),
      await agent.call('PATCH', '/v1/settings', { country: 'AT' }),
    ];
    expect(refused.map((answer) => problemIn(answer).code)).toEqual(refused.map(() => 'forbidden'));
    expect(ok<Contact>(await light.call('GET', `/v1/contacts/${id}`))).toMatchObject({ lastName: 'A', version: 1 });
  });
});
