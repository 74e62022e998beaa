// `npm run bench -- [part of a name …]`: runs the benchmarks, which lie beside what they measure (services/*/bench), one after the other.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const wanted = process.argv.slice(2);
const files = globSync('services/*/bench/*.bench.ts', { cwd: root })
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`No benchmark has ${wanted.join(' or ')} in its name.`);
  process.exit(1);
}
for (const file of files) {
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', file], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
