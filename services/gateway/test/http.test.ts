import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError, type Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContactEntry, eventually } from '@kontor/testing';
import { Logger } from '@nestjs/common';
import { answer, standIn } from './stand-in.js';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

const ID = '018f0000-0000-7000-8000-000000000001';
// As the gateway answers it: without what only services tell each other.
const contact = k.Contact.parse(aContactEntry({ id: ID, version: 5, firstName: 'Anna' }));

let gateway: Gateway;
let as: Awaited<ReturnType<Gateway['as']>>;
/** What reached the service last. */
let got: { input: unknown; context: Context } | undefined;
/** How it fails, if it is to. */
let failure: Error | undefined;
const heard =
  <I, O>(give: () => O) =>
  (input: I, context: Context): O => {
    got = { input, context };
    if (failure) throw failure;
    return give();
  };
/** What `getContact` waits for. */
let letting = Promise.resolve();
const unanswered = Promise.withResolvers<never>();
unanswered.promise.catch(() => {});
const customer = standIn('customer', [
  answer(k.seeAgent, () => ({})),
  answer(
    k.getContact,
    heard(() => letting.then(() => contact)),
  ),
  answer(
    k.createContact,
    heard(() => contact),
  ),
  answer(
    k.changeContact,
    heard(() => contact),
  ),
  answer(
    k.deleteContact,
    heard(() => ({})),
  ),
  answer(
    k.listContacts,
    heard(() => ({ items: [], nextCursor: null })),
  ),
  answer(
    k.createContacts,
    heard(() => ({ items: [{ index: 0, status: 400 }] })),
  ),
  answer(k.createCustomer, () => unanswered.promise),
]);
const search = standIn('search', [
  answer(
    k.search,
    heard(() => ({ hits: [], nextCursor: null, total: { value: 0, relation: 'exact' as const }, tookMs: 1 })),
  ),
]);

beforeAll(async () => {
  gateway = await startGateway({ services: [customer, search], env: { KONTOR_CORS_ORIGINS: 'https://app.example, https://desk.example' } });
  as = await gateway.as({ sub: 'anna', name: 'Anna', roles: ['agent'], teams: ['Süd'] });
});
afterAll(() => {
  unanswered.reject(new Error('the test is over'));
  return gateway.stop();
});
beforeEach(() => {
  got = failure = undefined;
});
const json = { 'content-type': 'application/json' };

describe('a call', () => {
  it('gives the service the agent, the tenant and the request id', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await as(
      'POST',
      '/v1/contacts',
      { lastName: 'M' },
      { 'x-request-id': 'abc_1-2', traceparent, 'idempotency-key': 'k 1' },
    );
    expect(answer.headers.get('x-request-id')).toBe('abc_1-2');
    expect(got?.context).toMatchObject({
      ...{ requestId: 'abc_1-2', traceparent, lane: 'people', door: 'api', idempotencyKey: 'k 1', roles: ['agent'], teams: ['Süd'] },
      ...{ agent: { name: 'Anna' }, tenant: expect.any(String) },
    });
  });

  it.each(['a b', 'x'.repeat(65), 'ä', '<script>'])('with the request id %j gets a new one', async (id) => {
    const answer = await as('GET', `/v1/contacts/${ID}`, undefined, {
      'x-request-id': encodeURIComponent(id).slice(0, 70),
      traceparent: '00-00-00-00',
    });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(got?.context.requestId).toBe(answer.headers.get('x-request-id'));
    expect(got?.context.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it.each(['', ' ', 'x'.repeat(256), 'a\tb'])('with the idempotency key %j is refused', async (key) => {
    expect(problemIn(await as('POST', '/v1/contacts', {}, { 'idempotency-key': key }))).toMatchObject({
      code: 'invalid',
      errors: [{ path: 'Idempotency-Key' }],
    });
  });

  it('has an idempotency key only as POST', async () => {
    await as('PATCH', `/v1/contacts/${ID}`, {}, { 'idempotency-key': 'k' });
    expect(got?.context).not.toHaveProperty('idempotencyKey');
  });

  it('gets 201 with Location, 200, or 204', async () => {
    const created = await as('POST', '/v1/contacts', {});
    expect([created.status, created.headers.get('location'), created.json]).toEqual([201, `/v1/contacts/${ID}`, contact]);
    expect((await as('PATCH', `/v1/contacts/${ID}`, {})).status).toBe(200);
    const deleted = await as('DELETE', `/v1/contacts/${ID}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    const bulk = await as('POST', '/v1/contacts/bulk', { items: [{}] });
    expect([bulk.status, bulk.headers.get('location')]).toEqual([200, null]);
  });

  it('may be a HEAD', async () => {
    const head = await as('HEAD', `/v1/contacts/${ID}`);
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', '"5"']);
  });
});

describe('versions', () => {
  it.each(['"5"', 'W/"5"', '*', '"4", "5"'])('If-None-Match: %s is 304 when that is the present one', async (tag) => {
    const answer = await as('GET', `/v1/contacts/${ID}`, undefined, { 'if-none-match': tag });
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', '"5"']);
  });
  it('another one is answered in full', async () => {
    expect((await as('GET', `/v1/contacts/${ID}`, undefined, { 'if-none-match': '"4"' })).status).toBe(200);
  });
  it('If-Match goes to the service as the version', async () => {
    await as('PATCH', `/v1/contacts/${ID}`, { lastName: 'M' }, { 'if-match': '"5"' });
    expect(got?.input).toEqual({ id: ID, version: 5, change: { lastName: 'M' } });
    await as('DELETE', `/v1/contacts/${ID}`, undefined, { 'if-match': '*' });
    expect(got?.input).toEqual({ id: ID });
  });
  it.each(['W/"5"', '5', '"5", "6"', '"0"', '"x"', '""', '"99999999999999999999"'])('If-Match: %s is refused', async (tag) => {
    const answer = await as('PATCH', `/v1/contacts/${ID}`, {}, { 'if-match': tag });
    expect(problemIn(answer)).toMatchObject({ code: 'invalid', errors: [{ path: 'If-Match' }] });
    expect(got).toBeUndefined();
  });
});

describe('input', () => {
  const wrong: [string, string, unknown, string[]][] = [
    ['POST', '/v1/contacts', { emails: [{ address: 'a@b.example' }, { address: 'x' }] }, ['emails[1].address']],
    ['POST', '/v1/contacts', { lastname: 'M', shoe: 1 }, ['lastname', 'shoe']],
    ['POST', '/v1/contacts', { notes: 'a\u0000b' }, ['notes']],
    ['POST', '/v1/contacts?dry=1', {}, ['dry']],
    ['POST', '/v1/contacts', [], ['']],
    ['POST', '/v1/contacts', 'null', ['']],
    ['POST', '/v1/contacts', '"x"', ['']],
    ['PATCH', `/v1/contacts/${ID}`, { emails: [{ address: 'x', nope: 1 }] }, ['emails[0].address', 'emails[0].nope']],
    ['PATCH', `/v1/contacts/${ID}`, { id: ID, version: 3, change: {} }, ['id', 'version', 'change']],
    ['PATCH', `/v1/contacts/${ID}?change=1`, {}, ['change']],
    ['PATCH', `/v1/contacts/${ID}`, undefined, ['']],
    ['PATCH', `/v1/contacts/${ID}`, [], ['']],
    ['PUT', `/v1/contacts/${ID}/permissions`, { invoices: { allowed: 'yes' } }, ['invoices.allowed']],
    ['PUT', `/v1/imports/${ID}/mapping`, { columns: [{ index: 0, field: 'shoe' }] }, ['columns[0].field']],
    ['POST', `/v1/imports/${ID}/start`, { id: ID }, ['id']],
    ['GET', '/v1/contacts/17', undefined, ['id']],
    ['GET', `/v1/contacts/${ID}x`, undefined, ['id']],
    ['GET', `/v1/contacts/${'a'.repeat(300)}`, undefined, ['id']],
    ['GET', '/v1/contacts/%00', undefined, ['id']],
    ['GET', '/v1/contacts?limit=0&sort=age&tags=a', undefined, ['tags']],
    ['GET', '/v1/contacts?limit=0&sort=age', undefined, ['limit', 'sort']],
    ['GET', '/v1/contacts?limit=1&limit=2', undefined, ['limit']],
    ['GET', '/v1/contacts?__proto__=1', undefined, ['__proto__']],
    ['GET', '/v1/contacts?customerId=1', undefined, ['customerId']],
    ['GET', `/v1/contacts/${ID}?id=${ID}`, undefined, ['id']],
    ['GET', '/v1/settings?x=1', undefined, ['x']],
    ['GET', '/v1/search?q=a&facets=shoe', undefined, ['facets[0]']],
    ['GET', `/v1/customers/${ID}/recipients`, undefined, ['topic']],
    ['DELETE', `/v1/contacts/${ID}?version=3`, undefined, ['version']],
  ];
  it.each(wrong)('%s %s %j is refused by name', async (method, path, body, paths) => {
    const answer = await as(method, path, body, typeof body === 'string' ? json : undefined);
    const problem = problemIn(answer);
    expect([problem.status, problem.errors?.map((error) => error.path)]).toEqual([400, paths]);
    expect(got).toBeUndefined();
  });

  it('reaches the service as it was sent', async () => {
    await as('GET', '/v1/contacts?tag=a&tag=b&limit=2');
    expect(got?.input).toMatchObject({ tag: ['a', 'b'], limit: 2 });
    await as('GET', '/v1/search?q=%22Anna&facets=type,tag&tag=a');
    expect(got?.input).toMatchObject({ q: '"Anna', facets: ['type', 'tag'], tag: ['a'] });
    await as('GET', `/v1/contacts/${ID.toUpperCase()}`);
    expect(got?.input).toEqual({ id: ID });
  });
});

describe('bodies', () => {
  const post = (body: string | Uint8Array, headers: Record<string, string> = json) => as('POST', '/v1/contacts', body, headers);
  const deep = (levels: number) => `{"phones":[{"number":"1","e164":${'['.repeat(levels)}${']'.repeat(levels)}}]}`;
  const wrong: [string, string | Uint8Array, string][] = [
    ['half', '{"lastName":', 'Unexpected end of JSON input'],
    ['no JSON', '{"lastName": x}', "Unexpected token 'x'"],
    ['with a comma too much', '{"lastName": "x",}', 'line 1 column 18'],
    ['not UTF-8', Buffer.from('{"lastName":"M\xfcller"}', 'latin1'), 'not in UTF-8'],
    ['with __proto__', '{"customFields":{"__proto__":{"a":1}}}', 'customFields.__proto__: is a name'],
    ['with constructor', '{"emails":[{},{"constructor":{"prototype":{}}}]}', 'emails[1].constructor: is a name'],
    ['as deep as a well', deep(100), 'deeper than 32'],
    ['as deep as the sea', deep(200_000), 'deeper than 32'],
  ];
  it.each(wrong)('%s: refused, and it says where', async (_, body, detail) => {
    expect(problemIn(await post(body))).toMatchObject({ status: 400, code: 'invalid', detail: expect.stringContaining(detail) });
    expect(got).toBeUndefined();
  });

  it('of no length are no body, whatever their type says', async () => {
    expect((await post('')).status).toBe(201);
    expect((await as('DELETE', `/v1/contacts/${ID}`, undefined, json)).status).toBe(204);
  });

  it('may be a merge patch', async () => {
    expect((await as('PATCH', `/v1/contacts/${ID}`, '{"lastName":null}', { 'content-type': 'application/merge-patch+json' })).status).toBe(
      200,
    );
    expect(got?.input).toEqual({ id: ID, change: { lastName: null } });
  });

  it.each([
    { 'content-type': 'text/csv' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'nonsense' },
    { ...json, 'content-encoding': 'gzip' },
  ])('of the type %j are not taken', async (headers) => {
    expect(problemIn(await post('a=b', headers))).toMatchObject({ status: 415, code: 'unsupported' });
  });

  it('that are forms are not taken', async () => {
    const form = new FormData();
    form.set('lastName', 'M');
    expect(problemIn(await as('POST', '/v1/contacts', form))).toMatchObject({
      status: 415,
      detail: expect.stringContaining('application/json'),
    });
  });

  it.each([1, 10])('of more than a megabyte (%d) are too large, and the limit is said', async (megabytes) => {
    const answer = await as('POST', '/v1/contacts', { notes: 'x'.repeat(megabytes * 1024 * 1024) });
    expect(problemIn(answer)).toMatchObject({ status: 413, code: 'too-large', detail: expect.stringContaining('1 MB') });
  });

  it('sent in pieces of unknown length have the same limit', async () => {
    const piece = randomBytes(64 * 1024).toString('hex');
    const body = ReadableStream.from(Array.from({ length: 80 }, () => Buffer.from(piece)));
    const token = await gateway.identity.token();
    const response = await fetch(`${gateway.url}/v1/contacts`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${token}` },
      body: body as unknown as string,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
  });

  it('of bulk calls may have 6 MB', async () => {
    const items = (megabytes: number) => ({ items: Array.from({ length: 100 }, () => ({ notes: 'x'.repeat(megabytes * 10_000) })) });
    expect((await as('POST', '/v1/contacts/bulk', items(5))).status).toBe(200);
    expect(problemIn(await as('POST', '/v1/contacts/bulk', items(7)))).toMatchObject({
      status: 413,
      detail: expect.stringContaining('6 MB'),
    });
  });
});

describe('failures', () => {
  it.each(Object.entries(k.statusOf))('%s of a service becomes %d', async (code, status) => {
    failure = new AppError(code as k.ErrorCode, 'What is wrong', {
      contactId: 'c1',
      retryAfter: 1.5,
      status: 200,
      errors: [{ path: 'change.tags[0]', message: 'm', code: 'c' }],
    });
    const answer = await as('PATCH', `/v1/contacts/${ID}`, {});
    const problem = problemIn(answer);
    expect(problem).toMatchObject({
      status,
      code,
      type: `/problems/${code}`,
      detail: 'What is wrong',
      contactId: 'c1',
      errors: [{ path: 'tags[0]' }],
    });
    expect(problem).not.toHaveProperty('retryAfter');
    expect(answer.headers.get('retry-after')).toBe(status === 429 || status === 503 ? '2' : null);
  });

  it('that nobody expected say nothing about themselves', async () => {
    failure = new Error('password of the database: secret');
    const answer = await as('GET', `/v1/contacts/${ID}`);
    expect(problemIn(answer)).toMatchObject({ status: 500, code: 'internal' });
    expect(answer.text).not.toContain('secret');
  });

  it('of a service that does not run: 503 immediately', async () => {
    expect(problemIn(await as('GET', '/v1/imports'))).toMatchObject({
      status: 503,
      code: 'unavailable',
      detail: expect.stringContaining('import'),
    });
  });

  it('of a service that does not answer: 504', async () => {
    expect(problemIn(await as('POST', '/v1/customers', { name: 'x' }))).toMatchObject({ status: 504, code: 'timeout' });
  });
});

describe('addresses', () => {
  it.each([
    ['GET', '/v1/nothing'],
    ['GET', '/v2/contacts'],
    ['GET', '/v1/contacts/'],
    ['DELETE', '/v1/contacts'],
    ['POST', `/v1/contacts/${ID}`],
    ['GET', '/v1/contacts//permissions'],
  ])('%s %s: nothing is there', async (method, path) => {
    expect(problemIn(await as(method, path))).toMatchObject({
      status: 404,
      code: 'not-found',
      detail: `There is nothing at ${method} ${path}`,
    });
  });

  it('with a broken escape are refused', async () => {
    expect(problemIn(await as('GET', '/v1/contacts/%zz'))).toMatchObject({ status: 400, code: 'invalid' });
  });

  it.each([
    ['that is no HTTP', 'GET nonsense\r\n\r\n', 400],
    ['with 20 KB of headers', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 413],
  ])('a call %s gets a problem too', async (_, call, status) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(call);
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.destroy();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status, requestId: expect.any(String) });
  });
});

describe('headers', () => {
  it('say as little as possible and protect pages', async () => {
    const { headers } = await as('GET', `/v1/contacts/${ID}`);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('private, no-cache');
  });

  it('let in the configured origins and no other', async () => {
    const allowed = async (origin: string) => {
      const { headers, status } = await gateway.call('OPTIONS', '/v1/contacts', {
        headers: { origin, 'access-control-request-method': 'PATCH' },
      });
      return [status, headers.get('access-control-allow-origin')];
    };
    expect(await allowed('https://desk.example')).toEqual([204, 'https://desk.example']);
    expect((await allowed('https://evil.example'))[1]).toBeNull();
    const answer = await as('GET', `/v1/contacts/${ID}`, undefined, { origin: 'https://app.example' });
    expect(answer.headers.get('access-control-expose-headers')).toContain('ETag');
  });

  it('OPTIONS says what there is at a path, to everybody, with and without an origin', async () => {
    for (const headers of [{}, { origin: 'https://app.example' }, { origin: 'https://evil.example' }] as Record<string, string>[])
      for (const [path, methods] of [
        ['/v1/contacts', ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS']],
        [`/v1/contacts/${ID}`, ['GET', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS']],
        ['/v1/me', ['GET', 'HEAD', 'OPTIONS']],
        ['/openapi.json', ['GET', 'HEAD', 'OPTIONS']],
      ] as const) {
        const answer = await gateway.call('OPTIONS', path, { headers });
        expect([path, answer.status, answer.text]).toEqual([path, 204, '']);
        expect(answer.headers.get('allow')?.split(', ').sort()).toEqual([...methods].sort());
      }
    expect((await gateway.call('OPTIONS', '/v1/nothing')).status).toBe(404);
  });
});

describe('the process', () => {
  it.each([
    ['POST', '/v1/contacts', 'application/json', '{"lastName":'],
    ['PATCH', '/v1/contacts', 'application/merge-patch+json', '{"ids":['],
    ['PUT', '/v1/contacts', 'application/json', ''],
    ['PUT', '/v1/contacts/:id/photo', 'image/png', '\x89PNG'],
    [
      'POST',
      '/v1/imports',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nFirst',
    ],
  ])('%s %s of a caller that hangs up in the body is no failure of ours', async (method, route, type, begun) => {
    const logged: unknown[] = [];
    const log = (message: unknown) => void logged.push(message);
    Logger.overrideLogger({ log: () => {}, warn: log, error: log, fatal: log });
    const token = await gateway.identity.token();
    for (const length of ['content-length: 1000', 'transfer-encoding: chunked']) {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      const head = [
        `${method} ${route.replace(':id', ID)} HTTP/1.1`,
        'host: x',
        `authorization: Bearer ${token}`,
        `content-type: ${type}`,
        length,
        'expect: 100-continue',
      ];
      const chunk = length.includes('chunked') ? `${Buffer.byteLength(begun, 'latin1').toString(16)}\r\n${begun}\r\n` : begun;
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      await once(socket, 'data'); // 100: now the body is waited for
      if (begun) await new Promise((written) => socket.write(Buffer.from(chunk, 'latin1'), written));
      await once(socket.destroy(), 'close');
      // The gateway hears that it has closed before it answers a call that comes later, on a connection of its own.
      const later = connect(Number(new URL(gateway.url).port), '127.0.0.1').end(
        'GET /v1/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      );
      later.resume();
      await once(later, 'close');
      expect(logged).toEqual([]);
    }
  });

  it('counts calls by route, without ids', async () => {
    await as('GET', `/v1/contacts/${ID}`);
    const metrics = await (await fetch(`${gateway.world.running.get('gateway')?.healthUrl}/metrics`)).text();
    expect(metrics).toMatch(/kontor_http_seconds_count{[^}]*route="\/v1\/contacts\/:id"[^}]*} [1-9]/);
    expect(metrics).not.toContain(ID);
  });

  it('does not start without an issuer, and names every wrong variable', async () => {
    const { service } = await import('../src/index.js');
    const variables = { ...gateway.world.env('gateway'), KONTOR_OIDC_ISSUER: '', KONTOR_HTTP_PORT: 'x', KONTOR_CORS_ORIGINS: '*' };
    await expect(service.start(variables)).rejects.toThrow(/KONTOR_HTTP_PORT.*\n.*KONTOR_OIDC_ISSUER: is not set\n.*KONTOR_CORS_ORIGINS/);
  });

  it('finishes what has begun when it stops', async () => {
    const { service } = await import('../src/index.js');
    const other = await service.start(gateway.world.env('gateway'));
    const held = Promise.withResolvers<void>();
    letting = held.promise;
    const token = await gateway.identity.token();
    const answer = fetch(`${other.url}/v1/contacts/${ID}`, { headers: { authorization: `Bearer ${token}` } });
    await eventually(() => expect(got).toBeDefined());
    const stopped = other.stop();
    held.resolve();
    expect((await answer).status).toBe(200);
    await stopped;
    await expect(fetch(`${other.url}/v1/me`)).rejects.toThrow();
  });
});
