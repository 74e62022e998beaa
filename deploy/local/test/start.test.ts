import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { eventually, sized } from '@kontor/testing';

const program = fileURLToPath(new URL('../dist/start.js', import.meta.url));
const tokenProgram = fileURLToPath(new URL('../dist/token.js', import.meta.url));

/** The processes that this one has started and that run this program. */
const childrenOf = (parent: number, name: string) =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const parentOf = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
        return Number(parentOf) === parent && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(name);
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);

test('`npm start` ends with a sentence when the process that owns its servers is ended', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kontor-'));
  const hub = spawn(process.execPath, [program], {
    env: { ...process.env, KONTOR_DATA_DIR: dir, KONTOR_HTTP_PORT: '0', KONTOR_ONE_PROCESS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { text: '' };
  for (const stream of [hub.stdout, hub.stderr]) stream.on('data', (data) => (said.text += String(data)));
  const exit = once(hub, 'exit');
  try {
    await eventually(() => expect(said.text).toContain('Kontor runs'), 120_000);
    const [reaper = 0] = childrenOf(hub.pid ?? 0, 'reaper');
    process.kill(reaper, 'SIGKILL');
    expect(await exit).toEqual([1, null]);
    expect(said.text).toContain('start it again with npm start');
    expect(said.text).not.toMatch(/\n\s+at /);
  } finally {
    hub.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
}, 180_000);

// Nine processes.
if (sized(false, true))
  test('while the hub starts its port is closed; when `/health` says ready, pages and tokens are given; afterwards neither', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kontor-'));
    const env = { ...process.env, KONTOR_DATA_DIR: dir, KONTOR_HTTP_PORT: '0' };
    const hub = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { text: '' };
    for (const stream of [hub.stdout, hub.stderr]) stream.on('data', (data) => (said.text += String(data)));
    const exit = once(hub, 'exit');
    const token = async () => {
      const command = spawn(process.execPath, [tokenProgram, '--role', 'admin'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const answer = { out: '', err: '' };
      command.stdout.on('data', (data) => (answer.out += String(data)));
      command.stderr.on('data', (data) => (answer.err += String(data)));
      await once(command, 'close');
      return answer;
    };
    try {
      const { api } = await eventually(() => JSON.parse(readFileSync(join(dir, 'hub.json'), 'utf8')) as { api: string }, 120_000);
      // The services behind it have only just been started, so this is before the gateway is.
      await expect(fetch(`${api}/docs`)).rejects.toThrow();
      const answer = await eventually(() => fetch(`${api}/health`), 120_000);
      expect([answer.status, await answer.json()]).toEqual([200, { status: 'ready' }]);
      expect((await fetch(`${api}/docs`)).status).toBe(200);
      expect((await token()).out.split('.')).toHaveLength(3);
      hub.kill('SIGTERM');
      await exit;
      expect((await token()).err).toMatch(/No hub runs/);
    } finally {
      hub.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    }
  }, 300_000);
