// Behind `npm start`, `npm test` (and `test:long`, `test:all`), `npm run demo`, `npm run token`, `npm run kontor` and `npm run bench`: installs
// and builds what is missing, then runs the command on the Node that comes with the packages. The only program here that runs on the machine's
// own Node, so: plain JavaScript, no dependencies. What it says goes to standard error; standard output belongs to the command.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const inRoot = (...parts) => join(root, ...parts);
const node = inRoot('node_modules/node/bin/node');
const buildStamp = inRoot('node_modules/.cache/kontor-build');
const [command = 'start', ...args] = process.argv.slice(2);
// The tiers of jest.config.mjs.
const tiers = { test: ['unit', 'service', 'e2e'], 'test:long': ['long'], 'test:all': ['unit', 'service', 'e2e', 'long'] };
const say = (text) => process.stderr.write(`${text}\n`);

class Sentence extends Error {}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Sentence(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
}

/** Whether node_modules holds what package-lock.json asks for; npm leaves there a list of what it installed. */
function isInstalled() {
  const installedList = inRoot('node_modules/.package-lock.json');
  if (!existsSync(installedList)) return false;
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (!path.includes('node_modules/')) return true; // a workspace
    return installed[path] ? installed[path].version === version : optional === true;
  });
}

function install() {
  if (isInstalled()) return checkRuntime();
  say('Installing packages (once, and after an update)');
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  // npm reads settings of the outer `npm start` from these; --silent, say, would hide why the installation failed.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_config_loglevel')));
  const { status, error } = spawnSync(npm[0], [...npm.slice(1), 'ci', '--loglevel=error'], { cwd: root, env, stdio: ['ignore', 2, 2] });
  if (error) throw new Sentence(`npm could not be started (${error.message}): install npm 10 or newer.`);
  if (status !== 0)
    throw new Sentence(
      'The packages could not be installed, for the reason above: check the network and the `registry` setting of npm, then run `npm ci`.',
    );
  checkRuntime();
}

function checkRuntime() {
  const works = existsSync(node) && spawnSync(node, ['--version']).status === 0;
  if (!works)
    throw new Sentence(
      'Node 24, which Kontor runs on, is not among the packages: run `npm ci` without --ignore-scripts, on a platform Node 24 is made for.',
    );
}

const packages = () =>
  ['libs', 'services']
    .flatMap((folder) => readdirSync(inRoot(folder)).map((name) => join(folder, name)))
    .concat('deploy/local')
    .filter((folder) => existsSync(inRoot(folder, 'package.json')));

/** Changes whenever a source or a setting of the build does. */
function sourcesMark() {
  const hash = createHash('sha256');
  const add = (path) => {
    const entry = statSync(inRoot(path), { throwIfNoEntry: false });
    if (!entry) return;
    if (entry.isDirectory()) for (const child of readdirSync(inRoot(path)).sort()) add(join(path, child));
    else hash.update(`${path} ${entry.size} ${entry.mtimeMs}\n`);
  };
  for (const path of ['deploy/build.mjs', 'deploy/swc.mjs', 'package-lock.json']) add(path);
  for (const folder of packages()) for (const part of ['src', 'package.json']) add(join(folder, part));
  return hash.digest('hex');
}

function build() {
  const mark = sourcesMark();
  const complete = packages().every((folder) => existsSync(inRoot(folder, 'dist')));
  if (complete && existsSync(buildStamp) && readFileSync(buildStamp, 'utf8') === mark) return;
  const start = Date.now();
  const { status, error } = spawnSync(node, [inRoot('deploy/build.mjs')], { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw new Sentence(`${node} could not be started: ${error.message}.`);
  if (status !== 0) throw new Sentence('The build failed, for the reason above.');
  say(`Built ${packages().length} packages in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  mkdirSync(dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, mark);
}

/** Runs the command until it ends, passing on the signals that end us, and ends with its code. */
function run(program) {
  const env = {
    ...process.env,
    PATH: `${inRoot('node_modules/.bin')}${delimiter}${process.env.PATH}`,
  };
  const child = spawn(node, program, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  endWithNpm(() => child.kill('SIGTERM'));
  child.once('error', (error) => fail(new Sentence(`${node} could not be started: ${error.message}.`)));
  child.once('close', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 1)));
}

/** A `kill -9` of npm does not reach us: look every now and then whether it still is there. */
function endWithNpm(end) {
  if (!process.env.npm_lifecycle_event || process.platform !== 'linux') return;
  // Between npm and us there may be the shell that npm starts scripts with.
  const field = (pid, file) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  const parentOf = (pid) => Number(field(pid, 'stat').split(') ')[1].split(' ')[1]);
  let npm;
  try {
    npm = /^(sh|bash|dash|ash)\n$/.test(field(process.ppid, 'comm')) ? parentOf(process.ppid) : process.ppid;
  } catch {
    return; // gone already, or no right to look
  }
  const watch = setInterval(() => {
    if (existsSync(`/proc/${npm}`)) return;
    clearInterval(watch);
    end();
  }, 500);
  watch.unref();
}

function fail(error) {
  say(error instanceof Sentence ? error.message : error.stack);
  process.exit(1);
}

try {
  checkNode();
  if (command === 'token') {
    // No installing or building here: where a hub runs there is everything, and where none runs there is no token.
    if (!existsSync(node) || !existsSync(inRoot('deploy/local/dist/token.js')))
      throw new Sentence('No hub runs here: run `npm start` first.');
  } else {
    install();
    build();
  }
  if (command in tiers)
    run([
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      ...args,
      // Takes all that follows it.
      '--selectProjects',
      ...tiers[command],
    ]);
  else {
    const program = inRoot('deploy/local/dist', `${command}.js`);
    if (!/^[a-z-]+$/.test(command) || !existsSync(program)) throw new Sentence(`There is no command ${command}.`);
    run(['--enable-source-maps', program, ...args]);
  }
} catch (error) {
  fail(error);
}
