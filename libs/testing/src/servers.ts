import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BusOptions } from '@kontor/bus';
import {
  callerKeys,
  createServiceDatabase,
  dropServiceDatabase,
  freePort,
  launchServers,
  natsConfig,
  natsUsers,
  passwordVariable,
  type ServerName,
  type ServiceDatabase,
  searchServiceKey,
} from '@kontor/local';
import pg from 'pg';
import { migratedDatabase } from './migrated-database.js';
import { type ContainerHandle, dockerAnswers, startContainer } from './servers-docker.js';

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now, or ran last; 0 for a container. */
  readonly pid: number;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it is ready. */
  restart(): Promise<void>;
  /** Holds it without ending it, as a long pause of a machine would. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

export interface NatsTestServer extends TestServer {
  /** The settings with which a service connects. Users: the services, `admin` (streams and buckets), `test` (everything). */
  env(user: string): { KONTOR_NATS_URL: string; KONTOR_NATS_USER: string; KONTOR_NATS_PASSWORD: string; KONTOR_CALLER_KEY: string };
  /** The same for a bus without a service. `test` signs, as the gateway does, for whomever it asks. */
  bus(user: string): BusOptions;
  /** What the gateway signs with in this test. */
  signingKey: string;
}

export interface MeiliTestServer extends TestServer {
  /** What the search service gets: everything with indexes. */
  key: string;
  masterKey: string;
}

export interface WantedServers {
  /** `true`: the one that all test files share. `'own'`: one for this test file, which it may kill. */
  postgres?: boolean | 'own';
  nats?: boolean;
  meili?: boolean;
}

type Started<W extends WantedServers> = (W['postgres'] extends 'own' ? { postgres: TestServer } : unknown) &
  (W['nats'] extends true ? { nats: NatsTestServer } : unknown) &
  (W['meili'] extends true ? { meili: MeiliTestServer } : unknown) & {
    /** A database on a random name with the roles of a service, empty or with what its migrations make; dropped at `stop`. */
    freshDatabase(service: string, migrate?: (database: ServiceDatabase) => Promise<void>): Promise<ServiceDatabase>;
    /** Drops the fresh databases and stops what was started for this test file. */
    stop(): Promise<void>;
  };

/**
 * Real servers for one test file, in containers where a Docker engine answers, else as processes: PostgreSQL shared by all files,
 * NATS (with the rights of production) and Meilisearch of its own. They end with the test process, however it ends.
 */
export async function startServers<const W extends WantedServers>(wanted: W): Promise<Started<W>> {
  const passwords = Object.fromEntries([...natsUsers(), 'test'].map((user) => [user, `p${randomBytes(9).toString('hex')}`]));
  const passwordEnv = Object.fromEntries(Object.entries(passwords).map(([user, password]) => [passwordVariable(user), password]));
  const { signingKey, publicKey } = callerKeys(randomBytes(20).toString('hex'));
  const masterKey = randomBytes(20).toString('hex');
  const options = {
    postgres: { user: 'kontor' },
    nats: { config: natsConfig({ durable: false, testUser: true }), env: passwordEnv },
    meili: { masterKey },
  };
  const names = (['postgres', 'nats', 'meili'] as const).filter((name) => (name === 'postgres' ? wanted.postgres === 'own' : wanted[name]));
  const { servers, stop } = (await dockerAnswers()) ? await inContainers(names, options) : await asProcesses(names, options);

  const adminUrl = servers.postgres?.url ?? process.env.KONTOR_TEST_POSTGRES_URL ?? '';
  const databases: string[] = [];
  const { nats, meili } = servers;
  const started = {
    ...servers,
    ...(nats && {
      nats: extend(nats, {
        signingKey,
        env: (user: string) => ({
          KONTOR_NATS_URL: nats.url,
          KONTOR_NATS_USER: user,
          KONTOR_NATS_PASSWORD: passwords[user] ?? '',
          KONTOR_CALLER_KEY: publicKey,
          ...(user === 'gateway' && { KONTOR_CALLER_SIGNING_KEY: signingKey }),
        }),
        bus: (user: string) => ({
          name: user,
          url: nats.url,
          user,
          password: passwords[user],
          callerKeys: [publicKey],
          ...(user === 'test' && { signingKey }),
        }),
      }),
    }),
    ...(meili && { meili: extend(meili, { masterKey, key: await searchServiceKey(meili.url, masterKey) }) }),
    async freshDatabase(service: string, migrate?: (database: ServiceDatabase) => Promise<void>) {
      const name = `${service.replaceAll('-', '_')}_${randomBytes(5).toString('hex')}`;
      await untilPostgresAnswers(adminUrl);
      databases.push(name);
      if (migrate && !servers.postgres) return migratedDatabase(adminUrl, service, name, migrate);
      const database = await createServiceDatabase(adminUrl, name);
      await migrate?.(database);
      return database;
    },
    async stop() {
      // A PostgreSQL of its own goes with everything in it.
      if (!servers.postgres) for (const name of databases.splice(0)) await dropServiceDatabase(adminUrl, name);
      await stop();
    },
  };
  return started as unknown as Started<W>;
}

type Options = Parameters<typeof inContainers>[1];
type Servers = { servers: Partial<Record<ServerName, TestServer>>; stop(): Promise<void> };

async function asProcesses(names: ServerName[], options: Options): Promise<Servers> {
  if (names.length === 0) return { servers: {}, stop: async () => {} };
  const orders = Object.fromEntries(names.map((name) => [name, options[name]]));
  const servers = await launchServers({ durable: false, ...orders });
  return { servers, stop: () => servers.stop() };
}

async function inContainers(
  names: ServerName[],
  options: { postgres: { user: string }; nats: { config: string; env: Record<string, string> }; meili: { masterKey: string } },
): Promise<Servers> {
  const containers = await Promise.all(
    names.map(async (name) => [name, await startContainer(name, options[name], await freePort())] as const),
  );
  const servers = Object.fromEntries(containers.map(([name, container]) => [name, { ...container, pid: 0, url: urlOf(name, container) }]));
  const stop = async () => void (await Promise.all(containers.map(([, container]) => container.stop())));
  return { servers, stop };
}

function urlOf(name: ServerName, { host, port }: ContainerHandle): string {
  return { postgres: `postgres://kontor@${host}:${port}/postgres`, nats: `nats://${host}:${port}`, meili: `http://${host}:${port}` }[name];
}

/** Adds properties and keeps the getters (the process id changes with each start). */
const extend = <T extends object, U extends object>(server: T, more: U): T & U => Object.assign(Object.create(server) as T, more);

/** The shared server starts beside the tests (see global-setup.mjs). */
async function untilPostgresAnswers(url: string): Promise<void> {
  if (!url) throw new Error('KONTOR_TEST_POSTGRES_URL is not set: run the tests with the jest.config.mjs of this repository.');
  for (const end = Date.now() + 60_000; ; await sleep(50)) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    } finally {
      await client.end().catch(() => {});
    }
  }
}
