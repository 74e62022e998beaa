import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Database } from '@kontor/database';
import { callerKeys } from '@kontor/local';
import { startServers } from '@kontor/testing';
import { service } from '../src/index.js';
import { documentOf, printDocument } from '../src/indexes/document.js';
import { Fresh, keepFresh } from '../src/indexes/fresh.js';
import { contactOf } from './stand-in.js';

let servers: Awaited<ReturnType<typeof startServers<{ postgres: true }>>>;
let db: Database;

beforeAll(async () => {
  servers = await startServers({ postgres: true });
  const { url, migrationUrl } = await servers.freshDatabase('search');
  const unused = {
    KONTOR_NATS_URL: 'nats://localhost:1',
    KONTOR_NATS_USER: 'x',
    KONTOR_NATS_PASSWORD: 'x',
    KONTOR_CALLER_KEY: callerKeys('unused').publicKey,
    KONTOR_MEILI_URL: 'http://localhost:1',
  };
  await service.migrate({ ...unused, KONTOR_MEILI_KEY: 'x', KONTOR_DATABASE_URL: url, KONTOR_MIGRATION_URL: migrationUrl });
  db = await Database.connect({ name: 'test', url });
  await db.acrossTenants((tx) => tx.query(`insert into current_index (name, version, whole, made) values ('entries-x', 1, true, 'now')`));
});
afterAll(async () => {
  await db?.close();
  await servers?.stop();
});

async function changes(tenant: string): Promise<string> {
  const contact = contactOf({ lastName: 'Frisch' });
  const document = printDocument(documentOf(tenant, { kind: 'contact', ...contact }));
  const entry = { id: contact.id, version: 1, document };
  await db.acrossTenants((tx) => keepFresh((sql, parameters) => tx.query(sql, parameters), tenant, [entry]));
  return contact.id;
}

/** The statement, to be answered whenever the test wants. */
async function read(fresh: Fresh, tenant: string) {
  const parameters: unknown[] = [tenant];
  const { columns, snapshot } = fresh.reading(tenant, (value) => `$${parameters.push(value)}`);
  const rows = await db.queryAcrossTenants<{ state: string; changes: string | null }>(
    `select ${columns[0]} as state, ${columns[1]} as changes`,
    parameters,
  );
  return () => [...snapshot(rows[0]!.state, rows[0]!.changes).fresh.keys()].toSorted();
}

test('what a replica had read is not lost when it is dropped while more is being read', async () => {
  const fresh = new Fresh(db);
  const tenant = randomUUID();
  const first = await changes(tenant);
  expect([...(await fresh.current(tenant)).fresh.keys()]).toEqual([first]);
  const second = await changes(tenant);
  const answer = await read(fresh, tenant);
  // More tenants than are remembered.
  for (let i = 0; i < 1_001; i++) await fresh.current(randomUUID());
  expect(answer()).toEqual([first, second].toSorted());
  expect([...(await fresh.current(tenant)).fresh.keys()].toSorted()).toEqual([first, second].toSorted());
});

test('searches that are answered in another order than they were asked leave nothing out and bring nothing back', async () => {
  const fresh = new Fresh(db);
  const tenant = randomUUID();
  const first = await changes(tenant);
  const early = await read(fresh, tenant);
  const second = await changes(tenant);
  const late = await read(fresh, tenant);
  expect(late()).toEqual([first, second].toSorted());
  early();
  expect([...(await fresh.current(tenant)).fresh.keys()].toSorted()).toEqual([first, second].toSorted());
});
