// Jest links every module anew for every test file: some 2,200 of them, most of TypeORM, Nest and RxJS, which cost more than most tests do.
// So the packages that our sources import are bundled, once after each installation, into one script that a worker process compiles once
// (see test-environment.mjs); what tests import is a file that takes the package out of it.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));

// Jest's own, what must come before all others, and what starts programs or threads or loads native code by its place.
const leftAlone = /^(@kontor|@jest|jest|reflect-metadata|sharp|pino|testcontainers|typescript|oidc-provider|autocannon|esbuild)(\/|$)/;
const BUNDLE = 'packages.cjs';
const importStatement = /^[ \t]*(?:import|export)\b(?! type\b)(?:[^'"`;]*?\bfrom)?\s*['"]([^'".$][^'"]*)['"]/gm;

/**
 * Gives Jest's `moduleNameMapper` for the bundled packages. A package that different versions of are installed for different importers is left
 * alone, and so is one that cannot be imported by itself.
 */
export async function packagesForTests() {
  const imported = importedPackages();
  const mark = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(readFileSync(fileURLToPath(import.meta.url)));
  for (const [specifier, folders] of imported) mark.update(`${specifier} ${[...folders].sort().join()}\n`);
  const folder = join(root, 'node_modules/.cache/kontor-test-packages', mark.digest('hex').slice(0, 16));
  const listFile = join(folder, 'list.json');
  if (!existsSync(listFile)) {
    const unfinished = `${folder}.${process.pid}`;
    const list = await bundle(imported, unfinished);
    writeFileSync(join(unfinished, 'list.json'), JSON.stringify(list));
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  }
  const list = JSON.parse(readFileSync(listFile, 'utf8'));
  return Object.fromEntries(Object.entries(list).map(([specifier, file]) => [`^${RegExp.escape(specifier)}$`, join(folder, file)]));
}

/** What our sources import, each with the folders of the packages that do. */
function importedPackages() {
  const imported = new Map();
  for (const path of globSync('{libs,services,deploy}/*/{src,test,e2e}/**/*.ts', { cwd: root }).sort())
    for (const [, specifier] of readFileSync(join(root, path), 'utf8').matchAll(importStatement)) {
      if (isBuiltin(specifier) || leftAlone.test(specifier)) continue;
      imported.set(specifier, (imported.get(specifier) ?? new Set()).add(path.split('/').slice(0, 2).join('/')));
    }
  return imported;
}

async function bundle(imported, folder) {
  const names = new Map();
  const entries = {
    name: 'entries',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /^entry:/ }, ({ path }) => ({ path: path.slice('entry:'.length), namespace: 'entry' }));
      onLoad({ filter: /./, namespace: 'entry' }, async ({ path: specifier }) => {
        const found = await Promise.all(
          [...imported.get(specifier)].map((importer) =>
            resolve(specifier, { kind: 'import-statement', resolveDir: join(root, importer) }),
          ),
        );
        const paths = new Set(found.map(({ path }) => path));
        const [path] = paths;
        const exported = paths.size === 1 && path && (await import(pathToFileURL(path).href).then(Object.keys, () => undefined));
        if (!exported) return { contents: '' };
        names.set(specifier, exported);
        // All names of a package, whether it is a native module or CommonJS, whose names no `export *` would pass on.
        return { contents: `import * as all from ${JSON.stringify(path)}; export { all };`, resolveDir: dirname(path) };
      });
      // Optional packages that are not installed: whoever asks for one finds that out as without a bundle.
      onResolve({ filter: /^[^.]/ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (pluginData === 'seen' || kind === 'entry-point' || path.startsWith('entry:')) return;
        if (leftAlone.test(path)) return { path, external: true };
        const { errors } = await resolve(path, { kind, resolveDir, pluginData: 'seen' });
        if (errors.length) return { path, external: true };
      });
    },
  };
  const getters = [...imported.keys()].map((specifier) => {
    const quoted = JSON.stringify(specifier);
    return `exports[${quoted}] = () => require(${JSON.stringify(`entry:${specifier}`)}).all;`;
  });
  await build({
    stdin: { contents: getters.join('\n'), resolveDir: root },
    outfile: join(folder, BUNDLE),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    conditions: [],
    keepNames: true,
    // Half as much to read.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'error',
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: '(function (require, exports, bundleUrl) { const module = { exports };' },
    footer: { js: 'return exports; })' },
    plugins: [entries],
  });
  const list = {};
  for (const [specifier, exported] of names) {
    list[specifier] = `${specifier.replaceAll('/', '__').replace(/\.js$/, '')}.mjs`;
    writeFileSync(join(folder, list[specifier]), entryOf(specifier, exported));
  }
  return list;
}

function entryOf(specifier, names) {
  const lines = names.map((name, index) => `const _${index} = all[${JSON.stringify(name)}];`);
  const exported = names.map((name, index) => `_${index} as ${JSON.stringify(name)}`);
  return `// Decorators ask for metadata as soon as their module runs.
import 'reflect-metadata';
import { createRequire } from 'node:module';
const all = kontorPackages(${JSON.stringify(BUNDLE)}, import.meta.url, createRequire)[${JSON.stringify(specifier)}]();
${lines.join('\n')}
export { ${exported.join(', ')} };
`;
}
