import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serviceNames, servicesWithDatabase } from '@kontor/local';
import { startServers } from '@kontor/testing';
import { parse } from 'yaml';
import type { z } from 'zod';

interface Container {
  image: string;
  build?: { dockerfile: string; target?: string; args?: { SERVICE: string; NODE_OPTIONS?: string } };
  environment: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  command?: string[];
  ports?: string[];
  read_only?: boolean;
}

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const compose = readFileSync(fromRoot('docker-compose.yml'), 'utf8');
const containers = (parse(compose, { merge: true }) as { services: Record<string, Container> }).services;
const container = (name: string) => containers[name] as Container;
const dockerfile = readFileSync(fromRoot('deploy/docker/Dockerfile'), 'utf8');

/** The variables of each service, by its name. */
const schemas = Object.fromEntries(
  await Promise.all(
    serviceNames().map(async (name): Promise<[string, z.ZodObject]> => {
      const module = (await import(fromRoot(`services/${name}/src/env.ts`))) as Record<string, z.ZodObject>;
      return [name, (module.Env ?? module.GatewayEnv)!];
    }),
  ),
);
const schemaOf = (name: string) => schemas[name]!;
const services = serviceNames();
const withDatabase = servicesWithDatabase();

const folder = mkdtempSync(join(tmpdir(), 'kontor-env-'));
const makeEnv = (...args: string[]) => spawnSync(process.execPath, [fromRoot('deploy/docker/make-env.mjs'), ...args], { encoding: 'utf8' });
let secrets: Record<string, string> = {};

beforeAll(() => {
  expect(makeEnv('https://id.example', join(folder, '.env')).status).toBe(0);
  const lines = readFileSync(join(folder, '.env'), 'utf8').trim().split('\n');
  secrets = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As compose puts in variables: `${NAME:?}` must be set, `${NAME:-default}` may be. */
function filledIn(environment: Record<string, string>): Record<string, string> {
  const fill = (text: string) =>
    text.replace(/\$\{(\w+):(\?[^}]*|-([^}]*))\}/g, (_, name: string, how: string, preset = '') => {
      if (how.startsWith('?') && !secrets[name]) throw new Error(`make-env.mjs does not set ${name}`);
      return secrets[name] ?? preset;
    });
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]));
}

describe('docker-compose.yml', () => {
  test('has the servers, every service, and a migration before each that has a database', () => {
    expect(Object.keys(containers).sort()).toEqual(
      ['postgres', 'nats', 'meilisearch', 'provision', ...services, ...withDatabase.map((name) => `${name}-migrate`)].sort(),
    );
    expect(container('postgres').image).toBe('postgres:18');
    expect(container('nats').image).toMatch(/^nats:2\.14(-alpine)?$/);
    expect(container('meilisearch').image).toBe('getmeili/meilisearch:v1.21');
  });

  test.each(services)('%s gets variables that it knows, and all that it needs', (name) => {
    const { environment } = container(name);
    expect(Object.keys(schemaOf(name).shape)).toEqual(expect.arrayContaining(Object.keys(environment)));
    const set = Object.entries(filledIn(environment)).filter(([, value]) => value !== '');
    expect(schemaOf(name).safeParse(Object.fromEntries(set)).error).toBeUndefined();
    // Optional for a machine without NATS users, but here NATS has them.
    expect(environment).toMatchObject({ KONTOR_NATS_USER: name, KONTOR_NATS_PASSWORD: expect.stringContaining(':?}') });
  });

  test.each(withDatabase)('%s starts after its migration, which alone has the rights to migrate', (name) => {
    const migration = container(`${name}-migrate`);
    expect(container(name).depends_on).toEqual({ [`${name}-migrate`]: { condition: 'service_completed_successfully' } });
    expect(migration).toMatchObject({
      image: container(name).image,
      command: ['node', 'dist/main.js', 'migrate'],
      depends_on: { provision: { condition: 'service_completed_successfully' } },
    });
    const { KONTOR_MIGRATION_URL, ...others } = migration.environment;
    expect(others).toEqual(container(name).environment);
    const set = filledIn(migration.environment);
    expect(schemaOf(name).safeParse(set).error).toBeUndefined();
    expect(new URL(set.KONTOR_MIGRATION_URL ?? '').username).toBe(`${name.replaceAll('-', '_')}_migrator`);
  });

  test.each(services)('%s is built from its folder, runs without rights, and only the gateway can be reached from outside', (name) => {
    const { build, ports, read_only } = container(name);
    expect(build).toMatchObject({ dockerfile: 'deploy/docker/Dockerfile', args: { SERVICE: name } });
    expect(existsSync(fromRoot(`services/${build?.args?.SERVICE}/src/main.ts`))).toBe(true);
    const { nodeOptions } = JSON.parse(readFileSync(fromRoot(`services/${name}/package.json`), 'utf8')) as { nodeOptions?: string[] };
    expect(build?.args?.NODE_OPTIONS).toBe(nodeOptions?.join(' '));
    expect(read_only).toBe(true);
    expect(ports?.length ?? 0).toBe(name === 'gateway' ? 1 : 0);
  });

  test('waits for healthy servers, and NATS gets every password its configuration asks for', () => {
    for (const server of ['postgres', 'nats', 'meilisearch']) {
      expect(container(server).healthcheck?.test?.[0]).toBe('CMD');
      expect(container(server)).not.toHaveProperty('ports');
    }
    expect(container('provision').depends_on).toEqual(
      Object.fromEntries(['postgres', 'nats', 'meilisearch'].map((server) => [server, { condition: 'service_healthy' }])),
    );
    const asked = readFileSync(fromRoot('deploy/nats/generated/nats.conf'), 'utf8').matchAll(/\$(KONTOR_\w+)/g);
    expect(Object.keys(container('nats').environment).sort()).toEqual([...asked].map(([, name]) => name).sort());
  });

  test('has no default for a secret', () => {
    const secret = /PASSWORD|KEY|SECRET/;
    for (const [, name, how] of compose.matchAll(/\$\{(\w+)(:?[-?]?)/g))
      if (secret.test(name ?? '')) expect([name, how]).toEqual([name, ':?']);
    for (const { environment } of Object.values(containers))
      for (const [name, value] of Object.entries(environment))
        if (secret.test(name)) expect([name, value]).toEqual([name, expect.stringContaining('${')]);
  });
});

describe('the Dockerfile', () => {
  test('makes what compose builds', () => {
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\w+)$/gm)].map(([, name]) => name);
    expect(stages).toContain(container('provision').build?.target);
    expect(stages.at(-1)).toBe('service'); // what is built when no target is named
    for (const stage of ['build', 'service']) expect(dockerfile).toMatch(new RegExp(`AS ${stage}\\nARG SERVICE\\n`));
    expect(dockerfile).toMatch(/^CMD \["node", "dist\/main\.js"\]$/m);
    expect(dockerfile.match(/^USER (\d+)$/gm)).toEqual(['USER 1000', 'USER 1000']);
    expect(dockerfile).toMatch(/^HEALTHCHECK [\s\S]*\/health\/ready/m);
  });
});

describe('the steps before the first start', () => {
  test('make-env.mjs makes secrets that nobody else can read, once', () => {
    const file = join(folder, '.env');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(makeEnv('https://id.example', file).status).not.toBe(0);
    expect(makeEnv().status).toBe(1);
    const made = Object.entries(secrets).filter(([name]) => name !== 'KONTOR_OIDC_ISSUER');
    expect(new Set(made.map(([, value]) => value)).size).toBe(made.length);
    for (const [, value] of made) expect(value).toMatch(/^[\w-]{32,}$/);
  });

  test('provision.mjs makes databases, streams and the key, as often as it is run', async () => {
    const servers = await startServers({ postgres: 'own', nats: true, meili: true });
    const env: Record<string, string> = {
      ...filledIn(container('provision').environment),
      KONTOR_POSTGRES_ADMIN_URL: servers.postgres.url,
      KONTOR_NATS_URL: servers.nats.url,
      KONTOR_NATS_PASSWORD_ADMIN: servers.nats.env('admin').KONTOR_NATS_PASSWORD,
      KONTOR_MEILI_URL: servers.meili.url,
      KONTOR_MEILI_MASTER_KEY: servers.meili.masterKey,
      KONTOR_MEILI_KEY: servers.meili.key,
    };
    const run = (more: Record<string, string> = {}) =>
      spawnSync(process.execPath, [fromRoot('deploy/docker/provision.mjs')], { env: { ...env, ...more }, encoding: 'utf8' });
    for (const _ of ['first', 'again']) expect(run()).toMatchObject({ status: 0, stderr: '' });
    expect(run({ KONTOR_MEILI_KEY: 'another' }).stderr).toContain('make both with deploy/docker/make-env.mjs');

    const { service } = await import('@kontor/notification');
    const url = new URL(filledIn(container('notification-migrate').environment).KONTOR_MIGRATION_URL ?? '');
    url.host = new URL(servers.postgres.url).host;
    await service.migrate({ ...servers.nats.env('notification'), KONTOR_DATABASE_URL: url.href });
    await servers.stop();
  });

  test('only the gateway gets the key that signs callers, and it fits the one with which they are checked', async () => {
    const { CallerSigner, CallerVerifier } = await import('@kontor/bus');
    const having = Object.entries(containers).filter(([, { environment }]) => environment.KONTOR_CALLER_SIGNING_KEY);
    expect(having.map(([name]) => name)).toEqual(['gateway']);
    const caller = { tenant: 'acme', roles: ['admin' as const], teams: [], door: 'api' as const };
    const signed = new CallerSigner(secrets.KONTOR_CALLER_SIGNING_KEY ?? '').sign(caller);
    expect(new CallerVerifier([secrets.KONTOR_CALLER_KEY ?? '']).verify(signed)).toEqual(caller);
  });

  test('the key that make-env.mjs works out is the one that Meilisearch makes', async () => {
    const { launchServers, searchServiceKey } = await import('@kontor/local');
    const masterKey = secrets.KONTOR_MEILI_MASTER_KEY ?? '';
    const servers = await launchServers({ durable: false, meili: { masterKey } });
    expect(await searchServiceKey(servers.meili?.url ?? '', masterKey)).toBe(secrets.KONTOR_MEILI_KEY);
    await servers.stop();
  });
});
