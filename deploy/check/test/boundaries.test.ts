import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const checker = fileURLToPath(new URL('../boundaries.mjs', import.meta.url));
const check = (root?: string) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [checker, ...(root ? [root] : [])], { encoding: 'utf8' });
  return { status, lines: (stdout + stderr).split('\n').filter(Boolean) };
};

let root: string;
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const addPackage = (folder: string, tag: string, dependencies: string[], exports = ['.']) =>
  write(
    `${folder}/package.json`,
    JSON.stringify({
      name: `@kontor/${folder.split('/')[1]}`,
      exports: Object.fromEntries(exports.map((each) => [each, './src/index.ts'])),
      nx: { tags: [tag] },
      dependencies: Object.fromEntries(dependencies.map((name) => [name, '*'])),
    }),
  );

// A small tree that keeps every rule; each test breaks one.
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boundaries-'));
  write('package.json', JSON.stringify({ workspaces: ['libs/*', 'services/*', 'deploy/local'], devDependencies: { jest: '1' } }));
  addPackage('libs/contracts', 'lib', ['zod']);
  addPackage('libs/bus', 'lib', ['@kontor/contracts']);
  addPackage('libs/database', 'lib', ['@kontor/bus', '@kontor/service', 'pg']);
  addPackage('libs/service', 'lib', ['@kontor/bus']);
  addPackage('libs/testing', 'testing', ['@kontor/bus', '@kontor/local'], ['.', './bench']);
  addPackage('services/customer', 'service', ['@kontor/bus', '@kontor/search', '@kontor/local', '@kontor/testing']);
  addPackage('services/search', 'service', ['@kontor/bus']);
  addPackage('deploy/local', 'deploy', ['@kontor/customer', '@kontor/bus']);
  write('libs/contracts/src/index.ts', `import { z } from 'zod';\nexport * from './contact.js';\n`);
  write(
    'libs/bus/src/bus.ts',
    `import { readFileSync } from 'node:fs';\nimport type { Contact } from '@kontor/contracts';\nexport * from './x.js';\n`,
  );
  write(
    'libs/bus/test/bus.test.ts',
    `import { startServers } from '@kontor/testing';\nimport { spawn } from 'jest';\nimport { Bus } from '../src/bus.js';\n`,
  );
  write('libs/testing/src/index.ts', `import { launchServers } from '@kontor/local';\n`);
  write(
    'services/customer/src/index.ts',
    `import { Bus } from '@kontor/bus';\n// await import('@kontor/search')\nconst text = "import x from 'y'";\n`,
  );
  write('services/customer/src/rule.spec.ts', `import { anAgent } from '@kontor/testing';\n`);
  write(
    'services/customer/test/a.test.ts',
    `import { service } from '@kontor/search';\nimport { measure } from '@kontor/testing/bench';\n`,
  );
  write('deploy/local/src/hub.ts', `const { service } = await import('@kontor/customer');\n`);
  write('services/customer/dist/index.ts', `import 'left-over';\n`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a tree that keeps the rules passes without a word', () => {
  expect(check(root)).toEqual({ status: 0, lines: [] });
});

test.each([
  ['services/customer/src/index.ts', '@kontor/search', 'a service imports no service; ask it over the bus'],
  ['services/customer/src/index.ts', '@kontor/testing', 'only tests import it'],
  ['services/customer/src/index.ts', '@kontor/local', 'what runs in production does not know how it is deployed'],
  ['services/customer/src/index.ts', 'lodash', 'services/customer/package.json does not list it'],
  ['services/customer/src/index.ts', '@kontor/contracts', 'services/customer/package.json does not list it'],
  ['services/customer/src/index.ts', 'jest', 'services/customer/package.json does not list it'],
  [
    'services/customer/src/index.ts',
    '@kontor/bus/src/gate.js',
    'reaches into the files of another package; import what its package.json exports',
  ],
  ['services/customer/src/index.ts', '../../search/src/parse.js', 'reaches into the files of another package; import the package'],
  ['services/customer/test/a.test.ts', '../../search/src/parse.js', 'reaches into the files of another package; import the package'],
  ['services/customer/test/a.test.ts', 'lodash', 'services/customer/package.json does not list it'],
  ['libs/contracts/src/index.ts', 'node:crypto', 'contracts import nothing but zod'],
  ['libs/database/src/index.ts', '@kontor/service', 'against the direction contracts ← bus ← database, service ← testing'],
  ['libs/bus/test/bus.test.ts', '@kontor/customer', 'a library knows no service'],
])('%s may not import %s', (path, specifier, why) => {
  write(path, `// a line before\nimport { something,\n  more } from '${specifier}';\n`);
  expect(check(root)).toEqual({ status: 1, lines: [`${path}:3: imports ${specifier}: ${why}`] });
});

test.each(['export * from', 'import', 'export { a } from', 'import type { A } from', 'const a = await import('])('%s is seen', (how) => {
  const path = 'services/customer/src/index.ts';
  write(path, `${how} 'lodash'${how.endsWith('(') ? ')' : ''};\n`);
  expect(check(root).lines).toEqual([`${path}:1: imports lodash: services/customer/package.json does not list it`]);
});

test('files and folders that import each other in a circle are named, however long it is', () => {
  const src = 'services/customer/src';
  write(`${src}/bin/bin.ts`, `import { contact } from '../contact/contact.js';\n`);
  write(`${src}/contact/contact.ts`, `import { history } from '../history/history.js';\nexport type { Row } from './row.js';\n`);
  write(`${src}/contact/row.ts`, `import type { Contact } from './contact.js';\n`);
  write(`${src}/history/history.ts`, 'export const history = 1;\n');
  write(`${src}/history/list.ts`, `const { bin } = await import('../bin/bin.js');\n`);
  expect(check(root)).toEqual({
    status: 1,
    lines: [
      `a circle of files: ${src}/contact/contact.ts, ${src}/contact/row.ts`,
      `a circle of folders: ${src}/bin, ${src}/contact, ${src}/history`,
    ],
  });
});

test('this repository keeps the rules', () => {
  expect(check()).toEqual({ status: 0, lines: [] });
});
