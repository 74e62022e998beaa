import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@kontor/testing';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { natsConfig, natsUsers, passwordVariable, servicesWithDatabase } from '../src/nats-policy.js';
import { launchServers, type Servers } from '../src/servers.js';

let servers: Servers;
const connections = new Map<string, NatsConnection>();
const as = (user: string): NatsConnection => connections.get(user)!;

beforeAll(async () => {
  const users = [...natsUsers(), 'test'];
  const env = Object.fromEntries(users.map((user) => [passwordVariable(user), `p${user}`]));
  servers = await launchServers({ durable: false, nats: { config: natsConfig({ durable: false, testUser: true }), env } });
  for (const user of users) {
    const inboxPrefix = user === 'test' ? '_INBOX' : `_INBOX_${user}`;
    connections.set(user, await connect({ servers: servers.nats!.url, user, pass: `p${user}`, inboxPrefix, timeout: 1000 }));
  }
  const manager = await jetstreamManager(as('admin'));
  await manager.streams.add({ name: 'EVENTS', subjects: ['events.>'] });
  await manager.streams.add({ name: 'DEAD', subjects: ['dead.>'] });
  await new Objm(as('admin')).create('imports');
});

afterAll(async () => {
  for (const connection of connections.values()) await connection.close();
  await servers?.stop();
});

/** Whether a published message arrives at somebody who may hear everything. */
async function arrives(user: string, subject: string): Promise<boolean> {
  const ears = as('test').subscribe(subject, { max: 1 });
  await as('test').flush();
  as(user).publish(subject, 'forged');
  await as(user).flush();
  await as('test').flush();
  const heard = ears.getReceived() > 0;
  ears.unsubscribe();
  return heard;
}

/** Whether a subscription gets what is published. */
async function hears(user: string, subject: string, queue?: string): Promise<boolean> {
  let heard = false;
  const ears = as(user).subscribe(subject, {
    queue,
    callback: (error) => {
      heard ||= !error;
    },
  });
  await as(user).flush();
  as('test').publish(subject.replace('>', 'something'), 'secret');
  await as('test').flush();
  await as(user).flush();
  ears.unsubscribe();
  return heard;
}

const addConsumer = async (user: string, name: string, subject = 'events.contact.changed.v1.people') =>
  (await jetstreamManager(as(user), { checkAPI: false, timeout: 1000 })).consumers.add('EVENTS', {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    filter_subject: subject,
  });

async function pullOne(user: string, consumer: string): Promise<string | undefined> {
  const found = await jetstream(as(user), { timeout: 1000 }).consumers.get('EVENTS', consumer);
  const message = await found.next({ expires: 1000 });
  message?.ack();
  await as(user).flush();
  return message?.string();
}

test('the committed configuration is made from the policy', () => {
  const committed = readFileSync(new URL('../../nats/generated/nats.conf', import.meta.url), 'utf8');
  expect(committed).toBe(natsConfig({ durable: true, monitor: true }));
  const databases = readFileSync(new URL('../../nats/generated/databases.json', import.meta.url), 'utf8');
  expect(databases).toBe(`${JSON.stringify(servicesWithDatabase())}\n`);
});

test('without a password nobody comes in', async () => {
  await expect(connect({ servers: servers.nats!.url })).rejects.toThrow(/authorization/i);
});

describe('requests', () => {
  test('gateway asks each service, which answers from its queue group', async () => {
    for (const subject of [
      'customer.get-contact',
      'contact-permission.get-permissions',
      'notification.get-mail-flags',
      'import.get-import',
      'search.find-entries',
    ]) {
      const service = subject.split('.')[0] ?? '';
      const serving = as(service).subscribe(`${subject}.*`, {
        queue: service,
        callback: (_, message) => void message.respond(service),
      });
      await as(service).flush();
      expect((await as('gateway').request(`${subject}.gateway`, '', { timeout: 1000 })).string()).toBe(service);
      serving.unsubscribe();
    }
  });

  test.each([
    ['contact-permission', 'customer.get-entries'],
    ['notification', 'customer.get-entries'],
    ['import', 'customer.import-contacts'],
    ['search', 'customer.get-index-entries'],
  ])('%s may ask %s, under its own name', async (service, subject) => {
    expect(await arrives(service, `${subject}.${service}`)).toBe(true);
    expect(await arrives(service, `${subject}.gateway`)).toBe(false);
    expect(await arrives(service, subject)).toBe(false);
  });

  test.each(['contact-permission', 'notification', 'import', 'search'])('customer may ask %s to forget somebody', async (service) => {
    expect(await arrives('customer', `${service}.forget-entry.customer`)).toBe(true);
  });

  test.each([
    ['customer', 'search.find-entries'],
    ['customer', 'notification.get-mail-flags'],
    ['import', 'search.find-entries'],
    ['notification', 'search.find-entries'],
    ['notification', 'import.start-import'],
    ['search', 'contact-permission.get-permissions'],
    ['admin', 'customer.get-contact'],
    ['notification', 'customer.see-agent'],
    ['notification', 'customer.list-tenants'],
    ['notification', 'customer.create-contact'],
    ['notification', 'customer.get-index-entries'],
    ['import', 'customer.get-index-entries'],
    ['gateway', 'customer.list-versions'],
    ['gateway', 'customer.import-contacts'],
  ])('%s may not ask %s', async (user, subject) => {
    expect(await arrives(user, `${subject}.${user}`)).toBe(false);
  });

  test('an answer goes to the inboxes of those that may ask, whatever reply subject a request names', async () => {
    const aims = ['events.contact.changed.v1.people', '$JS.API.STREAM.PURGE.EVENTS', '_INBOX_import.guessed', '_INBOX.guessed'];
    const heard: string[] = [];
    const ears = aims.map((aim) => as('test').subscribe(aim, { callback: (_, { subject }) => void heard.push(subject) }));
    const asked = Promise.withResolvers<void>();
    let left = aims.length;
    const serving = as('search').subscribe('search.find-entries.*', {
      queue: 'search',
      callback: (_, message) => {
        message.respond('{}');
        if (--left === 0) asked.resolve();
      },
    });
    await as('search').flush();
    await as('test').flush();
    for (const reply of aims) as('gateway').publish('search.find-entries.gateway', '{}', { reply });
    await asked.promise;
    await as('search').flush();
    await as('test').flush();
    expect(heard).toEqual([]);
    for (const sub of [serving, ...ears]) sub.unsubscribe();
  });

  test('nobody takes or overhears the requests of another', async () => {
    expect(await hears('customer', 'customer.>', 'customer')).toBe(true);
    expect(await hears('search', 'customer.>', 'customer')).toBe(false);
    expect(await hears('search', 'customer.>')).toBe(false);
    expect(await hears('gateway', '>')).toBe(false);
    // Outside its queue group a service would get a copy of each request, and two replicas would both do it.
    expect(await hears('customer', 'customer.>')).toBe(false);
  });

  test('nobody reads the inbox of another', async () => {
    expect(await hears('gateway', '_INBOX_gateway.>')).toBe(true);
    expect(await hears('customer', '_INBOX_gateway.>')).toBe(false);
    expect(await hears('customer', '_INBOX.>')).toBe(false);
    // customer answers gateway and import, but search answers gateway only, and nobody asks gateway.
    for (const user of ['search', 'notification', 'gateway']) expect(await arrives(user, '_INBOX_import.guessed')).toBe(false);
  });
});

describe('events', () => {
  test.each([
    ['customer', 'events.contact.changed.v1.people'],
    ['customer', 'events.customer.changed.v1.people'],
    ['contact-permission', 'events.permission.changed.v1'],
    ['search', 'dead.search.events.contact.changed.v1.people'],
  ])('%s publishes %s and is told that it is kept', async (service, subject) => {
    expect((await jetstream(as(service)).publish(subject, 'true')).seq).toBeGreaterThan(0);
  });

  test.each([
    ['search', 'events.contact.changed.v1.people'],
    ['import', 'events.contact.changed.v1.people'],
    ['customer', 'events.settings.changed.v1'],
    ['customer', 'events.permission.changed.v1'],
    ['gateway', 'events.contact.changed.v1.people'],
    ['admin', 'events.contact.changed.v1.people'],
    ['notification', 'dead.search.events.contact.changed.v1.people'],
  ])('%s may not publish %s', async (user, subject) => {
    expect(await arrives(user, subject)).toBe(false);
  });

  test('a service follows events through its own consumer', async () => {
    await addConsumer('search', 'search-index-people');
    await addConsumer('contact-permission', 'contact-permission-follow-contacts');
    await addConsumer('notification', 'notification-follow-contacts');
    expect(await pullOne('search', 'search-index-people')).toBe('true');
    const { consumers } = await jetstreamManager(as('admin'));
    await eventually(async () => expect((await consumers.info('EVENTS', 'search-index-people')).num_ack_pending).toBe(0));
  });

  test('search reads how many events wait in its consumers, and nobody else does', async () => {
    const { consumers } = await jetstreamManager(as('search'), { checkAPI: false, timeout: 1000 });
    for (const lane of ['people', 'bulk']) {
      const name = `search-index-customers-${lane}`;
      await addConsumer('search', name, `events.customer.changed.v1.${lane}`);
      const { num_pending: before } = await consumers.info('EVENTS', name);
      await jetstream(as('customer')).publish(`events.customer.changed.v1.${lane}`, 'true');
      // The server counts after it has acknowledged the message.
      await eventually(async () => expect((await consumers.info('EVENTS', name)).num_pending).toBe(before + 1));
      expect(await arrives('notification', `$JS.API.CONSUMER.INFO.EVENTS.${name}`)).toBe(false);
    }
  });

  test('nobody makes, sees, pulls from or acknowledges for the consumer of another', async () => {
    await addConsumer('search', 'search-index-bulk');
    await expect(addConsumer('import', 'search-index-bulk')).rejects.toThrow();
    await expect(addConsumer('import', 'import-spy')).rejects.toThrow();
    await expect(pullOne('notification', 'search-index-bulk')).rejects.toThrow();
    expect(await arrives('search', '$JS.API.CONSUMER.INFO.EVENTS.search-index-bulk')).toBe(true);
    expect(await arrives('notification', '$JS.API.CONSUMER.MSG.NEXT.EVENTS.search-index-bulk')).toBe(false);
    expect(await arrives('notification', '$JS.ACK.EVENTS.search-index-bulk.1.1.1.1.0')).toBe(false);
    expect(await arrives('notification', '$JS.ACK.hub.account.EVENTS.search-index-bulk.1.1.1.1.0.x')).toBe(false);
    // Its own consumer, but on events it has no business with.
    await expect(addConsumer('search', 'search-index-bulk', 'events.permission.changed.v1')).rejects.toThrow();
  });

  test.each(['STREAM.DELETE.EVENTS', 'STREAM.PURGE.EVENTS', 'STREAM.MSG.GET.EVENTS', 'CONSUMER.DELETE.EVENTS.search-index-people'])(
    'no service may %s',
    async (call) => {
      for (const user of natsUsers().filter((user) => user !== 'admin')) expect(await arrives(user, `$JS.API.${call}`)).toBe(false);
    },
  );
});

describe('uploaded files', () => {
  test('gateway puts, import gets and deletes', async () => {
    const file = new Uint8Array(300_000).fill(7);
    await (await new Objm(as('gateway')).open('imports')).putBlob({ name: 'tenant/file' }, file);
    const bucket = await new Objm(as('import')).open('imports');
    expect(await bucket.getBlob('tenant/file')).toEqual(file);
    await bucket.delete('tenant/file');
    expect((await bucket.info('tenant/file'))?.deleted).toBe(true);
  });

  test('nobody else sees the bucket', async () => {
    for (const user of ['customer', 'search', 'notification', 'contact-permission'])
      expect(await arrives(user, '$JS.API.STREAM.INFO.OBJ_imports')).toBe(false);
    expect(await arrives('import', '$O.imports.C.forged')).toBe(false);
  });
});
