import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

// What docs/extending.md says of a new field of a contact, done in a copy of the repository: a line, a migration, its name in the list.

const root = fileURLToPath(new URL('../../..', import.meta.url));
let copy: string;
/** Changes one file of the copy, at a place that must be there. */
const change = (path: string, from: string | RegExp, to: string) => {
  const before = readFileSync(join(copy, path), 'utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${path} has no ${from}`);
  writeFileSync(join(copy, path), after);
};
const run = (args: string[], nodeOptions: string[] = []) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, ...args], { cwd: copy, encoding: 'utf8' });
  return { status, output: stdout + stderr };
};
const typecheck = (folder: string) => run(['node_modules/typescript/bin/tsc', '-p', `${folder}/tsconfig.json`]);

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'kontor-field-'));
  const left = new Set(['node_modules', 'dist', '.git', '.nx']);
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(basename(path)) });
  // The installed packages are the same; only ours are those of the copy.
  for (const installed of globSync('{node_modules,{libs,services,deploy}/*/node_modules}', { cwd: root })) {
    mkdirSync(join(copy, installed));
    for (const name of readdirSync(join(root, installed)))
      if (!['.cache', '@kontor'].includes(name)) symlinkSync(join(root, installed, name), join(copy, installed, name));
  }
  mkdirSync(join(copy, 'node_modules/@kontor'));
  for (const name of readdirSync(join(root, 'node_modules/@kontor')))
    symlinkSync(readlinkSync(join(root, 'node_modules/@kontor', name)), join(copy, 'node_modules/@kontor', name));

  change(
    'libs/contracts/src/contact-fields.ts',
    '  language: {\n',
    `  hobby: { given: nameText, column: 'text', merge: 'fill', cell: 'text', headers: 'pastime freizeit', search: 'hobby' },\n  language: {\n`,
  );
  writeFileSync(
    join(copy, 'services/customer/src/migrations/1000-hobby.ts'),
    `import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Hobby implements MigrationInterface {
  readonly name = 'Hobby1763700001000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table contact add column hobby text');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table contact drop column hobby');
  }
}
`,
  );
  change(
    'services/customer/src/index.ts',
    "import { Env } from './env.js';",
    "import { Env } from './env.js';\nimport { Hobby } from './migrations/1000-hobby.js';",
  );
  change('services/customer/src/index.ts', /,?\s*\];/, ', Hobby];');
}, 60_000);
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('every package that knows contacts compiles, tests too', () => {
  for (const folder of ['libs/contracts', 'services/customer', 'services/import', 'services/search', 'services/gateway'])
    expect([folder, typecheck(folder)]).toEqual([folder, { status: 0, output: '' }]);
}, 600_000);

test('the field is created, merged, exported, imported, found and erased', () => {
  const { status, output } = run(
    ['node_modules/jest/bin/jest.js', '--selectProjects', 'e2e', '--forceExit', '-t', '(hobby|6.3)', 'contact-fields'],
    ['--experimental-vm-modules', '--no-warnings'],
  );
  expect({ status, output }).toMatchObject({ status: 0, output: expect.stringMatching(/Tests: +\d+ skipped, 6 passed/) });
}, 600_000);

test('a field of which something is not said does not compile', () => {
  change(
    'libs/contracts/src/contact-fields.ts',
    "column: 'text', merge: 'fill', cell: 'text', headers: 'pastime freizeit'",
    "column: 'text', cell: 'text', headers: 'pastime freizeit'",
  );
  expect(typecheck('libs/contracts').output).toMatch(/contact-fields\.ts.*'merge' is missing|Property 'merge' is missing/);
}, 120_000);
