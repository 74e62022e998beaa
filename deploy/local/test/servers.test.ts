import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { freePort } from '../src/free-port.js';
import { launchServers, type Servers } from '../src/servers.js';

const masterKey = '0123456789abcdef0123';
const all = { durable: false, postgres: { user: 'kontor' }, nats: { config: 'jetstream {}' }, meili: { masterKey } };
const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
}

async function untilGone(pids: number[]): Promise<void> {
  for (const end = Date.now() + 10_000; pids.some(isAlive); await sleep(20))
    if (Date.now() > end) throw new Error(`${pids.filter(isAlive)} still run`);
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

describe('servers', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await launchServers(all);
  });
  afterAll(() => servers.stop());

  test('PostgreSQL counts characters, not bytes, and listens on this machine only', async () => {
    const [row] = await query(servers.postgres!.url, `select length('zoë') as length, current_setting('listen_addresses') as host`);
    expect(row).toEqual({ length: 3, host: '127.0.0.1' });
  });

  test('a killed server starts again on its port with its data', async () => {
    const { postgres, nats, meili } = servers;
    await query(postgres!.url, 'create table kept as select 1 as one');
    for (const server of [postgres!, nats!, meili!]) {
      const before = server.pid;
      await server.kill();
      expect(isAlive(before)).toBe(false);
      await server.restart();
      expect(server.pid).not.toBe(before);
    }
    expect(await query(postgres!.url, 'select one from kept')).toEqual([{ one: 1 }]);
    expect((await fetch(`${meili!.url}/health`)).status).toBe(200);
  });

  test('a paused server can still be restarted', async () => {
    await servers.nats!.pause();
    await servers.nats!.restart();
    expect(isAlive(servers.nats!.pid)).toBe(true);
  });
});

test('nothing is left after kill -9 of the process that started the servers', async () => {
  const program = `
    const { launchServers } = await import(${JSON.stringify(new URL('../src/servers.ts', import.meta.url).href)});
    const servers = await launchServers(${JSON.stringify({ ...all, postgres: undefined })});
    console.log(JSON.stringify([servers.reaperPid, servers.nats.pid, servers.meili.pid]));`;
  const hook = new URL('../source-hook.mjs', import.meta.url).href;
  const parent = spawn(process.execPath, ['--import', hook, '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const pids = JSON.parse(line) as number[];
  expect(pids.every(isAlive)).toBe(true);
  parent.kill('SIGKILL');
  await untilGone(pids);
});

test('nothing is left after kill -9 of the process that owns the servers', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kontor-'));
  const servers = await launchServers({ ...all, postgres: undefined, dir });
  const pids = [servers.nats!.pid, servers.meili!.pid];
  process.kill(servers.reaperPid, 'SIGKILL');
  await servers.lost;
  await untilGone(pids);
  rmSync(dir, { recursive: true });
});

test('nothing is left when one server starts and another does not', async () => {
  const running = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`-p\0${port}\0`));
  const port = await freePort();
  process.env.MEILI_BIN = '/bin/false';
  const start = launchServers({ ...all, postgres: { user: 'kontor', port } });
  delete process.env.MEILI_BIN;
  await expect(start).rejects.toThrow(/Meilisearch .* ended at once/);
  expect(running()).toEqual([]);
});

describe('what can be put right is one sentence', () => {
  test('a taken port', async () => {
    const first = await launchServers({ durable: false, nats: { config: '' } });
    await expect(launchServers({ durable: false, nats: { config: '', port: first.nats!.port } })).rejects.toMatchObject({
      name: 'SetupError',
      message: `Port ${first.nats!.port} for nats is taken by another program.`,
    });
    await first.stop();
  });

  test('a program that is not there', async () => {
    process.env.NATS_SERVER_BIN = '/nowhere/nats-server';
    const start = launchServers({ durable: false, nats: { config: '' } });
    delete process.env.NATS_SERVER_BIN;
    await expect(start).rejects.toMatchObject({ name: 'SetupError', message: expect.stringContaining('NATS_SERVER_BIN') });
  });
});
