import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { DataFolder } from '../src/data-folder.js';
import { fetchToken, type IdentityProvider, startIdentityProvider } from '../src/identity-provider.js';

let data: DataFolder;
let provider: IdentityProvider;
const said = jest.spyOn(console, 'warn').mockImplementation(() => {});
const noted = jest.spyOn(console, 'info').mockImplementation(() => {});

beforeAll(async () => {
  data = new DataFolder(mkdtempSync(join(tmpdir(), 'kontor-')));
  data.open();
  provider = await startIdentityProvider(data, 0);
  data.announce({ api: '', issuer: provider.issuer });
});

afterAll(async () => {
  await provider.stop();
  rmSync(data.path, { recursive: true });
});

async function verify(token: string, issuer = provider.issuer) {
  const discovery = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as { issuer: string; jwks_uri: string };
  expect(discovery.issuer).toBe(issuer);
  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  return (await jwtVerify(token, keys, { issuer, audience: 'kontor', algorithms: ['RS256', 'ES256', 'EdDSA'] })).payload;
}

test('a token says who, of which tenant, with which role and teams', async () => {
  const payload = await verify(await fetchToken(data, { tenant: 'demo', role: 'agent', agent: 'Zoë Über', teams: ['Sales', 'Support'] }));
  expect(payload).toMatchObject({ sub: 'demo/Zoë Über', tenant: 'demo', roles: ['agent'], teams: ['Sales', 'Support'], name: 'Zoë Über' });
  expect(payload.exp! - payload.iat!).toBe(8 * 60 * 60);
});

test('one team or none is still a list, and the agent has a name', async () => {
  expect(await verify(await fetchToken(data, { tenant: 't', role: 'admin', teams: ['Sales'] }))).toMatchObject({ teams: ['Sales'] });
  expect(await verify(await fetchToken(data, { tenant: 't', role: 'light_agent' }))).toMatchObject({ teams: [], name: 'Lou Light' });
});

test('a token stays good after a restart on the same folder', async () => {
  const token = await fetchToken(data, { tenant: 'demo', role: 'admin' });
  const { port } = new URL(provider.issuer);
  await provider.stop();
  await sleep(50); // until fetch has noticed that its kept connection is gone
  provider = await startIdentityProvider(new DataFolder(data.path), Number(port));
  expect((await verify(token)).tenant).toBe('demo');
});

test('only who may read the data folder gets one', async () => {
  const ask = (secret: string) =>
    fetch(`${provider.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:kontor:local-agent',
        client_id: 'kontor-local',
        client_secret: secret,
        tenant: 't',
        role: 'admin',
        agent: 'a',
      }),
    });
  expect((await ask('guessed')).status).toBe(401);
  expect((await ask(data.secret('identity-provider'))).status).toBe(200);
  expect(statSync(data.path).mode & 0o077).toBe(0);
  expect(statSync(join(data.path, 'secrets.json')).mode & 0o077).toBe(0);
});

test('what is wrong is one sentence', async () => {
  await expect(fetchToken(data, { tenant: 'demo', role: 'boss' })).rejects.toThrow(
    'No token: role must be one of admin, agent, light_agent.',
  );
  data.withdraw();
  await expect(fetchToken(data, { tenant: 'demo', role: 'admin' })).rejects.toThrow(/^No hub runs on .*npm start/);
});

test('the provider has nothing to warn of', () => {
  expect(said.mock.calls).toEqual([]);
  expect(noted.mock.calls).toEqual([]);
});
