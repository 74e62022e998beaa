// Builds all packages: each file of their `src` becomes JavaScript in `dist`, file by file, which takes two seconds where the compiler that
// also checks types takes thirty. Types are checked by `npm run typecheck`.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import { swcOptions } from './swc.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = globSync(['libs/*', 'services/*', 'deploy/local'], { cwd: root });

/** The files of this folder below its folder `src`, with what is to be made of each below `dist`. */
function filesOf(folder) {
  const sources = globSync('**/*.ts', { cwd: join(root, folder, 'src'), exclude: ['**/*.spec.ts'] });
  return sources.map((path) => [join(root, folder, 'src', path), join(root, folder, 'dist', path.replace(/\.ts$/, '.js'))]);
}

async function build([source, target]) {
  const sourceFileName = relative(dirname(target), source);
  const { code, map } = await transform(readFileSync(source, 'utf8'), {
    ...swcOptions,
    filename: source,
    sourceFileName,
    sourceMaps: true,
  });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.map`, map);
  writeFileSync(target, `${code}//# sourceMappingURL=${basename(target)}.map\n`);
}

const files = folders.flatMap(filesOf);
await Promise.all(files.map(build));
// Over what was there, so that a hub that runs from it goes on; what no source makes any more goes.
const made = new Set(files.flatMap(([, target]) => [target, `${target}.map`]));
for (const folder of folders)
  for (const entry of globSync('dist/**', { cwd: join(root, folder), withFileTypes: true }))
    if (entry.isFile() && !made.has(join(entry.parentPath, entry.name))) rmSync(join(entry.parentPath, entry.name));
