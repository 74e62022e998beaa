import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
export const mainOf = (service: string): string => `${repository}services/${service}/dist/main.js`;

/** What Node runs a service with: its program, after the `nodeOptions` that its package.json may ask for (how much memory V8 may use, say). */
export function programOf(service: string): string[] {
  const { nodeOptions = [] } = JSON.parse(readFileSync(`${repository}services/${service}/package.json`, 'utf8')) as {
    nodeOptions?: string[];
  };
  return [...nodeOptions, mainOf(service)];
}

const CALM_MS = 60_000;
const STOP_MS = 30_000;

/** One service in a process of its own, started again when it ends without being asked to: after 0.5 s, then twice as long each time. */
export class ServiceProcess {
  readonly name: string;
  /** How often it ended unasked since it was last well for a minute. */
  failures = 0;
  private readonly env: NodeJS.ProcessEnv;
  private readonly say: (line: string) => void;
  private child: ChildProcess | undefined;
  private again: NodeJS.Timeout | undefined;
  private stopping = false;
  private ended = Promise.resolve();
  private readonly lastLines: string[] = [];

  constructor(name: string, env: Record<string, string>, say: (line: string) => void) {
    this.name = name;
    // KONTOR_EXIT_WITH_PARENT: it also ends when our end of its standard input closes, so a kill -9 of this process leaves nothing behind.
    this.env = { ...process.env, ...env, KONTOR_EXIT_WITH_PARENT: '1' };
    this.say = say;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** The last it wrote, for an error message. */
  get lastWords(): string {
    return this.lastLines.join('\n');
  }

  start(): void {
    const since = Date.now();
    // Detached: a Ctrl-C in the terminal is for us, who ask the services to end one after the other.
    const child = spawn(process.execPath, ['--enable-source-maps', ...programOf(this.name)], {
      env: this.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => this.hear(line));
    child.stdin.on('error', () => {}); // it has ended; `close` says so
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => this.hear(error.message));
      child.once('close', (code, signal) => {
        resolve();
        if (!this.stopping) this.startAgain(Date.now() - since, signal ?? `code ${code}`);
      });
    });
  }

  private hear(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > 10) this.lastLines.shift();
    this.say(line);
  }

  private startAgain(ranMs: number, why: string): void {
    this.failures = ranMs > CALM_MS ? 1 : this.failures + 1;
    const delay = Math.min(500 * 2 ** (this.failures - 1), 30_000);
    this.say(`ended (${why}); starts again in ${delay / 1000} s`);
    this.again = setTimeout(() => this.start(), delay);
  }

  /** Asks it to end and waits for it; after 30 s it is killed. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.again);
    this.child?.kill('SIGTERM');
    const impatient = setTimeout(() => this.kill(), STOP_MS);
    await this.ended;
    clearTimeout(impatient);
  }

  kill(): void {
    this.stopping = true;
    clearTimeout(this.again);
    this.child?.kill('SIGKILL');
  }
}
