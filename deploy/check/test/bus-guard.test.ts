// What somebody can do on the bus who has taken over one service and has the rights of its user: every request that it may send is tried.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addressOf, Bus, type Caller, CallerSigner, type Context, serviceContext, toHeaders } from '@kontor/bus';
import * as contracts from '@kontor/contracts';
import { readPolicy } from '@kontor/local';
import { anAgent, servicesBehindGateway, startWorld, type World } from '@kontor/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';

const { services } = readPolicy();
const requests = Object.values(contracts).filter((value) => typeof value === 'object' && 'kind' in value && value.kind === 'request');
const contractOf = (subject: string) => requests.find((contract) => contract.subject === subject)!;
const calls = Object.entries(services).flatMap(([user, { calls = [] }]) => calls.map((subject) => [user, subject] as const));
const users = Object.keys(services);

let world: World;
let signer: CallerSigner;
const buses = new Map<string, Bus>();
const as = (user: string) => buses.get(user)!.connection;

beforeAll(async () => {
  world = await startWorld({ services: await servicesBehindGateway(), meili: true });
  signer = new CallerSigner(world.nats.signingKey);
  for (const user of users) buses.set(user, await Bus.connect(world.nats.bus(user)));
}, 120_000);
afterAll(async () => {
  for (const bus of buses.values()) await bus.connection.close();
  await world?.stop();
});

const callerOf = ({ tenant, agent, roles, teams, door }: Context): Caller => ({ tenant, agent, roles, teams, door });
/** A call as it is right for the contract: of an admin, or of a service. */
function rightful(subject: string): Context {
  const agent = anAgent();
  return contractOf(subject).audience === 'services' ? serviceContext(agent.tenant) : { ...agent, signed: signer.sign(callerOf(agent)) };
}

async function codeOf(user: string, subject: string, context: Context, more: Record<string, string> = {}): Promise<string> {
  const headers = toHeaders(context);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  const reply = await as(user).request(addressOf(subject, user), '{}', { headers, timeout: 20_000 });
  return reply.headers?.get('Nats-Service-Error') || 'ok';
}
/** What comes of an empty input when nothing is wrong with who asks. */
const AFTER_THE_DOOR = /^(ok|invalid|not-found|conflict|not-acceptable|gone|stale|unavailable|precondition-.*)$/;

describe('the answer to a request', () => {
  test('goes to who asks: each request of the policy has a handler that answers', async () => {
    for (const [user, subject] of calls)
      expect([subject, await codeOf(user, subject, rightful(subject))]).toEqual([subject, expect.stringMatching(AFTER_THE_DOOR)]);
  });

  test('goes nowhere else: not to events, not to JetStream, not to the inbox of another', async () => {
    const manager = await jetstreamManager(world.bus.connection);
    await jetstream(as('customer')).publish('events.contact.changed.v1.people', JSON.stringify({ changes: [] }), {
      headers: toHeaders(serviceContext(randomUUID())),
    });
    const others = (user: string) => users.filter((other) => other !== user).map((other) => `_INBOX_${other}.made-up`);
    const aims = [
      'events.contact.changed.v1.people',
      'events.contact.changed.people',
      'dead.customer.made-up',
      '$JS.API.STREAM.PURGE.EVENTS',
      '$JS.API.STREAM.DELETE.EVENTS',
      '$JS.API.STREAM.PURGE.DEAD',
      '$JS.API.STREAM.DELETE.OBJ_imports',
      '$JS.API.CONSUMER.DELETE.EVENTS.search-index-people',
      '$JS.ACK.EVENTS.search-index-people.1.1.1.1.0',
      '$O.imports.M.made-up',
      'customer.made-up',
      '_INBOX.made-up',
      '_INBOX_gatewayx.made-up',
    ];
    const streams = async () => {
      const found: Record<string, unknown> = {};
      for await (const { config, state } of manager.streams.list())
        found[config.name] = [config, state.first_seq, state.last_seq, state.messages, state.consumer_count];
      return found;
    };
    const heard: string[] = [];
    const isAim = (subject: string) => aims.includes(subject) || subject.endsWith('.made-up');
    world.bus.connection.subscribe('>', { callback: (_, { subject }) => void (isAim(subject) && heard.push(subject)) });
    await world.bus.connection.flush();
    const before = await streams();
    for (const [user, subject] of calls)
      for (const reply of [...aims, ...others(user)])
        as(user).publish(addressOf(subject, user), '{}', { reply, headers: toHeaders(rightful(subject)) });
    // What was sent first has been taken first, so when this is answered nothing of it is left to be answered.
    for (const [user, subject] of calls) await codeOf(user, subject, rightful(subject));
    await Promise.all([...world.running.keys()].map((name) => as(name).flush()));
    await world.bus.connection.flush();
    expect(heard).toEqual([]);
    expect(await streams()).toEqual(before);
  });

  test('a request without a reply subject is not done', async () => {
    const agent = { ...rightful('customer.create-contact'), tenant: '' };
    const context = anAgent();
    as('gateway').publish(addressOf('customer.create-contact', 'gateway'), JSON.stringify({ lastName: 'Ghost' }), {
      headers: toHeaders({ ...agent, signed: signer.sign(callerOf(context)) }),
    });
    await as('gateway').flush();
    expect((await world.ask(context, contracts.listContacts, {})).items).toEqual([]);
  });
});

describe('who asks', () => {
  const forged = new CallerSigner(generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'));
  const withPayload = (signed: string, change: (payload: { until: number; caller: Caller }) => unknown) => {
    const [payload = '', signature] = signed.split('.');
    const value = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { until: number; caller: Caller };
    change(value);
    return `${Buffer.from(JSON.stringify(value)).toString('base64url')}.${signature}`;
  };
  const light = (): Caller => callerOf(anAgent({ roles: ['light_agent'] }));

  test.each<[string, () => string]>([
    ['signed with another key', () => forged.sign(callerOf(anAgent()))],
    ['with other roles', () => withPayload(signer.sign(light()), ({ caller }) => Object.assign(caller, { roles: ['admin'] }))],
    ['with another tenant', () => withPayload(signer.sign(light()), ({ caller }) => Object.assign(caller, { tenant: randomUUID() }))],
    ['with another agent', () => withPayload(signer.sign(light()), ({ caller }) => Object.assign(caller, { agent: { id: randomUUID() } }))],
    ['with other teams', () => withPayload(signer.sign(light()), ({ caller }) => Object.assign(caller, { teams: ['Board'] }))],
    [
      'with a longer time',
      () => withPayload(signer.sign(light()), (payload) => Object.assign(payload, { until: payload.until + 3_600_000 })),
    ],
    ['without a signature', () => signer.sign(light()).split('.')[0] ?? ''],
    ['with an empty signature', () => `${signer.sign(light()).split('.')[0]}.`],
    ['with a third part', () => `${signer.sign(light())}.x`],
    ['with a signature that base64 reads the same', () => `${signer.sign(light())}=`],
    ['with the signature of another', () => `${signer.sign(light()).split('.')[0]}.${signer.sign(light()).split('.')[1]}`],
    ['of nothing', () => '.'],
  ])('is refused %s, by every handler', async (_, sign) => {
    for (const [user, subject] of calls)
      expect([subject, await codeOf(user, subject, { ...anAgent(), signed: sign() })]).toEqual([subject, 'unauthenticated']);
  });

  test('is refused when the signature has expired, except for long-running work', async () => {
    for (const [user, subject] of calls) {
      const expired = { ...anAgent(), signed: new CallerSigner(world.nats.signingKey).sign(callerOf(anAgent()), -1) };
      const code = await codeOf(user, subject, expired);
      expect([subject, code]).toEqual([
        subject,
        contractOf(subject).outlivesCaller ? expect.stringMatching(AFTER_THE_DOOR) : 'unauthenticated',
      ]);
    }
    expect(
      requests
        .filter(({ outlivesCaller }) => outlivesCaller)
        .map(({ subject }) => subject)
        .sort(),
    ).toEqual(['customer.get-settings', 'customer.import-contacts']);
  });

  test('unsigned is a service, whatever other headers say, and asks only for what is there for services', async () => {
    for (const [user, subject] of calls) {
      const context = serviceContext(randomUUID());
      const roles = { 'Kontor-Roles': 'admin,agent', 'Kontor-Agent': encodeURIComponent(JSON.stringify({ id: randomUUID() })) };
      const code = await codeOf(user, subject, context, roles);
      const isOpen = contractOf(subject).audience === 'services';
      expect([subject, code]).toEqual([subject, isOpen ? expect.stringMatching(AFTER_THE_DOOR) : 'forbidden']);
    }
  });

  test('signed for an agent does not reach what is there for services only', async () => {
    for (const [user, subject] of calls.filter(([, subject]) => contractOf(subject).audience === 'services')) {
      const agent = anAgent();
      expect([subject, await codeOf(user, subject, { ...agent, signed: signer.sign(callerOf(agent)) })]).toEqual([subject, 'forbidden']);
    }
  });
});

test('no user sends a request that is not in its list, nor one under the name of another', async () => {
  const heard = new Set<string>();
  const all = new Set(requests.map(({ subject }) => subject));
  for (const subject of all)
    world.bus.connection.subscribe(`${subject}.*`, { callback: (_, message) => void heard.add(`${message.string()} ${message.subject}`) });
  await world.bus.connection.flush();
  for (const user of users) {
    for (const subject of all) for (const name of [...users, 'test', 'admin']) as(user).publish(addressOf(subject, name), user);
    await as(user).flush();
  }
  await world.bus.connection.flush();
  expect([...heard].sort()).toEqual(calls.map(([user, subject]) => `${user} ${addressOf(subject, user)}`).sort());
});
