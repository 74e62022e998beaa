import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { programOf } from '@kontor/local';

/** A service as a process of its own, as in production: for tests that kill it, and for measuring it alone. */
export class ServiceProcess {
  private child?: ChildProcess;
  healthUrl = '';
  /** The HTTP API, where the service has one. */
  url?: string;
  /** The last lines it wrote. */
  readonly lines: string[] = [];

  constructor(
    readonly name: string,
    private readonly env: Record<string, string>,
  ) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it (again); resolves when it says that it is ready. */
  async start(): Promise<void> {
    const program = programOf(this.name);
    if (!existsSync(program.at(-1) ?? '')) throw new Error(`${program.at(-1)} is not there: run npm run build first`);
    const child = spawn(process.execPath, program, {
      env: { PATH: process.env.PATH, ...this.env, KONTOR_LOG_LEVEL: 'info', KONTOR_EXIT_WITH_PARENT: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => this.lines.push(line) > 500 && this.lines.shift());
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (!line.includes('"event":"ready"')) return;
        const said = JSON.parse(line) as { healthUrl: string; url?: string };
        this.healthUrl = said.healthUrl;
        this.url = said.url;
        resolve();
      });
      child.once('exit', (code, signal) =>
        reject(new Error(`the ${this.name} service ended (${code ?? signal}):\n${this.lines.slice(-20).join('\n')}`)),
      );
    });
  }

  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** As an orderly shutdown asks it to. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  /** Memory that the process holds now, in bytes. */
  memory(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}
