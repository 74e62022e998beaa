import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bus, provision } from '@kontor/bus';
import { eventually, startServers } from '@kontor/testing';
import { Logger } from '@nestjs/common';
import { Database, migrate } from '../src/index.js';
import { addItem, aTenant, connectBus, emitNumber, inTenant, itemChanged, Orders } from './orders.js';

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ postgres: 'own', nats: true });
let bus: Bus;
let db: Database;

Logger.overrideLogger(false); // what is interrupted here is interrupted on purpose

beforeAll(async () => {
  servers = await start();
  const admin = await connectBus(servers.nats, 'admin');
  await provision(admin.connection);
  await admin.connection.close();
  const urls = await servers.freshDatabase('customer');
  await migrate(urls.migrationUrl, [Orders]);
  bus = await connectBus(servers.nats, 'customer');
  db = await Database.connect({ name: 'test', url: urls.url, poolSize: 3 });
  db.outbox.start(bus);
});
afterAll(async () => {
  await db.close();
  await bus.connection.close();
  await servers.stop();
});

test('PostgreSQL that dies makes work unavailable, and everything continues by itself when it is back', async () => {
  const tenant = aTenant();
  const onlooker = await connectBus(servers.nats, 'test');
  const heard: number[] = [];
  onlooker.connection.subscribe(itemChanged.subject, {
    callback: (_, message) => void heard.push(message.json<{ number: number }>().number),
  });
  const change = (number: number) =>
    inTenant(db, tenant, async (tx) => {
      await addItem(tx, `item ${number}`);
      await emitNumber(tx, number);
    });
  await change(1);
  await eventually(() => expect(heard).toEqual([1]));

  const begun = inTenant(db, tenant, async (tx) => {
    await addItem(tx, 'half done');
    await sleep(500);
    await addItem(tx, 'never');
  });
  const outcome = expect(begun).rejects.toMatchObject({ code: 'unavailable' });
  await sleep(100);
  await servers.postgres.kill();
  await outcome;
  for (const _ of Array(4)) await expect(change(2)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(db.ping()).rejects.toThrow();

  await servers.postgres.restart();
  await eventually(() => change(3));
  await db.ping();
  await eventually(() => expect(heard).toEqual([1, 3]));
  expect(await inTenant(db, tenant, (tx) => tx.query('select name from item order by name'))).toEqual([
    { name: 'item 1' },
    { name: 'item 3' },
  ]);
  await onlooker.connection.close();
});
