// The same servers as containers, where a Docker engine answers. Nothing here imports a sibling: global-setup.mjs loads this file as it is.
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import type { GenericContainer, StartedTestContainer } from 'testcontainers';

export interface ContainerOptions {
  postgres: { user: string };
  nats: { config: string; env: Record<string, string> };
  meili: { masterKey: string };
}

export interface ContainerHandle {
  port: number;
  host: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
}

const PORTS = { postgres: 5432, nats: 4222, meili: 7700 };

/**
 * Whether tests should use containers: a Docker engine answers, and KONTOR_TEST_SERVERS is not `embedded`.
 * Asked of the engine itself, in milliseconds; testcontainers alone takes longer to find out that there is none.
 */
export async function dockerAnswers(): Promise<boolean> {
  const { KONTOR_TEST_SERVERS: wanted, DOCKER_HOST: host = 'unix:///var/run/docker.sock' } = process.env;
  if (wanted === 'embedded') return false;
  const answers = await ping(host);
  if (wanted === 'docker' && !answers) throw new Error(`KONTOR_TEST_SERVERS is docker, but no Docker engine answers at ${host}.`);
  return answers;
}

function ping(host: string): Promise<boolean> {
  if (!URL.canParse(host)) return Promise.resolve(false);
  const { protocol, hostname, port, pathname } = new URL(host);
  if (protocol === 'unix:' && !existsSync(pathname)) return Promise.resolve(false);
  const where = protocol === 'unix:' ? { socketPath: pathname } : { hostname, port };
  return new Promise((resolve) => {
    const ask = request({ ...where, path: '/_ping', timeout: 500 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    ask.on('timeout', () => ask.destroy(new Error('too late')));
    ask.on('error', () => resolve(false));
    ask.end();
  });
}

/** Starts one server on a fixed port of this machine, so that it comes back there after a kill. Removed when the test process ends. */
export async function startContainer<N extends keyof ContainerOptions>(
  name: N,
  options: ContainerOptions[N],
  port: number,
): Promise<ContainerHandle> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const container = await (await describe(name, options as ContainerOptions[keyof ContainerOptions]))
    .withExposedPorts({ container: PORTS[name], host: port })
    .start();
  const engine = await getContainerRuntimeClient();
  const raw = engine.container.getById(container.getId());
  return {
    port,
    host: container.getHost(),
    kill: () => raw.kill({ signal: 'SIGKILL' }).then(() => raw.wait()),
    restart: () => container.restart({ timeout: 10 }),
    stop: () => remove(container),
    pause: () => raw.pause(),
    resume: () => raw.unpause(),
  };
}

const remove = async (container: StartedTestContainer): Promise<void> => void (await container.stop({ timeout: 0, removeVolumes: true }));

async function describe(name: keyof ContainerOptions, options: ContainerOptions[keyof ContainerOptions]): Promise<GenericContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  if ('user' in options)
    return new GenericContainer('postgres:18')
      .withEnvironment({ POSTGRES_USER: options.user, POSTGRES_DB: 'postgres', POSTGRES_HOST_AUTH_METHOD: 'trust' })
      .withCommand(['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=200'])
      .withWaitStrategy(Wait.forListeningPorts());
  if ('config' in options)
    return new GenericContainer('nats:2.14')
      .withEnvironment(options.env)
      .withCopyContentToContainer([{ content: options.config, target: '/etc/nats/kontor.conf' }])
      .withCommand(['-c', '/etc/nats/kontor.conf', '-a', '0.0.0.0', '-p', '4222', '-sd', '/data'])
      .withWaitStrategy(Wait.forLogMessage('Server is ready'));
  if ('masterKey' in options)
    return new GenericContainer('getmeili/meilisearch:v1.21')
      .withEnvironment({ MEILI_MASTER_KEY: options.masterKey, MEILI_NO_ANALYTICS: 'true', MEILI_ENV: 'production' })
      .withWaitStrategy(Wait.forHttp('/health', PORTS.meili));
  throw new Error(`There is no container for ${name}.`);
}
