import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from '@kontor/contracts';
import { startServers } from '@kontor/testing';
import { Controller } from '@nestjs/common';
import { z } from 'zod';
import {
  AppError,
  addressOf,
  type Bus,
  CallerSigner,
  type Context,
  currentContext,
  Handle,
  serviceContext,
  toHeaders,
} from '../src/index.js';
import { connect, startReplica } from './node.js';

const anything = z.looseObject({});
const summary = 'For tests';
const tellContext = request('customer.tell-context', z.strictObject({}), anything, { summary });
const keepEmails = request(
  'customer.keep-emails',
  z.strictObject({ emails: z.array(z.strictObject({ address: z.string().min(3) })) }),
  z.object({ kept: z.int() }),
  { summary },
);
const tellTooMuch = request('customer.tell-too-much', z.strictObject({}), z.object({ name: z.string() }), { summary });
const breakContract = request('customer.break-contract', z.strictObject({}), z.object({ name: z.string() }), { summary });
const fail = request('customer.fail', z.strictObject({ how: z.enum(['known', 'unknown', 'no-error']) }), anything, { summary });
const never = request('customer.never', z.strictObject({}), anything, { summary, timeoutMs: 3_000 });
const weigh = request('customer.weigh', z.strictObject({ ask: z.string(), answer: z.int() }), z.object({ text: z.string() }), {
  summary,
  timeoutMs: 30_000,
});
const forAgents = request('customer.for-agents', z.strictObject({}), anything, { summary, audience: 'agents' });
const forServices = request('customer.for-services', z.strictObject({}), anything, { summary, audience: 'services' });
const nobodyServes = request('import.nobody-serves', z.strictObject({}), anything, { summary, timeoutMs: 20_000 });

@Controller()
class Customer {
  @Handle(tellContext)
  tellContext() {
    return { ...currentContext() };
  }
  @Handle(keepEmails)
  keepEmails({ emails }: { emails: { address: string }[] }) {
    return { kept: emails.length };
  }
  @Handle(tellTooMuch)
  tellTooMuch() {
    return { name: 'Anna', password: 'secret' };
  }
  @Handle(breakContract)
  breakContract() {
    return { name: 7 as unknown as string };
  }
  @Handle(fail)
  fail({ how }: { how: 'known' | 'unknown' | 'no-error' }): Record<string, unknown> {
    if (how === 'known') throw new AppError('email-taken', 'Somebody has it', { contactId: 'c1' });
    if (how === 'unknown') throw new Error('password=secret');
    throw 'secret';
  }
  @Handle(never)
  never() {
    return new Promise<Record<string, unknown>>(() => {});
  }
  @Handle(weigh)
  weigh({ answer }: { answer: number }) {
    return { text: 'x'.repeat(answer) };
  }
  @Handle(forAgents)
  forAgents() {
    return {};
  }
  @Handle(forServices)
  forServices() {
    return {};
  }
}

const aContext = (more: Partial<Context> = {}) => serviceContext(randomUUID(), { roles: ['agent'], ...more });
const addressed = ({ subject }: { subject: string }) => addressOf(subject, 'test');

let customer: Awaited<ReturnType<typeof startReplica>>;
let bus: Bus;
let signer: CallerSigner;
const signed = (context: Context): Context => ({ ...context, signed: signer.sign(context) });
let stopServers: () => Promise<void>;

beforeAll(async () => {
  const servers = await startServers({ nats: true });
  stopServers = () => servers.stop();
  signer = new CallerSigner(servers.nats.signingKey);
  [customer, bus] = await Promise.all([startReplica(servers.nats, 'customer', [Customer]), connect(servers.nats, 'test')]);
});
afterAll(async () => {
  await Promise.all([customer.vanish(), bus.connection.close()]); // `never` would hold a graceful stop
  await stopServers();
});

describe('the context', () => {
  test('travels whole, whatever a name or a team is made of', async () => {
    const context = aContext({
      agent: { id: randomUUID(), name: 'Łukasz 王\r\nKontor-Tenant: x' },
      roles: ['agent', 'admin'],
      teams: ['Köln, Süd', '"a;b"'],
      lane: 'bulk',
      door: 'import',
      idempotencyKey: 'schlüssel 1',
    });
    const deadline = Date.now() + 5_000;
    const { deadline: told, signed: _, ...received } = await bus.request(tellContext, {}, context);
    expect(received).toEqual({ ...context });
    expect(Math.abs(Number(told) - deadline)).toBeLessThan(1_000);
  });

  test('is needed: a message without a tenant is nobody’s', async () => {
    const reply = await bus.connection.request(addressed(tellContext), '{}');
    expect(reply.headers?.get('Nats-Service-Error')).toBe('unauthenticated');
  });

  test('decides by its roles who may ask', async () => {
    await expect(bus.request(forAgents, {}, aContext({ roles: ['light_agent'] }))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(bus.request(forAgents, {}, aContext({ roles: [] }))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(bus.request(forAgents, {}, aContext({ roles: ['agent'] }))).resolves.toEqual({});
    await expect(bus.request(forServices, {}, aContext({ roles: ['admin'] }))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(bus.request(forServices, {}, aContext({ roles: ['service'] }))).resolves.toEqual({});
  });
});

describe('what goes in and out', () => {
  test('invalid input is refused with the path of each wrong field, unknown ones by name', async () => {
    const input = { emails: [{ address: 'a@b.example' }, { address: 'x', extra: 1 }], more: 1 };
    await expect(bus.request(keepEmails, input as never, aContext())).rejects.toMatchObject({
      code: 'invalid',
      details: {
        errors: [
          { path: 'emails[1].address', code: 'too_small' },
          { path: 'emails[1].extra', code: 'unknown-field' },
          { path: 'more', code: 'unknown-field' },
        ],
      },
    });
  });

  test('what is not in the contract does not leave', async () => {
    expect(await bus.request(tellTooMuch, {}, aContext())).toEqual({ name: 'Anna' });
  });

  test('an answer that breaks the contract is our fault, not the caller’s', async () => {
    await expect(bus.request(breakContract, {}, aContext())).rejects.toMatchObject({ code: 'internal' });
  });

  test.each(['{"emails":', '', '\u0000', '[1,2'])('bad JSON (%j) is answered', async (text) => {
    const reply = await bus.connection.request(addressed(keepEmails), text, { headers: toHeaders(signed(aContext())), timeout: 10_000 });
    expect(reply.headers?.get('Nats-Service-Error')).toBe('invalid');
    expect(reply.headers?.get('Nats-Service-Error-Code')).toBe('400');
  });

  test('headers that nobody of ours wrote are answered', async () => {
    const headers = toHeaders(signed(aContext()));
    headers.set('Idempotency-Key', '%E0%A4%A');
    const reply = await bus.connection.request(addressed(tellContext), '{}', { headers, timeout: 10_000 });
    expect(reply.headers?.has('Nats-Service-Error')).toBe(true);
  });

  test('what is too large is refused, on the way there and on the way back', async () => {
    const eightMegabytes = 8 * 1024 * 1024;
    await expect(bus.request(weigh, { ask: 'x'.repeat(eightMegabytes), answer: 0 }, aContext())).rejects.toMatchObject({
      code: 'too-large',
    });
    await expect(bus.request(weigh, { ask: '', answer: eightMegabytes }, aContext())).rejects.toMatchObject({ code: 'too-large' });
    expect((await bus.request(weigh, { ask: 'x'.repeat(6e6), answer: 6e6 }, aContext())).text).toHaveLength(6e6);
  });
});

describe('failures', () => {
  test('a known one crosses as it is', async () => {
    await expect(bus.request(fail, { how: 'known' }, aContext())).rejects.toEqual(
      new AppError('email-taken', 'Somebody has it', { contactId: 'c1' }),
    );
  });

  test.each(['unknown', 'no-error'] as const)('one that nobody expected is internal and tells nothing (%s)', async (how) => {
    const error: unknown = await bus.request(fail, { how }, aContext()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'internal', details: {} });
    expect((error as AppError).message).not.toContain('secret');
  });

  test('a service that does not run is unavailable immediately, not after the time of the request', async () => {
    const start = performance.now();
    await expect(bus.request(nobodyServes, {}, aContext())).rejects.toMatchObject({ code: 'unavailable', details: { retryAfter: 2 } });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test('no answer in the time of the contract, or of the caller when that is sooner', async () => {
    const start = performance.now();
    await expect(bus.request(never, {}, aContext())).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - start).toBeGreaterThan(2_900);
    const again = performance.now();
    await expect(bus.request(never, {}, aContext({ deadline: Date.now() + 60 }))).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - again).toBeLessThan(2_000);
  });

  test('a request whose time is over is not asked, and not begun when it arrives late', async () => {
    const late = aContext({ deadline: Date.now() - 1 });
    await expect(bus.request(tellContext, {}, late)).rejects.toMatchObject({ code: 'timeout' });
    const reply = await bus.connection.request(addressed(tellContext), '{}', { headers: toHeaders(signed(late)), timeout: 10_000 });
    expect(reply.headers?.get('Nats-Service-Error')).toBe('timeout');
  });
});
