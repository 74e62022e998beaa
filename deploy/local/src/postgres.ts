import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRoot, postgresFolder, postgresUser } from './binaries.js';
import { type Running, run, ServerEnded, untilReady } from './process.js';
import { SetupError } from './setup-error.js';

export interface PostgresOptions {
  dir: string;
  port: number;
  /** The administrator's name. */
  user: string;
  /** With a password clients must give it; without, everybody on this machine may come in (tests). */
  password?: string;
  /** Whether what was committed survives a loss of power. */
  durable: boolean;
}

// A large import writes far more than the 1 GB of log that PostgreSQL keeps between checkpoints by itself; each checkpoint makes it write
// whole pages anew.
const SETTINGS = [
  'unix_socket_directories=',
  'shared_buffers=256MB',
  'max_connections=200',
  'max_wal_size=4GB',
  'checkpoint_timeout=15min',
  'wal_compression=on',
];

// Still loses nothing when the process is killed, only when the machine is. The log is small, because the folder may be in memory.
const FAST = ['fsync=off', 'full_page_writes=off', 'wal_level=minimal', 'max_wal_senders=0', 'max_wal_size=1GB', 'wal_compression=off'];

export async function startPostgres(options: PostgresOptions): Promise<Running> {
  const bin = postgresFolder();
  const { dir } = options;
  if (!existsSync(join(dir, 'PG_VERSION'))) await initialise(bin, options);
  const settings = [...SETTINGS, ...(options.durable ? [] : FAST)];
  const name = `PostgreSQL (port ${options.port})`;
  // After a kill the old process's children may hold its memory for a moment.
  for (let tries = 0; ; tries++) {
    const server = withFolder(dir, (path, files) =>
      run({
        name,
        command: join(bin, 'postgres'),
        args: ['-D', path, '-p', `${options.port}`, '-h', '127.0.0.1', ...settings.flatMap((setting) => ['-c', setting])],
        user: ownerOf(dir),
        files,
        // SIGINT ends the connections and writes everything down; SIGQUIT just ends.
        stopSignal: options.durable ? 'SIGINT' : 'SIGQUIT',
      }),
    );
    try {
      return await untilReady(name, server, () => server.log().includes('ready to accept connections'));
    } catch (error) {
      if (!(error instanceof ServerEnded && /pre-existing shared memory|lock file .* already exists/.test(error.log)) || tries === 20)
        throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function initialise(bin: string, { dir, user, password, durable }: PostgresOptions): Promise<void> {
  const version = Number(/\d+/.exec(execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }))?.[0]);
  if (version < 18) throw new SetupError(`PostgreSQL ${version} in ${bin} is too old: set PG_BIN_DIR to the bin folder of PostgreSQL 18.`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  const leftover = readdirSync(dir);
  // A first start that was interrupted leaves a part of a cluster, which initdb would refuse.
  for (const name of leftover) rmSync(join(dir, name), { recursive: true, force: true });
  if (isRoot) chownSync(dir, postgresUser.uid ?? 0, postgresUser.gid ?? 0);
  const passwordFile = `${dir}.password`;
  writeFileSync(passwordFile, `${password ?? ''}\n`, { mode: 0o600 });
  if (isRoot) chownSync(passwordFile, postgresUser.uid ?? 0, postgresUser.gid ?? 0);
  const passwordHandle = openSync(passwordFile, 'r');
  try {
    const initdb = withFolder(dir, (path, files) =>
      run({
        name: 'initdb',
        command: join(bin, 'initdb'),
        args: [
          ...['-D', path, '-U', user, '--no-instructions', '--encoding=UTF8', '--lc-messages=C'],
          ...(durable ? [] : ['--no-sync']),
          // The built-in locale: the same order of words on every machine, whatever the system's libraries say.
          ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
          ...(password
            ? ['--auth=scram-sha-256', `--pwfile=${isRoot ? `/proc/self/fd/${3 + files.length}` : passwordFile}`]
            : ['--auth=trust']),
        ],
        user: postgresUser,
        files: [...files, passwordHandle],
        stopSignal: 'SIGINT',
      }),
    );
    await initdb.exited;
    // Written last by initdb, so its absence says that it failed.
    if (!existsSync(join(dir, 'global/pg_control'))) {
      rmSync(join(dir, 'PG_VERSION'), { force: true });
      throw new ServerEnded('initdb', initdb.log());
    }
  } finally {
    closeSync(passwordHandle);
    rmSync(passwordFile, { force: true });
  }
}

/**
 * Gives the server its data folder. As root the server runs as somebody else, who may not be allowed to walk to the folder (below a
 * home, say): it gets the folder itself, opened by root.
 */
function withFolder(dir: string, start: (path: string, files: number[]) => Running): Running {
  if (!isRoot || process.platform !== 'linux') return start(dir, []);
  const handle = openSync(dir, 'r');
  try {
    return start('/proc/self/fd/3', [handle]);
  } finally {
    closeSync(handle);
  }
}

/** A folder made by a normal user stays that user's when root starts the server. */
function ownerOf(dir: string): { uid?: number; gid?: number } {
  if (!isRoot) return {};
  const { uid, gid } = statSync(dir);
  if (uid === 0)
    throw new SetupError(
      `${dir} belongs to root, and PostgreSQL does not run as root: run \`chown -R ${postgresUser.uid}:${postgresUser.gid} ${dir}\`.`,
    );
  return { uid, gid };
}
