import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as k from '@kontor/contracts';
import { answer, standIn } from './stand-in.js';
import { type Gateway, startGateway } from './start-gateway.js';

const local = (path: string) => fileURLToPath(new URL(`../../../deploy/local/${path}`, import.meta.url));
const report = { missing: 0, stale: 0, surplus: 0, words: 0 };
const begun = { state: 'running' as const, done: 0, total: 4, startedAt: '2026-01-31T10:00:00.000Z', finishedAt: null };
const finished = { ...begun, state: 'finished' as const, done: 4, finishedAt: '2026-01-31T10:00:05.000Z' };
const status: k.SearchStatus = {
  ...{ state: 'ready', writer: true, entries: 4, fresh: 0, words: 9, identifiers: 2, indexVersion: { index: 1, service: 1 } },
  ...{ lag: { people: { waiting: 0 }, bulk: { waiting: 0 } }, rebuild: null, verify: null },
};

let gateway: Gateway;
let token: string;
const folder = mkdtempSync(join(tmpdir(), 'kontor-'));
/** What the search service was asked to do, and how it is each time that it is asked; the last stays. */
const asked: unknown[] = [];
let states: k.SearchStatus[] = [];
const next = () => (states.length > 1 ? states.shift() : states[0]) ?? status;
const did = (what: unknown) => {
  asked.push(what);
  return next();
};

beforeAll(async () => {
  const search = standIn('search', [
    answer(k.getSearchStatus, next),
    answer(k.rebuildIndex, () => did('rebuild')),
    answer(k.verifyIndex, ({ deep }) => did({ deep })),
  ]);
  gateway = await startGateway({ services: [standIn('customer', [answer(k.seeAgent, () => ({}))]), search] });
  token = await gateway.identity.token();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await gateway.stop();
});
beforeEach(() => {
  asked.length = 0;
  states = [status];
});

/** Runs the command to its end, as `npm run kontor` does. */
async function kontor(line: string, env: Record<string, string> = { KONTOR_URL: `${gateway.url}/`, KONTOR_TOKEN: token }) {
  const child = spawn(process.execPath, [local('dist/kontor.js'), ...line.split(' ').filter(Boolean)], {
    env: { PATH: process.env.PATH, KONTOR_DATA_DIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [code, out, error] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, out, error };
}

describe('npm run kontor', () => {
  it('alone says what there is', async () => {
    expect(await kontor('', {})).toMatchObject({ code: 0, out: expect.stringContaining('search verify [--deep]'), error: '' });
  });

  it('shows how the index is', async () => {
    expect(await kontor('search status')).toMatchObject({ code: 0, out: expect.stringMatching(/^index +ready\nentries +4/), error: '' });
    expect(asked).toEqual([]);
  });

  it('rebuilds the index and waits for the end', async () => {
    states = [0, 2].map((done) => ({ ...status, rebuild: { ...begun, done } }));
    states.push({ ...status, rebuild: finished });
    const { code, out, error } = await kontor('search rebuild');
    expect([code, error, asked]).toEqual([0, '', ['rebuild']]);
    expect(out).toMatch(/ 0 %, 0 of 4\n.* 50 %, 2 of 4\n[\s\S]*rebuild +finished/);
  });

  it.each([
    ['failed', { rebuild: { ...finished, state: 'failed' as const, done: 2, error: 'the disk is full' } }, 'rebuild', /the disk is full/],
    ['found something', { verify: { ...finished, deep: true, report: { ...report, stale: 3 } } }, 'verify --deep', /3 stale, repaired/],
  ])('ends with 1 when it %s', async (_, end, action, message) => {
    states = [{ ...status, ...end }];
    expect(await kontor(`search ${action}`)).toMatchObject({ code: 1, out: expect.stringMatching(message), error: '' });
  });

  it('verifies, also the content', async () => {
    states = [{ ...status, verify: { ...finished, deep: true, report } }];
    expect((await kontor('search verify')).code).toBe(0);
    expect((await kontor('search verify --deep')).code).toBe(0);
    expect(asked).toEqual([{ deep: false }, { deep: true }]);
  });

  it('says in a sentence why it cannot', async () => {
    const agent = await gateway.identity.token({ roles: ['agent'] });
    const wrong: [string, Record<string, string>, RegExp][] = [
      ['search mend', {}, /mend/],
      ['search status', {}, /No hub runs here/],
      ['search status', { KONTOR_URL: gateway.url }, /KONTOR_TOKEN/],
      ['search status', { KONTOR_URL: 'hub', KONTOR_TOKEN: token }, /KONTOR_URL is hub/],
      ['search status', { KONTOR_URL: 'http://127.0.0.1:1', KONTOR_TOKEN: token }, /cannot be reached/],
      ['search status', { KONTOR_URL: `${gateway.url}/docs`, KONTOR_TOKEN: token }, /404/],
      ['search status', { KONTOR_URL: gateway.url, KONTOR_TOKEN: agent }, /403.*role/],
      ['search status --tenant x', { KONTOR_URL: gateway.url, KONTOR_TOKEN: token }, /--tenant/],
    ];
    const said = await Promise.all(wrong.map(([line, env]) => kontor(line, env)));
    expect(said).toEqual(wrong.map(([, , error]) => ({ code: 1, out: '', error: expect.stringMatching(error) })));
    for (const { error } of said) expect(error.trim().split('\n')).toHaveLength(1);
  });
});
