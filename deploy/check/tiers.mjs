// Every test file belongs to a tier of jest.config.mjs, or nobody would ever run it. Prints one line for each that belongs to none, and then ends with 1.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const linesOf = (program, args) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.split('\n').filter(Boolean);
};

const inTiers = new Set(linesOf(process.execPath, ['node_modules/jest/bin/jest.js', '--listTests']).map((path) => relative(root, path)));
// Also those that are not committed yet.
const testFiles = linesOf('git', ['ls-files', '--cached', '--others', '--exclude-standard'])
  .filter((path) => /\.(test|spec)\.[cm]?[jt]sx?$/.test(path))
  .filter((path) => existsSync(new URL(path, `file://${root}`)));
for (const path of testFiles.filter((path) => !inTiers.has(path))) {
  console.log(`${path}: in no tier of jest.config.mjs; name it *.spec.ts, test/*.test.ts, e2e/*.test.ts or *.long.test.ts`);
  process.exitCode = 1;
}
