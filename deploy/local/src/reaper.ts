// The process that owns the servers. It gets what to start as one JSON line on stdin and answers with one on stdout; after that
// each line asks for one thing and is answered by one line. When stdin closes, for whatever reason, a `kill -9` of the parent among
// them, it stops the servers and removes the temporary folder it made: nothing is ever left behind.
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, isFree } from './free-port.js';
import { startMeili } from './meilisearch.js';
import { startNats } from './nats.js';
import { startPostgres } from './postgres.js';
import { type Running, ServerEnded } from './process.js';
import type { Answer, Order, Report, Request, ServerName, StartedServer } from './reaper-protocol.js';
import { messageOf, SetupError } from './setup-error.js';

class Server {
  readonly name: ServerName;
  readonly port: number;
  private readonly program: (port: number) => Promise<Running>;
  private running: Running | undefined;
  private expectedToEnd = false;

  constructor(name: ServerName, port: number, program: (port: number) => Promise<Running>) {
    this.name = name;
    this.port = port;
    this.program = program;
  }

  async start(): Promise<StartedServer> {
    await this.stop();
    const running = await this.program(this.port);
    this.running = running;
    this.expectedToEnd = false;
    void running.exited.then(() => {
      if (!this.expectedToEnd && this.running === running) say({ ended: this.name, log: running.log() });
    });
    return { name: this.name, port: this.port, pid: running.pid };
  }

  async kill(): Promise<void> {
    this.expectedToEnd = true;
    this.running?.kill();
    await this.running?.exited;
  }

  async stop(): Promise<void> {
    this.expectedToEnd = true;
    await this.running?.stop();
  }

  signal(signal: NodeJS.Signals): void {
    this.running?.kill(signal);
  }
}

const servers = new Map<ServerName, Server>();
let temporaryFolder: string | undefined;
let stopping: Promise<never> | undefined;

function say(message: Report | Answer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function startAll(order: Order): Promise<Report> {
  if (order.dir) await lock(order.dir);
  else {
    temporaryFolder = mkdtempSync(join(tmpdir(), 'kontor-'));
    chmodSync(temporaryFolder, 0o755);
  }
  const dir = order.dir ?? temporaryFolder ?? '';
  const { postgres, nats, meili, durable } = order;
  const programs: [ServerName, number | undefined, (port: number) => Promise<Running>][] = [];
  if (postgres)
    programs.push(['postgres', postgres.port, (port) => startPostgres({ ...postgres, port, durable, dir: join(dir, 'postgres') })]);
  if (nats) programs.push(['nats', nats.port, (port) => startNats({ ...nats, port, dir: join(dir, 'nats') })]);
  if (meili) programs.push(['meili', meili.port, (port) => startMeili({ ...meili, port, dir: join(dir, 'meilisearch') })]);
  // All of them, also when one fails: only what has finished starting can be stopped.
  const results = await Promise.allSettled(programs.map(([name, port, program]) => startOnPort(name, port, program)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return { servers: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])) };
}

async function startOnPort(
  name: ServerName,
  port: number | undefined,
  program: (port: number) => Promise<Running>,
): Promise<StartedServer> {
  for (let tries = 0; ; tries++) {
    if (port && !(await isFree(port))) throw new SetupError(`Port ${port} for ${name} is taken by another program.`);
    const server = new Server(name, port || (await freePort()), program);
    servers.set(name, server);
    try {
      return await server.start();
    } catch (error) {
      // Between our look and the server's somebody else may have taken the port.
      const taken = error instanceof ServerEnded && /address already in use/i.test(error.log);
      if (port || !taken || tries === 5) throw error;
    }
  }
}

/** Two hubs on one data folder would spoil it. The name is free again when this process ends, however it ends. */
async function lock(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (process.platform !== 'linux') return;
  const name = `\0kontor-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32)}`;
  // The reaper of a hub that was killed a moment ago may still be stopping its servers.
  for (let tries = 0; ; tries++) {
    if (await listen(createServer(), name)) return;
    if (tries === 20) throw new SetupError(`Another hub is running on ${dir}: stop it, or set KONTOR_DATA_DIR to another folder.`);
    await sleep(150);
  }
}

const listen = (listener: Listener, path: string): Promise<boolean> =>
  new Promise((resolve) => {
    listener.once('error', () => resolve(false));
    listener.listen({ path }, () => resolve(true));
  });

async function answer({ id, action, server: name, signal }: Request): Promise<void> {
  try {
    const server = servers.get(name);
    if (!server) throw new Error(`${name} was not started.`);
    if (action === 'kill') await server.kill();
    if (action === 'stop') await server.stop();
    if (action === 'signal') server.signal(signal ?? 'SIGTERM');
    say({ id, started: action === 'start' ? await server.start() : undefined });
  } catch (error) {
    say({ id, error: messageOf(error) });
  }
}

function stopAll(code: number): Promise<never> {
  stopping ??= (async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    if (temporaryFolder) rmSync(temporaryFolder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(code);
  })();
  return stopping;
}

// Ctrl-C reaches every process of a terminal; the servers must outlive the services that use them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.stdout.on('error', () => {}); // the parent is gone: stdin says so too

let starting: Promise<void> | undefined;
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (starting) {
      void answer(JSON.parse(line) as Request);
      return;
    }
    starting = startAll(JSON.parse(line) as Order).then(say, async (error: unknown) => {
      say({ error: messageOf(error), isSetup: error instanceof SetupError });
      await stopAll(1);
    });
  })
  .on('close', async () => {
    // A server that is just starting must be known before it can be stopped.
    await starting;
    await stopAll(0);
  });
