// Whether the documents still say what is there. Prints one line for each thing that is wrong, and then ends with 1:
// links that lead nowhere, rules cited by a number that docs/rules.md does not have, settings that docs/operations.md does not name.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
const files = stdout.split('\n').filter((path) => path && existsSync(join(root, path)));
const wrong = (path, what) => {
  console.log(`${path}: ${what}`);
  process.exitCode = 1;
};

/** The anchor that a forge gives a heading. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchorsIn = (path) => [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading));

for (const path of files.filter((file) => file.endsWith('.md')))
  for (const [, link] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [file, anchor] = link.split('#');
    const target = file ? join(dirname(path), file) : path;
    if (!existsSync(join(root, target))) wrong(path, `the link ${link} leads nowhere`);
    else if (anchor && target.endsWith('.md') && !anchorsIn(target).includes(anchor)) wrong(path, `${target} has no heading #${anchor}`);
  }

// `## 2 Contacts` and below it `10. …` is rule 2.10; a section without numbers is cited as a whole.
const rules = new Set();
let section = '';
for (const line of read('docs/rules.md').split('\n')) {
  const [, heading] = /^## (?:(\d+) )?/.exec(line) ?? [];
  if (line.startsWith('## ')) section = heading ?? '';
  const [, number] = /^(\d+)\. /.exec(line) ?? [];
  if (section) rules.add(number ? `${section}.${number}` : section);
}
for (const path of files.filter((file) => /\.(ts|mjs|yaml|md)$/.test(file))) {
  const text = read(path);
  const inComments = [...text.matchAll(/docs\/rules\.md ((?:\d+(?:\.\d+)?(?:, | to | and )?)+)/g)].flatMap(([, list]) =>
    list.match(/[\d.]*\d/g),
  );
  const inTitles = /\.(spec|test)\.ts$/.test(path)
    ? [...text.matchAll(/\b(?:test|describe)\w*\(\s*['`](\d+\.\d+) /g)].map(([, number]) => number)
    : [];
  for (const number of [...inComments, ...inTitles]) if (!rules.has(number)) wrong(path, `docs/rules.md has no rule ${number}`);
}

const operations = read('docs/operations.md');
const settings = files
  .filter((file) => /^(services\/[^/]+|libs\/service)\/src\/env\.ts$/.test(file))
  .flatMap((file) => [...read(file).matchAll(/^ {2}(KONTOR_\w+):/gm)].map(([, name]) => ({ file, name })));
for (const { file, name } of settings) if (!operations.includes(`\`${name}`)) wrong(file, `docs/operations.md does not name ${name}`);
