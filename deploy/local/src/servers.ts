// The three servers of a hub, for `npm start` and for tests, as seen by the process that needs them.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer, Order, Report, Request, ServerName, StartedServer } from './reaper-protocol.js';
import { SetupError } from './setup-error.js';

export type { Order, ServerName } from './reaper-protocol.js';

export interface ServerHandle {
  readonly name: ServerName;
  readonly port: number;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  readonly url: string;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Stops it if it still runs, and starts it on the same port and data; resolves when it is ready again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Holds the process without ending it, as a long pause of a machine would. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

export interface Servers {
  postgres?: ServerHandle;
  nats?: ServerHandle;
  meili?: ServerHandle;
  /** Of the process that owns the servers. */
  readonly reaperPid: number;
  /** Resolves when that process has ended unasked, and the servers with it; they do not come back. */
  readonly lost: Promise<void>;
  /** Stops all of them and removes a temporary folder. */
  stop(): Promise<void>;
}

/**
 * Starts the ordered servers on 127.0.0.1 and resolves when all are ready. They end with this process, however it ends.
 * Throws a SetupError for what the user can put right (a missing program, a taken port, a data folder in use).
 */
export async function launchServers(order: Order, onEnded?: (server: ServerName, log: string) => void): Promise<Servers> {
  const reaper = new Reaper(onEnded);
  const started = await reaper.start(order);
  const servers: Servers = { reaperPid: reaper.pid, lost: reaper.lost.promise, stop: () => reaper.stop() };
  for (const server of started) servers[server.name] = reaper.handle(server, order);
  return servers;
}

class Reaper {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  private readonly first = Promise.withResolvers<Report>();
  readonly lost = Promise.withResolvers<void>();
  private readonly exited = Promise.withResolvers<void>();
  private readonly onEnded?: (server: ServerName, log: string) => void;
  private readonly pids = new Map<ServerName, number>();
  private lastId = 0;

  constructor(onEnded?: (server: ServerName, log: string) => void) {
    this.onEnded = onEnded;
    const fromSource = import.meta.url.endsWith('.ts');
    const program = fileURLToPath(new URL(fromSource ? './reaper.ts' : './reaper.js', import.meta.url));
    const hook = new URL('../source-hook.mjs', import.meta.url).href;
    // Detached: a Ctrl-C in the terminal must not reach the servers before the services that use them have ended.
    const args = [...(fromSource ? ['--import', hook] : []), program];
    const child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: process.env, // Jest gives each test file a copy, which is not the default

      detached: true,
    }) as unknown as ChildProcessWithoutNullStreams;
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.hear(JSON.parse(line) as Report | Answer));
    child.stdin.on('error', () => {}); // it is gone; `exit` says so
    child.once('error', (error) => this.end(error));
    child.once('exit', () => this.end(new Error('The process that owns the servers has ended.')));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async start(order: Order): Promise<StartedServer[]> {
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
    const report = await this.first.promise;
    if ('servers' in report) return report.servers;
    await this.exited.promise;
    if ('error' in report) throw report.isSetup ? new SetupError(report.error) : new Error(report.error);
    throw new Error(`The server ${report.ended} ended while it started.`);
  }

  async stop(): Promise<void> {
    this.child.stdin.end();
    await this.exited.promise;
  }

  handle({ name, port, pid }: StartedServer, order: Order): ServerHandle {
    this.pids.set(name, pid);
    const { pids } = this;
    const ask = (action: Request['action'], signal?: NodeJS.Signals) => this.ask({ server: name, action, signal });
    return {
      name,
      port,
      get pid() {
        return pids.get(name) ?? 0;
      },
      url: urlOf(name, port, order),
      kill: async () => void (await ask('kill')),
      stop: async () => void (await ask('stop')),
      pause: async () => void (await ask('signal', 'SIGSTOP')),
      resume: async () => void (await ask('signal', 'SIGCONT')),
      async restart() {
        pids.set(name, (await ask('start')).started?.pid ?? 0);
      },
    };
  }

  private ask(request: Omit<Request, 'id'>): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.waiting.set(++this.lastId, { resolve, reject });
    this.child.stdin.write(`${JSON.stringify({ id: this.lastId, ...request })}\n`);
    return promise;
  }

  private hear(message: Report | Answer): void {
    if ('ended' in message) this.onEnded?.(message.ended, message.log);
    else if (!('id' in message)) this.first.resolve(message);
    else {
      const waiting = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.error) waiting?.reject(new Error(message.error));
      else waiting?.resolve(message);
    }
  }

  private end(error: Error): void {
    // Stopped by us it has stopped the servers first. Killed by somebody else it could not: SIGINT ends each of them properly.
    for (const pid of this.child.stdin.writableEnded ? [] : this.pids.values())
      try {
        process.kill(pid, 'SIGINT');
      } catch {
        // it has ended too
      }
    if (!this.child.stdin.writableEnded) this.lost.resolve();
    this.exited.resolve();
    this.first.resolve({ error: error.message, isSetup: false });
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

function urlOf(name: ServerName, port: number, { postgres }: Order): string {
  if (name === 'nats') return `nats://127.0.0.1:${port}`;
  if (name === 'meili') return `http://127.0.0.1:${port}`;
  const password = postgres?.password ? `:${encodeURIComponent(postgres.password)}` : '';
  return `postgres://${postgres?.user}${password}@127.0.0.1:${port}/postgres`;
}
