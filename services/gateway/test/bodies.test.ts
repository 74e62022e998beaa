import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { answer, standIn } from './stand-in.js';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

let gateway: Gateway;
const customer = standIn('customer', [answer(k.seeAgent, () => ({})), answer(k.createContacts, () => ({ items: [] }))]);
beforeAll(async () => {
  gateway = await startGateway({ services: [customer], env: { KONTOR_BODY_SECONDS: '1' } });
});
afterAll(() => gateway.stop());

/** A connection on which a call has begun, what it heard, and whether it is still open. */
async function begin(head: string[], body = '') {
  const socket: Socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1', allowHalfOpen: true });
  const seen = { text: '', closed: false };
  socket.on('data', (data) => (seen.text += data.toString()));
  socket.on('error', () => {});
  socket.once('close', () => (seen.closed = true));
  socket.write(`${['POST /v1/contacts/bulk HTTP/1.1', 'host: x', ...head].join('\r\n')}\r\n\r\n${body}`);
  return { socket, seen };
}
/** Sends a little again and again until nobody listens any more. */
function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('1\r\n \r\n'), 50);
  socket.once('close', () => clearInterval(timer));
}
const chunked = ['content-type: application/json', 'transfer-encoding: chunked'];
const tokenHead = async (claims: Record<string, unknown> = {}) =>
  `authorization: Bearer ${await gateway.identity.token({ tenant: 'slow', ...claims })}`;

describe('a body that never ends', () => {
  it('without a caller: refused immediately, and the connection is closed', async () => {
    const { socket, seen } = await begin(chunked);
    drip(socket);
    await eventually(() => expect(seen.text).toMatch(/^HTTP\/1.1 401 [\s\S]*connection: close/i), 20_000);
    await eventually(() => expect(seen.closed).toBe(true), 30_000);
  });

  it.each([
    ['of JSON', chunked],
    ['of JSON, with its length', ['content-type: application/json', 'content-length: 100000']],
    ['of an image', ['content-type: image/png', 'transfer-encoding: chunked']],
    ['of a type that is not taken', ['content-type: text/plain', 'transfer-encoding: chunked']],
    ['of a form', ['content-type: multipart/form-data; boundary=x', 'transfer-encoding: chunked']],
  ])('%s: refused, and the connection is ended', async (_, head) => {
    const { socket, seen } = await begin([await tokenHead(), ...head]);
    drip(socket);
    await eventually(() => expect(seen.text).toMatch(/^HTTP\/1.1 4\d\d [\s\S]*connection: close/i), 20_000);
    await eventually(() => expect(seen.closed).toBe(true), 30_000);
  });

  it('is another thing than one that was read and refused: that keeps its connection', async () => {
    const call = [await tokenHead(), 'content-type: application/json', 'content-length: 2'];
    const { socket, seen } = await begin(call, '{}');
    await eventually(() => expect(seen.text).toMatch(/^HTTP\/1.1 400 /));
    expect(seen.text).not.toMatch(/connection: close/i);
    socket.destroy();
  });
});

describe('a body of very many values', () => {
  it.each([
    ['lists', `{"items":[${'[],'.repeat(400_000)}1]}`],
    ['objects', `{"items":[${'{},'.repeat(400_000)}1]}`],
    ['names', `{"items":[{${Array.from({ length: 260_000 }, (_, i) => `"n${i}":1`).join()}}]}`],
    ['levels', `{"items":${'['.repeat(2_000_000)}`],
    ['numbers behind a text that ends late', `{"a":"\\\\\\"],[","items":[${'1,'.repeat(400_000)}1]}`],
  ])('(%s) is refused before it is parsed', async (_, body) => {
    const as = await gateway.as();
    const { status, detail } = problemIn(await as('POST', '/v1/contacts/bulk', body, { 'content-type': 'application/json' }));
    expect([400, 413]).toContain(status);
    expect(detail).toMatch(/250000 values|deeper than 32/);
  });

  it('is refused by the number of items before each is looked at, in one error', async () => {
    const as = await gateway.as();
    const problem = problemIn(await as('POST', '/v1/contacts/bulk', { items: Array.from({ length: 90_000 }, () => []) }));
    expect([problem.status, problem.errors?.map((error) => error.path)]).toEqual([400, ['items']]);
  });

  it('but a text with as many signs is none', async () => {
    const as = await gateway.as();
    expect((await as('POST', '/v1/contacts/bulk', { items: [{ notes: '[]{},"\\'.repeat(300_000) }] })).status).toBe(200);
  });
});

describe('large bodies at once', () => {
  const large = ['content-type: application/json', `content-length: ${5 * 1024 * 1024}`];

  it('are a few for each tenant; more are refused with when to try again, and others are served', async () => {
    const token = await tokenHead({ tenant: 'large' });
    const open = await Promise.all(Array.from({ length: 12 }, () => begin([token, ...large])));
    for (const { socket } of open) drip(socket);
    const answers = () => open.map(({ seen }) => `${seen.text.slice(9, 12)} ${/retry-after: 1/i.test(seen.text)}`).sort();
    await eventually(() => expect(answers().slice(-8)).toEqual(Array.from({ length: 8 }, () => '429 true')), 20_000);
    const others = await gateway.as();
    expect((await others('POST', '/v1/contacts/bulk', { items: [{ notes: 'x'.repeat(1_000_000) }] })).status).toBe(200);
    // And when they have ended, so has the refusing.
    await eventually(() => expect(open.every(({ seen }) => seen.closed)).toBe(true), 30_000);
    const again = await gateway.as({ tenant: 'large' });
    expect((await again('POST', '/v1/contacts/bulk', { items: [{ notes: 'x'.repeat(1_000_000) }] })).status).toBe(200);
  });
});
