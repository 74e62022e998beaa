// Starting one server program and waiting until it answers.
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Running {
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly exited: Promise<void>;
  isRunning(): boolean;
  /** The last 20 kB the process wrote. */
  log(): string;
  /** Asks it to end, and kills it when it has not after 15 s. */
  stop(): Promise<void>;
  kill(signal?: NodeJS.Signals): void;
}

export interface Program {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  user?: { uid?: number; gid?: number };
  /** Open files that the process gets as 3, 4, … */
  files?: number[];
  stopSignal: NodeJS.Signals;
}

// Whatever ends this process, an error of our own among it: no program it started outlives it.
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export function run({ name, command, args, env = {}, user, files = [], stopSignal }: Program): Running {
  // Of the environment only the path: what a server does must not depend on the shell it was started from.
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', ...env },
    cwd: '/',
    ...user,
    stdio: ['ignore', 'pipe', 'pipe', ...files],
  });
  alive.add(child);
  let output = '';
  const keep = (data: Buffer) => {
    output = (output + data.toString()).slice(-20_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      alive.delete(child);
      resolve();
    };
    child.once('error', (error) => {
      output += `${name} could not be started: ${error.message}\n`;
      end();
    });
    child.once('close', end);
  });
  return {
    pid: child.pid ?? 0,
    exited,
    isRunning: () => !ended,
    log: () => output,
    kill: (signal = 'SIGKILL') => {
      if (!ended) child.kill(signal);
    },
    async stop() {
      if (ended) return;
      child.kill('SIGCONT'); // a paused process would not hear the next signal
      child.kill(stopSignal);
      const impatient = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await exited;
      clearTimeout(impatient);
    },
  };
}

/** Waits until `probe` says yes; throws with the end of the program's log when it ends before, or after 60 s. */
export async function untilReady(name: string, program: Running, probe: () => boolean | Promise<boolean>): Promise<Running> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(15)) {
    if (!program.isRunning()) throw new ServerEnded(name, program.log());
    if (await probe()) return program;
  }
  program.kill();
  throw new ServerEnded(name, program.log(), 'is not ready after 60 s');
}

export class ServerEnded extends Error {
  readonly log: string;

  constructor(name: string, log: string, what = 'ended at once') {
    super(`${name} ${what}:\n${log.trim().split('\n').slice(-15).join('\n')}`);
    this.log = log;
  }
}
