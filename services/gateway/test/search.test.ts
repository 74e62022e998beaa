import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { service as customer } from '@kontor/customer';
import { apiControllers } from '../src/api-controllers.js';
import { openApiOf } from '../src/docs/openapi.js';
import { routesIn } from '../src/http/controller.js';
import { answer, standIn } from './stand-in.js';
import { type Answer, type Gateway, problemIn, startGateway } from './start-gateway.js';

const status: k.SearchStatus = {
  ...{ state: 'ready', writer: true, entries: 3, fresh: 0, words: 9, identifiers: 2, indexVersion: { index: 1, service: 1 } },
  ...{ lag: { people: { waiting: 0 }, bulk: { waiting: 0 } }, rebuild: null, verify: null },
};
const nothing = { hits: [], nextCursor: null, total: { value: 0, relation: 'exact' as const }, tookMs: 1 };

let gateway: Gateway;
let as: Awaited<ReturnType<Gateway['as']>>;
/** What reached the search service, by request. */
const got: [string, unknown][] = [];
const heard =
  <O>(name: string, said: O) =>
  (input: unknown): O => {
    got.push([name, input]);
    return said;
  };
const search = standIn('search', [
  answer(k.search, heard('search', nothing)),
  answer(k.suggest, heard('suggest', { suggestions: [], tookMs: 1 })),
  answer(k.getSearchStatus, heard('status', status)),
  answer(k.rebuildIndex, heard('rebuild', status)),
  answer(k.verifyIndex, heard('verify', status)),
]);

beforeAll(async () => {
  gateway = await startGateway({ services: [customer, search], env: { KONTOR_CORS_ORIGINS: 'https://desk.example' } });
  as = await gateway.as();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  got.length = 0;
});

describe('the routes of search', () => {
  it('offer names', async () => {
    expect((await as('GET', '/v1/search/suggest?q=ann&kind=contact&limit=3')).json).toEqual({ suggestions: [], tookMs: 1 });
    expect(got).toEqual([['suggest', { q: 'ann', kind: 'contact', limit: 3 }]]);
  });

  it('let admins look after the index', async () => {
    expect(await as('GET', '/v1/admin/search/status')).toMatchObject({ status: 200, json: { ...status } });
    expect(await as('POST', '/v1/admin/search/rebuild')).toMatchObject({ status: 202, json: { ...status } });
    expect(await as('POST', '/v1/admin/search/verify')).toMatchObject({ status: 202, json: { ...status } });
    expect(await as('POST', '/v1/admin/search/verify', { deep: true })).toMatchObject({ status: 202 });
    expect(got).toEqual([
      ['status', {}],
      ['rebuild', {}],
      ['verify', { deep: false }],
      ['verify', { deep: true }],
    ]);
  });

  it.each(['GET status', 'POST rebuild', 'POST verify'])('let nobody else: %s', async (name) => {
    const [method = '', path] = name.split(' ');
    const agent = await gateway.as({ roles: ['agent'] });
    expect(problemIn(await agent(method, `/v1/admin/search/${path}`)).code).toBe('forbidden');
    expect(got).toEqual([]);
  });

  const wrong: [string, string, unknown, string][] = [
    ['GET', '/v1/search/suggest', undefined, 'q'],
    ['GET', '/v1/search/suggest?q=', undefined, 'q'],
    ['GET', `/v1/search/suggest?q=${'a'.repeat(101)}`, undefined, 'q'],
    ['GET', '/v1/search/suggest?q=a&limit=21', undefined, 'limit'],
    ['GET', '/v1/search/suggest?q=a&kind=company', undefined, 'kind'],
    ['GET', '/v1/search/suggest?q=a&sort=name', undefined, 'sort'],
    ['GET', '/v1/admin/search/status?deep=true', undefined, 'deep'],
    ['POST', '/v1/admin/search/rebuild', { tenant: randomUUID() }, 'tenant'],
    ['POST', '/v1/admin/search/rebuild?now=true', undefined, 'now'],
    ['POST', '/v1/admin/search/verify', { deep: 'very' }, 'deep'],
    ['POST', '/v1/admin/search/verify', [], ''],
    ['POST', '/v1/admin/search/verify?deep=true', undefined, 'deep'],
    ['GET', '/v1/search?createdFrom=yesterday', undefined, 'createdFrom'],
    ['GET', '/v1/search?explain=perhaps', undefined, 'explain'],
    ['GET', `/v1/search?seen=contact:${randomUUID()}:1`, undefined, 'seen'],
  ];
  it.each(wrong)('%s %s %j is refused by name', async (method, path, body, place) => {
    expect(problemIn(await as(method, path, body))).toMatchObject({ status: 400, code: 'invalid', errors: [{ path: place }] });
    expect(got).toEqual([]);
  });
});

const seenOf = ({ headers }: Answer) => headers.get('kontor-seen');
type Versioned = { id: string; version: number };
const made = async (path: 'contacts' | 'customers', body: object) => {
  const { status, json, text } = await as<Versioned>('POST', `/v1/${path}`, body);
  if (status !== 201) throw new Error(text);
  return json.id;
};
const aContact = (more: object = {}) => made('contacts', { lastName: 'Anders', ...more });
const aCustomer = (more: object = {}) => made('customers', { name: 'Beispiel', ...more });

describe('Kontor-Seen of a write', () => {
  it('names what was made and changed, with its version', async () => {
    const created = await as<Versioned>('POST', '/v1/contacts', { lastName: 'Neu' });
    const { id } = created.json;
    expect(seenOf(created)).toBe(`contact:${id}:1`);
    expect(seenOf(await as('PATCH', `/v1/contacts/${id}`, { jobTitle: 'Chefin' }))).toBe(`contact:${id}:2`);
    const firm = await as<Versioned>('POST', '/v1/customers', { name: 'Firma' });
    expect(seenOf(firm)).toBe(`customer:${firm.json.id}:1`);
    expect(seenOf(await as('PUT', `/v1/contacts/${id}/customer`, { customerId: firm.json.id }))).toBe(`contact:${id}:3`);
    const renamed = await as<Versioned>('PATCH', `/v1/customers/${firm.json.id}`, { name: 'Werk' });
    expect(seenOf(renamed)).toBe(`customer:${firm.json.id}:${renamed.json.version}`);
  });

  it('names the contact or customer of a picture, whose version is no ETag of the picture', async () => {
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
    for (const [noun, id] of [
      ['contact', await aContact()],
      ['customer', await aCustomer()],
    ]) {
      const set = await as('PUT', `/v1/${noun}s/${id}/photo`, png, { 'content-type': 'image/png' });
      expect([set.status, seenOf(set), set.headers.get('etag')]).toEqual([200, `${noun}:${id}:2`, null]);
    }
  });

  it('names all that came of one call', async () => {
    const contacts = [{ lastName: 'Eins' }, { lastName: 'Zwei' }];
    const firm = await as<Versioned & { contacts: [Versioned, Versioned] }>('POST', '/v1/customers', { name: 'Firma', contacts });
    const [one, two] = firm.json.contacts;
    expect(seenOf(firm)?.split(', ')).toEqual([
      `customer:${firm.json.id}:${firm.json.version}`,
      `contact:${one.id}:${one.version}`,
      `contact:${two.id}:${two.version}`,
    ]);
    const bulk = await as<{ items: Versioned[] }>('POST', '/v1/contacts/bulk', { items: [{ lastName: 'A' }, {}, { lastName: 'B' }] });
    expect(bulk.json.items.map(({ id }) => id)).toEqual([expect.any(String), undefined, expect.any(String)]);
    expect(seenOf(bulk)).toBe(`contact:${bulk.json.items[0]?.id}:1, contact:${bulk.json.items[2]?.id}:1`);
    const ids = [one.id, two.id];
    const changed = await as<{ items: Versioned[] }>('PATCH', '/v1/contacts', { ids, change: { addTags: ['x'] } });
    expect(seenOf(changed)).toBe(changed.json.items.map(({ id, version }) => `contact:${id}:${version}`).join(', '));
    expect(seenOf(await as('PATCH', '/v1/customers', { ids: [firm.json.id], change: { addTags: ['x'] } }))).toMatch(
      new RegExp(`^customer:${firm.json.id}:\\d+$`),
    );
  });

  it('names what was written twice once, as it is at the end', async () => {
    const emails = [{ address: `${randomUUID()}@post.example` }];
    const items = [{ emails }, { emails, jobTitle: 'Neu' }];
    const upserted = await as<{ items: Versioned[] }>('PUT', '/v1/contacts', { items });
    const versions = upserted.json.items.map(({ version }) => version);
    expect(seenOf(upserted)).toBe(`contact:${upserted.json.items[0]?.id}:${Math.max(...versions)}`);
  });

  it('names up to 50, and none of more', async () => {
    const bulk = (n: number) => as('POST', '/v1/contacts/bulk', { items: Array.from({ length: n }, (_, i) => ({ lastName: `${i}` })) });
    expect(seenOf(await bulk(50))?.split(', ')).toHaveLength(50);
    expect(seenOf(await bulk(51))).toBeNull();
  });

  it('names the one that stays of a merge, if it was made', async () => {
    for (const [noun, make] of [
      ['contact', aContact],
      ['customer', aCustomer],
    ] as const) {
      const body = { into: await make(), from: [await make()] };
      expect(seenOf(await as('POST', `/v1/${noun}s/merge?dryRun=true`, body))).toBeNull();
      const merged = await as<{ contact?: Versioned; customer?: Versioned }>('POST', `/v1/${noun}s/merge`, body);
      const { id, version } = merged.json[noun] ?? {};
      expect([id, seenOf(merged)]).toEqual([body.into, `${noun}:${id}:${version}`]);
    }
  });

  it('is not there where nothing of contacts and customers was written, or the answer does not say what', async () => {
    const id = await aContact();
    const key = { source: 's', externalId: randomUUID(), kind: 'ticket' };
    const answers = [
      await as('GET', `/v1/contacts/${id}`),
      await as('POST', '/v1/contacts', { shoe: 1 }),
      await as('POST', '/v1/contacts/bulk', { items: [{}] }),
      await as('PUT', '/v1/records', { items: [{ ...key, title: 'T', contactId: id }] }),
      await as('POST', '/v1/requests', { contactId: id }),
      await as('PATCH', '/v1/settings', { country: 'AT' }),
      await as('DELETE', `/v1/contacts/${id}`),
      await as('POST', `/v1/bin/${id}/restore`),
    ];
    expect(answers.map((one) => [one.status, seenOf(one)])).toEqual([200, 400, 200, 200, 201, 200, 204, 200].map((code) => [code, null]));
  });
});

describe('Kontor-Seen of a search', () => {
  const find = (seen: string) => as('GET', '/v1/search?q=a', undefined, { 'kontor-seen': seen });
  const one = (kind = 'contact') => `${kind}:${randomUUID()}:1`;
  const parsed = (text: string) => {
    const [kind, id, version] = text.split(':');
    return { kind, id, version: Number(version) };
  };

  it('goes to the search service as the writes that it must show', async () => {
    const [a, b] = [one(), one('customer')];
    expect((await find(a)).status).toBe(200);
    expect((await find(` ${a} ,${b}, `)).status).toBe(200);
    expect((await find('')).status).toBe(200);
    expect((await find(Array.from({ length: 50 }, () => a).join())).status).toBe(200);
    expect(got.map(([, input]) => (input as k.SearchQuery).seen)).toEqual([
      [parsed(a)],
      [parsed(a), parsed(b)],
      [],
      Array.from({ length: 50 }, () => parsed(a)),
    ]);
  });

  it('is what a write gave', async () => {
    const written = await as<Versioned>('POST', '/v1/contacts', { lastName: 'Neu' });
    await find(seenOf(written) ?? '');
    expect(got).toEqual([['search', expect.objectContaining({ seen: [{ kind: 'contact', id: written.json.id, version: 1 }] })]]);
  });

  it.each([
    ['nonsense', /number 1 is not/],
    [`${one()}, record:${randomUUID()}:1`, /number 2 is not/],
    [`contact:${randomUUID()}`, /number 1/],
    [`contact:${randomUUID()}:0`, /number 1/],
    [`contact:${randomUUID()}:1;2`, /number 1/],
    [Array.from({ length: 51 }, () => one()).join(', '), /51.*50/],
  ])('of a wrong form (%#) is refused, and the header named', async (header, message) => {
    const problem = problemIn(await find(header));
    expect(problem).toMatchObject({
      status: 400,
      code: 'invalid',
      errors: [{ path: 'Kontor-Seen', message: expect.stringMatching(message) }],
    });
    expect(got).toEqual([]);
  });

  it('is let in and shown to pages of other origins', async () => {
    const origin = 'https://desk.example';
    const asked = { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'kontor-seen' };
    const { headers } = await gateway.call('OPTIONS', '/v1/search', { headers: asked });
    expect(headers.get('access-control-allow-headers')).toContain('kontor-seen');
    const written = await as('POST', '/v1/contacts', { lastName: 'Neu' }, { origin });
    expect(written.headers.get('access-control-expose-headers')).toContain('Kontor-Seen');
  });

  it('stands in the documentation where it can be: asked for by search, answered by writes', () => {
    const { paths } = openApiOf(routesIn(apiControllers));
    type Documented = { parameters?: { in: string; name: string }[]; responses: Record<string, { headers?: object }> };
    const all = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation as unknown as Documented] as const,
      ),
    );
    const taken = all.filter(([, { parameters }]) => parameters?.some(({ name }) => /seen/i.test(name)));
    expect(taken.map(([name, { parameters }]) => [name, parameters?.filter(({ name }) => /seen/i.test(name))])).toEqual([
      ['GET /v1/search', [expect.objectContaining({ in: 'header', name: 'Kontor-Seen', required: false })]],
    ]);
    const given = all.filter(([, { responses }]) => Object.values(responses).some(({ headers = {} }) => 'Kontor-Seen' in headers));
    expect(given.map(([name]) => name).sort()).toEqual(
      ['contacts', 'customers']
        .flatMap((noun) => [
          ...[`POST /v1/${noun}`, `PATCH /v1/${noun}`, `POST /v1/${noun}/merge`, `PATCH /v1/${noun}/{id}`, `PUT /v1/${noun}/{id}/photo`],
          ...(noun === 'contacts' ? ['PUT /v1/contacts', 'POST /v1/contacts/bulk', 'PUT /v1/contacts/{id}/customer'] : []),
        ])
        .sort(),
    );
  });
});
