import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ServiceDatabase } from '@kontor/local';
import { startServers } from '@kontor/testing';
import pg from 'pg';
import { Database, migrate } from '../src/index.js';
import { addItem, aTenant, inTenant, Orders } from './orders.js';

let servers: Awaited<ReturnType<typeof start>>;
const start = () => startServers({ postgres: true });
let urls: ServiceDatabase;
let db: Database;

beforeAll(async () => {
  servers = await start();
  urls = await servers.freshDatabase('customer');
  await migrate(urls.migrationUrl, [Orders]);
  db = await Database.connect({ name: 'test', url: urls.url, poolSize: 2 });
});
afterAll(async () => {
  await db.close();
  await servers.stop();
});

async function asRole<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('rows of another tenant', () => {
  test('do not exist: not to read, not to change, not to delete', async () => {
    const [mine, other] = [aTenant(), aTenant()];
    const id = await inTenant(db, other, (tx) => addItem(tx, 'theirs'));
    await inTenant(db, mine, async (tx) => {
      expect(await tx.query('select * from item where id = $1', [id])).toEqual([]);
      expect(await tx.query('select count(*)::int as count from item')).toEqual([{ count: 0 }]);
      expect(await tx.query(`update item set name = 'mine' where id = $1 returning id`, [id])).toEqual([[], 0]);
      expect(await tx.query('delete from item where id = $1 returning id', [id])).toEqual([[], 0]);
    });
    expect(await inTenant(db, other, (tx) => tx.query('select name from item'))).toEqual([{ name: 'theirs' }]);
  });

  test('cannot be made, nor can a row be moved there', async () => {
    const [mine, other] = [aTenant(), aTenant()];
    const refused = { driverError: { code: '42501' } };
    await expect(
      inTenant(db, mine, (tx) => tx.query(`insert into item (tenant_id, id, name) values ($1, $1, 'x')`, [other])),
    ).rejects.toMatchObject(refused);
    await inTenant(db, mine, (tx) => addItem(tx, 'mine'));
    await expect(inTenant(db, mine, (tx) => tx.query('update item set tenant_id = $1', [other]))).rejects.toMatchObject(refused);
  });

  test('do not exist for the owner of the table either', async () => {
    const [mine, other] = [aTenant(), aTenant()];
    await inTenant(db, other, (tx) => addItem(tx, 'theirs'));
    const [{ user }] = (await asRole(urls.url, (client) => client.query<{ user: string }>('select current_user as user'))).rows as [
      { user: string },
    ];
    // Given away as an administrator could by mistake.
    const admin = new URL(process.env.KONTOR_TEST_POSTGRES_URL ?? '');
    admin.pathname = new URL(urls.url).pathname;
    await asRole(admin.href, (client) =>
      client.query(`create table given (like item including all); alter table given owner to ${pg.escapeIdentifier(user)}`),
    );
    await asRole(admin.href, (client) =>
      client.query(`
        insert into given select * from item;
        alter table given enable row level security;
        alter table given force row level security;
        create policy tenant on given using (tenant_id = (select current_setting('kontor.tenant')::uuid));
      `),
    );
    expect(await inTenant(db, mine, (tx) => tx.query('select * from given'))).toEqual([]);
    expect(await inTenant(db, other, (tx) => tx.query('select name from given'))).toEqual([{ name: 'theirs' }]);
  });
});

describe('without a tenant', () => {
  test('there is an error, on a fresh connection and on one that had a tenant', async () => {
    await inTenant(db, aTenant(), (tx) => addItem(tx, 'x'));
    await asRole(urls.url, async (client) => {
      await expect(client.query('select * from item')).rejects.toMatchObject({ code: '42704' });
      await client.query(`begin; select set_config('kontor.tenant', '${aTenant()}', true); commit`);
      await expect(client.query('select * from item')).rejects.toMatchObject({ code: '22P02' });
    });
    await expect(db.acrossTenants((tx) => tx.query('select * from item'))).rejects.toThrow();
  });

  test('there is no transaction, nor with one that is not a UUID', async () => {
    await expect(db.transaction(async () => {})).rejects.toThrow('no context');
    await expect(inTenant(db, `x' or true`, async () => {})).rejects.toMatchObject({ code: 'invalid' });
  });
});

test('200 transactions of alternating tenants at once on a pool of two each see their own rows only', async () => {
  const tenants = [aTenant(), aTenant()];
  await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      inTenant(db, tenants[i % 2] ?? '', async (tx) => {
        const own = `tenant ${i % 2}`;
        await addItem(tx, own);
        if (i % 7 === 0) await sleep(1);
        const names: { name: string }[] = await tx.query('select distinct name from item');
        expect(names).toEqual([{ name: own }]);
        if (i % 20 === 13) throw new Error('rolled back');
      }).catch((error: Error) => expect(error.message).toBe('rolled back')),
    ),
  );
  const counts = await Promise.all(
    tenants.map((tenant) => inTenant(db, tenant, (tx) => tx.query('select count(*)::int as count from item'))),
  );
  expect(counts).toEqual([[{ count: 100 }], [{ count: 90 }]]);
});
