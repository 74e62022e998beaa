import { Bus, type Context, provision } from '@kontor/bus';
import type { RequestContract } from '@kontor/contracts';
import type { ServiceDatabase } from '@kontor/local';
import type { RunningService, Service } from '@kontor/service';
import { connect } from '@nats-io/transport-node';
import type { z } from 'zod';
import { type MeiliTestServer, type NatsTestServer, startServers } from './servers.js';
import { ServiceProcess } from './service-process.js';

export interface World {
  nats: NatsTestServer;
  /** Only when it was asked for. */
  meili: MeiliTestServer;
  /** The databases of the services, by service name. */
  databases: Record<string, ServiceDatabase>;
  /** Everything a service is started with; for starting another replica, or a process. */
  env(service: string): Record<string, string>;
  running: Map<string, RunningService>;
  /** The services that run as processes of their own, by name. */
  processes: Map<string, ServiceProcess>;
  /** May publish and subscribe to everything; for looking on and for calling services as anybody. */
  bus: Bus;
  /** Asks a service as this agent. */
  ask<I extends z.ZodType, O extends z.ZodType>(agent: Context, contract: RequestContract<I, O>, input: z.input<I>): Promise<z.output<O>>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  services: Service[];
  /** Each service as a process of its own, from its build, instead of all in this process. */
  asProcesses?: boolean;
  /** Start Meilisearch too. */
  meili?: boolean;
  /** More variables, by service name. */
  env?: Record<string, Record<string, string>>;
}

const urlsOf = ({ url, migrationUrl }: ServiceDatabase) => ({ KONTOR_DATABASE_URL: url, KONTOR_MIGRATION_URL: migrationUrl });

/** Real servers, streams, migrated databases and these services running in this process: the hub, or the part of it that a test is about. */
export async function startWorld({ services, asProcesses = false, meili = false, env: more = {} }: WorldOptions): Promise<World> {
  const servers = await startServers({ postgres: true, nats: true, meili });
  const { nats } = servers;
  // Always there when it was asked for; who did not ask does not touch it.
  const search = (servers as { meili?: MeiliTestServer }).meili as MeiliTestServer;
  const admin = await connect({
    servers: nats.url,
    user: 'admin',
    pass: nats.env('admin').KONTOR_NATS_PASSWORD,
    inboxPrefix: '_INBOX_admin',
  });
  await provision(admin, { buckets: { imports: 512 * 1024 * 1024 }, maxBytes: 512 * 1024 * 1024 });
  await admin.close();

  const databases: World['databases'] = {};
  const env = (service: string): Record<string, string> => ({
    ...nats.env(service),
    KONTOR_HEALTH_PORT: '0',
    KONTOR_LOG_LEVEL: process.env.KONTOR_TEST_LOG_LEVEL ?? 'silent',
    ...(databases[service] && urlsOf(databases[service])),
    ...(service === 'search' && search && { KONTOR_MEILI_URL: search.url, KONTOR_MEILI_KEY: search.key }),
    ...more[service],
  });
  const running = new Map<string, RunningService>();
  const processes = new Map<string, ServiceProcess>();
  await Promise.all(
    services.map(async (service) => {
      const { name, migrates, migrate } = service;
      if (migrates) databases[name] = await servers.freshDatabase(name, (database) => migrate({ ...env(name), ...urlsOf(database) }));
      if (asProcesses) {
        const child = new ServiceProcess(service.name, env(service.name));
        processes.set(service.name, child);
        await child.start();
      } else running.set(service.name, await service.start(env(service.name)));
    }),
  );
  const bus = await Bus.connect(nats.bus('test'));
  return {
    nats,
    meili: search,
    databases,
    env,
    running,
    processes,
    bus,
    ask: (agent, contract, input) => bus.request(contract, input, agent),
    async stop() {
      await Promise.all([...running.values(), ...processes.values()].map((service) => service.stop()));
      await bus.connection.close();
      await servers.stop();
    },
  };
}
