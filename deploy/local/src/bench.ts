// `npm run bench -- [part of a name …]`: runs the benchmarks, which lie beside what they measure (services/*/bench), one after the other.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
// Benchmarks run from their sources, and those import each other as `./x.js`.
const hook = new URL('../source-hook.mjs', import.meta.url).href;
const wanted = process.argv.slice(2);
const files = globSync('services/*/bench/*.bench.ts', { cwd: root })
  .filter((file) => wanted.length === 0 || wanted.some((part) => basename(file).includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`No benchmark has ${wanted.join(' or ')} in its name.`);
  process.exit(1);
}
for (const file of files) {
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', hook, file], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
