import { randomUUID } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Photo, PhotoSuggestions } from '@kontor/contracts';
import { service as customer } from '@kontor/customer';
import { apiControllers } from '../src/api-controllers.js';
import { openApiOf } from '../src/docs/openapi.js';
import { routesIn } from '../src/http/controller.js';
import { type Answer, type Gateway, problemIn, startGateway } from './start-gateway.js';

let gateway: Gateway;
let as: Awaited<ReturnType<Gateway['as']>>;
const tenant = randomUUID();
beforeAll(async () => {
  gateway = await startGateway({ services: [customer] });
  as = await gateway.as({ tenant, roles: ['agent'] });
});
afterAll(() => gateway.stop());

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const made = Buffer.alloc(body.length + 8);
  made.writeUInt32BE(data.length);
  body.copy(made, 4);
  made.writeUInt32BE(crc32(body), body.length + 4);
  return made;
}
/** A grey PNG with a text in it that nobody needs. */
function png(width = 40, height = 30, grey = 128): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const row = Buffer.concat([Buffer.of(0), Buffer.alloc(width, grey)]);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from('Comment\0canary')),
    chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
const nouns = [
  ['contacts', { firstName: 'Anna', lastName: 'Müller' }, 'AM'],
  ['customers', { name: '北京科技' }, '北'],
] as const;
const isPng = { 'content-type': 'image/png' };

async function place(noun: 'contacts' | 'customers' = 'contacts', given: object = { firstName: 'Anna', lastName: 'Müller' }) {
  const { json } = await as<{ id: string }>('POST', `/v1/${noun}`, given);
  return `/v1/${noun}/${json.id}/photo`;
}
async function bytesAt(path: string, headers: Record<string, string> = {}) {
  const token = await gateway.identity.token({ tenant, roles: ['light_agent'] });
  const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}`, ...headers } });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}
const form = (...parts: [string, Uint8Array | string, string?][]) => {
  const made = new FormData();
  for (const [name, value, fileName] of parts)
    if (fileName === undefined) made.append(name, String(value));
    else made.append(name, new Blob([value as Uint8Array<ArrayBuffer>]), fileName);
  return made;
};

describe.each(nouns)('the picture of %s', (noun, given, initials) => {
  it('2.9 is set as it is, got, and deleted again', async () => {
    const path = await place(noun, given);
    const first = await bytesAt(path);
    expect([first.response.status, first.response.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
    expect(first.bytes.toString()).toContain(`>${initials}<`);

    const set = await as<Photo>('PUT', path, png(400, 300), isPng);
    expect([set.status, set.headers.get('etag')]).toEqual([200, null]);
    expect(set.json).toMatchObject({ version: 2, mediaType: 'image/png', width: 200, height: 150 });
    expect((await as('GET', path.replace('/photo', ''))).headers.get('etag')).toBe('"2"');

    const { response, bytes } = await bytesAt(path);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${set.json.etag}"`,
      'content-type': 'image/png',
      'content-length': String(set.json.bytes),
      'cache-control': 'private, max-age=60, must-revalidate',
      vary: expect.stringContaining('Authorization'),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    });
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([200, 150]);
    expect(bytes.toString('latin1')).not.toContain('canary');

    expect(await as('DELETE', path)).toMatchObject({ status: 204, text: '' });
    const last = await bytesAt(path);
    expect([last.response.headers.get('etag'), last.bytes]).toEqual([first.response.headers.get('etag'), first.bytes]);
  });
});

describe('the document', () => {
  it.each(['contacts', 'customers'])('says how the picture of %s is sent and what is answered', (noun) => {
    const document = openApiOf(routesIn(apiControllers));
    const path = document.paths[`/v1/${noun}/{id}/photo`];
    const types = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
    expect(path?.put).toMatchObject({ requestBody: { required: true }, parameters: [{ name: 'id' }, { name: 'If-Match' }] });
    const body = path?.put?.requestBody as { content?: object } | undefined;
    expect(Object.keys(body?.content ?? {})).toEqual([...types, 'multipart/form-data', 'application/json']);
    expect(Object.keys(path?.put?.responses as object)).toEqual(expect.arrayContaining(['200', '404', '412', '413', '415', '422']));
    const answers = path?.get?.responses as Record<string, { content: object; headers: object }>;
    expect(Object.keys(answers[200]?.content ?? {})).toEqual([...types, 'image/svg+xml']);
    expect([Object.keys(answers[200]?.headers ?? {}), '304' in answers]).toEqual([['ETag'], true]);
    expect(path?.delete).toMatchObject({ parameters: [{ name: 'id' }, { name: 'If-Match' }] });
  });
});

describe('a picture', () => {
  it('that is known is not sent again', async () => {
    const path = await place();
    const { etag: svg = '' } = Object.fromEntries((await bytesAt(path)).response.headers);
    const known = await bytesAt(path, { 'if-none-match': `"other", W/${svg}` });
    expect([known.response.status, known.bytes.length, known.response.headers.get('etag')]).toEqual([304, 0, svg]);
    expect(known.response.headers.get('cache-control')).toContain('private');
    const { json } = await as<Photo>('PUT', path, png(), isPng);
    expect((await bytesAt(path, { 'if-none-match': svg })).response.status).toBe(200);
    expect((await bytesAt(path, { 'if-none-match': `"${json.etag}"` })).response.status).toBe(304);
  });

  it('can be asked for without its bytes', async () => {
    const path = await place();
    const { json } = await as<Photo>('PUT', path, png(), isPng);
    const { status, headers, text } = await as('HEAD', path);
    expect([status, headers.get('etag'), headers.get('content-length'), text]).toEqual([200, `"${json.etag}"`, String(json.bytes), '']);
  });

  it('is changed only if it is the one in If-Match', async () => {
    const path = await place();
    const svg = (await bytesAt(path)).response.headers.get('etag') ?? '';
    const { json } = await as<Photo>('PUT', path, png(), { ...isPng, 'if-match': svg });
    expect(problemIn(await as('PUT', path, png(20, 20), { ...isPng, 'if-match': svg }))).toMatchObject({ status: 412, etag: json.etag });
    expect(problemIn(await as('DELETE', path, undefined, { 'if-match': svg })).code).toBe('stale');
    expect(problemIn(await as('DELETE', path, undefined, { 'if-match': '5' }))).toMatchObject({ status: 400, code: 'invalid' });
    expect((await as('PUT', path, png(20, 20), { ...isPng, 'if-match': '*' })).status).toBe(200);
  });

  it('comes in a form too', async () => {
    const path = await place();
    const set = await as<Photo>('PUT', path, form(['file', png(), 'anna.jpeg']));
    expect([set.status, set.json.mediaType]).toEqual([200, 'image/png']);
  });

  it.each([
    ['without the file', () => form(), 400, 'file: is missing'],
    ['with a text for the file', () => form(['file', 'text']), 400, 'file: has no file name'],
    ['with another part', () => form(['photo', png(), 'a.png']), 400, 'photo: is not the part'],
    ['with two files', () => form(['file', png(), 'a.png'], ['file', png(), 'b.png']), 413, 'limit'],
    ['that is too large', () => form(['file', Buffer.concat([png(), Buffer.alloc(1024 * 1024)]), 'a.png']), 413, '1 MB'],
    ['with a page in it', () => form(['file', Buffer.from('<html>'), 'a.png']), 415, 'PNG, JPEG, GIF or WebP'],
  ] as [string, () => FormData, number, string][])('in a form %s is refused', async (_, body, status, detail) => {
    const path = await place();
    const problem = problemIn(await as('PUT', path, body()));
    expect([problem.status, problem.detail]).toEqual([status, expect.stringContaining(detail)]);
  });

  it.each([
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml', 415, 'PNG, JPEG, GIF or WebP'],
    ['a page that says it is a PNG', '<html></html>', 'image/png', 415, 'PNG, JPEG, GIF or WebP'],
    ['a PNG that says it is a GIF', png(), 'image/gif', 415, 'image/png'],
    ['half a PNG', png(200, 200).subarray(0, 80), 'image/png', 422, 'broken'],
    ['more than 1 MB', Buffer.concat([png(), Buffer.alloc(1024 * 1024)]), 'image/png', 413, '1 MB'],
    ['nothing', '', 'image/png', 400, 'no body'],
    ['a PDF', '%PDF', 'application/pdf', 415, 'image/png, image/jpeg, image/gif, image/webp, multipart/form-data, application/json'],
    ['JSON without an address', '{}', 'application/json', 400, 'url'],
    ['JSON with more', '{"url":"https://a.example/a.png","x":1}', 'application/json', 400, 'x: is not a known field'],
    ['no address', '{"url":"anna.png"}', 'application/json', 400, 'url'],
    ['an address without TLS', '{"url":"http://pictures.example/a.png"}', 'application/json', 400, 'url: must begin with https'],
    ['an address inside', '{"url":"https://127.0.0.1/a.png"}', 'application/json', 400, 'url: must be at a host of the public internet'],
    ['the address of the machine it runs on', '{"url":"https://169.254.169.254/"}', 'application/json', 400, 'url: must be at a host'],
  ] as [string, string | Uint8Array, string, number, string][])('that is %s is refused', async (_, body, type, status, detail) => {
    const path = await place();
    const problem = problemIn(await as('PUT', path, body, { 'content-type': type }));
    expect([problem.status, problem.detail]).toEqual([status, expect.stringContaining(detail)]);
    expect((await bytesAt(path)).response.headers.get('content-type')).toBe('image/svg+xml');
  });

  it('is not taken compressed', async () => {
    const problem = problemIn(await as('PUT', await place(), png(), { ...isPng, 'content-encoding': 'gzip' }));
    expect([problem.status, problem.detail]).toEqual([415, expect.stringContaining('compressed')]);
  });

  it('is taken by no other route', async () => {
    expect(problemIn(await as('POST', '/v1/contacts', png(), isPng))).toMatchObject({ status: 415 });
    expect(problemIn(await as('PATCH', (await place()).replace('/photo', ''), png(), isPng))).toMatchObject({ status: 415 });
  });

  it('of nobody, of another tenant, or in the bin is a 404', async () => {
    const path = await place();
    await as('PUT', path, png(), isPng);
    const stranger = await gateway.as({ roles: ['agent'] });
    const none = async (who: typeof as) => {
      const answers: Answer[] = [await who('GET', path), await who('PUT', path, png(), isPng), await who('DELETE', path)];
      for (const answer of [...answers, await who('GET', `${path}/suggestions`)]) expect(problemIn(answer).status).toBe(404);
    };
    await none(stranger);
    await as('DELETE', path.replace('/photo', ''));
    await none(as);
  });

  it('has suggestions only when a resolver is configured', async () => {
    const { status, json } = await as<PhotoSuggestions>('GET', `${await place()}/suggestions`);
    expect([status, json]).toEqual([200, { items: [], reason: 'no-resolver' }]);
  });
});
