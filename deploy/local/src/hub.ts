// A whole hub on this machine: servers, identity provider, databases, streams and all services.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NotEnoughStorage, provision } from '@kontor/bus';
import { connect } from '@nats-io/transport-node';
import { callerKeys } from './caller-keys.js';
import type { DataFolder } from './data-folder.js';
import { createServiceDatabase, type ServiceDatabase } from './databases.js';
import { isFree } from './free-port.js';
import { fetchToken, type IdentityProvider, startIdentityProvider, type TokenFor } from './identity-provider.js';
import { searchServiceKey } from './meilisearch.js';
import { natsConfig, natsUsers, passwordVariable, serviceNames, servicesWithDatabase } from './nats-policy.js';
import type { Progress } from './progress.js';
import { launchServers, type ServerName, type Servers } from './servers.js';
import { ServiceProcess } from './service-process.js';
import { messageOf, SetupError } from './setup-error.js';

const SERVICES = serviceNames();
const WITH_DATABASE = servicesWithDatabase();

export interface HubOptions {
  data: DataFolder;
  /** 0 = any free one. */
  httpPort: number;
  httpHost: string;
  /** All services in this process instead of one each: less memory and a faster start, but one crash ends all. */
  oneProcess: boolean;
  /** Whether what was answered survives a loss of power, not only a crash. */
  durable: boolean;
  logLevel: string;
  progress: Progress;
}

export interface Hub {
  api: string;
  issuer: string;
  servers: Servers;
  token(of: TokenFor): Promise<string>;
  /** The process of a service; undefined when all are in this one. */
  pid(service: string): number | undefined;
  /** Resolves when the servers have ended for good. */
  lost: Promise<void>;
  /** Services first, each with 30 s to finish what it does, then the servers. */
  stop(): Promise<void>;
  /** Without waiting for anybody; the servers still end by themselves. */
  kill(): void;
}

interface Parts {
  databases: Record<string, ServiceDatabase>;
  searchKey: string;
  identity: IdentityProvider;
}

/** What a service package exports; a copy of the one type we need, because deploy does not depend on services. */
interface Service {
  start(env: Record<string, string>): Promise<{ stop(): Promise<void> }>;
  migrate(env: Record<string, string>): Promise<void>;
}
const load = async (name: string): Promise<Service> => ((await import(`@kontor/${name}`)) as { service: Service }).service;

/** Starts everything and resolves when every service says it is ready. Leaves nothing running when it fails. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { data, progress } = options;
  const httpPort = options.httpPort || (await data.port('http'));
  if (!(await isFree(httpPort, options.httpHost)))
    throw new SetupError(`Port ${httpPort} is taken by another program: set KONTOR_HTTP_PORT to a free one.`);
  data.open();
  await refuseSecondHub(data);

  const undo: Undo = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step().catch((error: unknown) => progress.say(`  ${messageOf(error)}`));
  };
  try {
    const servers = await progress.step('PostgreSQL, NATS, Meilisearch', () => startServers(options));
    undo.push(() => servers.stop());
    const identity = await progress.step('identity provider', async () =>
      startIdentityProvider(data, await data.port('identity-provider')),
    );
    undo.push(() => identity.stop());
    const [databases, searchKey] = await progress.step('databases, streams, keys', () =>
      Promise.all([makeDatabases(servers, data), makeKey(servers, data), makeStreams(servers, data)]),
    );
    const parts: Parts = { databases, searchKey, identity };
    const healthPorts = new Map<string, number>();
    for (const name of SERVICES) healthPorts.set(name, await data.port(`${name}-health`));
    const env = (name: string) => environment(name, options, servers, parts, httpPort, healthPorts.get(name) ?? 0);
    const withDatabase = Object.fromEntries(WITH_DATABASE.map((name) => [name, env(name)]));
    await progress.step('migrations', () => (options.oneProcess ? migrateHere(withDatabase) : migrateInChild(withDatabase)));
    const api = `http://localhost:${httpPort}`;
    data.announce({ api, issuer: identity.issuer });
    undo.push(async () => data.withdraw());
    const processes: Started = new Map();
    await progress.step(`${SERVICES.length} services${options.oneProcess ? ' in one process' : ''}`, async () => {
      // The gateway last: when its port opens, what is behind it is ready, so `/health` speaks for the whole hub.
      for (const names of [SERVICES.filter((name) => name !== 'gateway'), ['gateway']]) {
        if (options.oneProcess) await startHere(names, env, undo, processes);
        else startProcesses(names, env, undo, progress, processes);
        await Promise.all(names.map((name) => untilReady(name, healthPorts.get(name) ?? 0, processes.get(name))));
      }
    });
    return {
      api,
      issuer: identity.issuer,
      servers,
      token: (of) => fetchToken(data, of),
      pid: (service) => processes.get(service)?.pid,
      lost: servers.lost,
      stop,
      kill: () => {
        data.withdraw();
        for (const process of processes.values()) process?.kill();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The reaper's lock is what keeps a second hub away; this says so at once, before anything in the folder is touched. */
async function refuseSecondHub(data: DataFolder): Promise<void> {
  const hub = data.hub();
  if (!hub) return;
  const answers = await fetch(`${hub.issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(500) }).catch(
    () => undefined,
  );
  if (answers?.ok)
    throw new SetupError(
      `A hub is running on ${data.path} at ${hub.api}: stop it, or set KONTOR_DATA_DIR and KONTOR_HTTP_PORT for another one.`,
    );
  data.withdraw();
}

async function startServers({ data, durable, progress }: HubOptions): Promise<Servers> {
  const passwords = Object.fromEntries(natsUsers().map((user) => [passwordVariable(user), data.secret(`nats-${user}`)]));
  const failures = new Map<ServerName, number>();
  const servers: Servers = await launchServers(
    {
      dir: data.path,
      durable,
      postgres: { port: await data.port('postgres'), user: 'kontor', password: data.secret('postgres') },
      nats: { port: await data.port('nats'), config: natsConfig({ durable }), env: passwords },
      meili: { port: await data.port('meilisearch'), masterKey: data.secret('meilisearch') },
    },
    async function again(name, log): Promise<void> {
      const failed = (failures.get(name) ?? 0) + 1;
      failures.set(name, failed);
      const delay = Math.min(500 * 2 ** (failed - 1), 30_000);
      progress.say(`${name} ended; starts again in ${delay / 1000} s\n${log.trim().split('\n').slice(-3).join('\n')}`);
      await sleep(delay);
      await servers[name]?.restart().catch((error: unknown) => again(name, messageOf(error)));
    },
  );
  return servers;
}

async function makeDatabases(servers: Servers, data: DataFolder): Promise<Record<string, ServiceDatabase>> {
  const databases: Record<string, ServiceDatabase> = {};
  for (const name of WITH_DATABASE) {
    const passwords = { service: data.secret(`postgres-${name}`), migrator: data.secret(`postgres-${name}-migrator`) };
    databases[name] = await createServiceDatabase(servers.postgres?.url ?? '', name.replaceAll('-', '_'), passwords);
  }
  return databases;
}

const makeKey = (servers: Servers, data: DataFolder): Promise<string> =>
  searchServiceKey(servers.meili?.url ?? '', data.secret('meilisearch'));

async function makeStreams(servers: Servers, data: DataFolder): Promise<void> {
  const admin = await connect({ servers: servers.nats?.url, user: 'admin', pass: data.secret('nats-admin'), inboxPrefix: '_INBOX_admin' });
  try {
    await provision(admin);
  } catch (error) {
    throw error instanceof NotEnoughStorage ? new SetupError(error.message) : error;
  } finally {
    await admin.close();
  }
}

function environment(
  name: string,
  { data, httpHost, logLevel }: HubOptions,
  servers: Servers,
  { databases, searchKey, identity }: Parts,
  httpPort: number,
  healthPort: number,
): Record<string, string> {
  const database = databases[name];
  const caller = callerKeys(data.secret('caller'));
  return {
    KONTOR_NATS_URL: servers.nats?.url ?? '',
    KONTOR_NATS_USER: name,
    KONTOR_NATS_PASSWORD: data.secret(`nats-${name}`),
    KONTOR_CALLER_KEY: caller.publicKey,
    KONTOR_HEALTH_PORT: `${healthPort}`,
    KONTOR_HEALTH_HOST: '127.0.0.1',
    KONTOR_LOG_LEVEL: logLevel,
    ...(database && { KONTOR_DATABASE_URL: database.url, KONTOR_MIGRATION_URL: database.migrationUrl }),
    ...(name === 'search' && { KONTOR_MEILI_URL: servers.meili?.url ?? '', KONTOR_MEILI_KEY: searchKey }),
    ...(name === 'gateway' && {
      KONTOR_CALLER_SIGNING_KEY: caller.signingKey,
      KONTOR_HTTP_PORT: `${httpPort}`,
      KONTOR_HTTP_HOST: httpHost,
      KONTOR_OIDC_ISSUER: identity.issuer,
    }),
  };
}

/** In a process that ends afterwards: loading all services takes 100 MB, which the launcher would keep. */
async function migrateInChild(environments: Record<string, Record<string, string>>): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./migrate.js', import.meta.url))], { stdio: ['pipe', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  child.stdin.end(JSON.stringify(environments));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`The migrations failed:\n${errors.trim()}`);
}

export async function migrateHere(environments: Record<string, Record<string, string>>): Promise<void> {
  for (const [name, env] of Object.entries(environments)) await (await load(name)).migrate(env);
}

type Started = Map<string, ServiceProcess | undefined>;

type Undo = (() => Promise<unknown>)[];
type EnvOf = (name: string) => Record<string, string>;

async function startHere(names: readonly string[], env: EnvOf, undo: Undo, started: Started): Promise<void> {
  for (const name of names.toReversed()) {
    const running = await (await load(name)).start(env(name));
    undo.push(() => running.stop());
    started.set(name, undefined);
  }
}

function startProcesses(names: readonly string[], env: EnvOf, undo: Undo, progress: Progress, started: Started): void {
  const width = Math.max(...SERVICES.map((name) => name.length));
  const processes = names.map((name) => {
    const process = new ServiceProcess(name, env(name), (line) => progress.say(`${name.padEnd(width)} | ${line}`));
    process.start();
    started.set(name, process);
    return process;
  });
  // All at once: each finishes what it has begun, and a request to one that is gone is refused at once.
  undo.push(() => Promise.all(processes.map((process) => process.stop())));
}

async function untilReady(name: string, healthPort: number, process?: ServiceProcess): Promise<void> {
  for (const end = Date.now() + 120_000; ; await sleep(100)) {
    const answer = await fetch(`http://127.0.0.1:${healthPort}/health/ready`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    if (answer?.ok) return;
    if (process && process.failures >= 3) throw new SetupError(`The ${name} service does not start:\n${process.lastWords}`);
    if (Date.now() > end)
      throw new SetupError(`The ${name} service is not ready after two minutes: ${answer ? await answer.text() : 'it does not answer'}`);
  }
}
