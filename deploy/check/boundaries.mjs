// Who may import whom. Prints one line for each import that may not be, with the reason, and for each circle of files or folders; then it ends with 1.
//   node deploy/check/boundaries.mjs [folder of the repository]
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url)));
const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

// A library may import those before it; database and service stand side by side and do not know each other.
const order = { '@kontor/contracts': 0, '@kontor/bus': 1, '@kontor/database': 2, '@kontor/service': 2 };

const { workspaces, devDependencies: forTests = {} } = readJson('package.json');
const packages = globSync(
  workspaces.map((folder) => `${folder}/package.json`),
  { cwd: root },
).map((path) => {
  const { name, nx, exports, dependencies, optionalDependencies, devDependencies, peerDependencies } = readJson(path);
  const lists = { ...dependencies, ...optionalDependencies, ...devDependencies, ...peerDependencies };
  return { name, folder: dirname(path), kind: nx?.tags?.[0], offers: Object.keys(exports ?? {}), lists };
});
const byName = new Map(packages.map((each) => [each.name, each]));

// Only sources: an .mjs runs before anything is built and reaches what it needs by its path.
const isTest = (path) => /\.spec\.ts$|(^|\/)(test|e2e|bench)\//.test(path);
const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(name);
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Each rule looks at one import and gives the reason why it may not be, or nothing. */
const rules = [
  function reachesIntoAnotherPackage({ from, specifier, path, target }) {
    const inside = relative(join(root, from.folder), resolve(root, dirname(path), specifier));
    if (specifier.startsWith('.') && inside.startsWith(`..${sep}`)) return 'reaches into the files of another package; import the package';
    if (target && !target.offers.includes(specifier.replace(target.name, '.')))
      return 'reaches into the files of another package; import what its package.json exports';
  },
  function contractsOnlyKnowZod({ from, test, specifier }) {
    if (from.name === '@kontor/contracts' && !test && !specifier.startsWith('.') && specifier !== 'zod')
      return 'contracts import nothing but zod';
  },
  function testingIsForTests({ from, test, target }) {
    if (target?.kind === 'testing' && from.kind !== 'testing' && !test) return 'only tests import it';
  },
  function servicesMeetOnTheBus({ from, test, target }) {
    if (target?.kind !== 'service' || target === from) return;
    if (from.kind === 'service' && !test) return 'a service imports no service; ask it over the bus';
    if (from.kind === 'lib') return 'a library knows no service';
  },
  function librariesHaveADirection({ from, test, target }) {
    if (test || !target || target === from) return;
    if (from.kind === 'lib' && target.kind === 'lib' && !(order[target.name] < order[from.name]))
      return 'against the direction contracts ← bus ← database, service ← testing';
    if (target.kind === 'deploy' && (from.kind === 'lib' || from.kind === 'service'))
      return 'what runs in production does not know how it is deployed';
  },
  function whatIsImportedIsListed({ from, test, specifier, target }) {
    const name = packageOf(specifier);
    if (specifier.startsWith('.') || isBuiltin(specifier) || name === from.name || name in from.lists) return;
    // Tests also have what the root has for them, and every package of ours: listing those would make circles.
    if (test && (name in forTests || target)) return;
    return `${from.folder}/package.json does not list it`;
  },
];

// `import … from 'x'`, `export … from 'x'`, `import 'x'` at the beginning of a line, and `import('x')` anywhere but in a comment.
const statement = /^[ \t]*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]|^(?!\s*(?:\/\/|\*)).*?\bimport\(\s*['"]([^'"]+)['"]/gm;

function* importsOf(from) {
  for (const file of globSync(`${from.folder}/**/*.ts`, { cwd: root, exclude: (name) => /(^|\/)(node_modules|dist)$/.test(name) })) {
    const path = file.split(sep).join('/');
    const text = readFileSync(join(root, path), 'utf8');
    const test = isTest(relative(from.folder, path));
    for (const match of text.matchAll(statement)) {
      const specifier = match[1] ?? match[2];
      const line = text.slice(0, match.index + match[0].length).split('\n').length;
      yield { from, path, line, specifier, test, target: byName.get(packageOf(specifier)) };
    }
  }
}

/** Sets of nodes that all lead to one another (Tarjan 1972); a node alone is none. */
function circlesIn(edges) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const circles = [];
  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node), low.get(next)));
    }
    if (low.get(node) !== index.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return circles;
}

// Within a package: who imports what, as files and as folders. Tests may look at everything and are looked at by nobody.
const files = new Map();
const folders = new Map();
// A file that stands beside the folders, like the module that wires them together, is a place of its own.
const folderOf = (path) => (dirname(path).endsWith('/src') ? path : dirname(path));
const addEdge = (edges, from, to) => edges.set(from, (edges.get(from) ?? new Set()).add(to));

for (const from of packages)
  for (const each of importsOf(from)) {
    for (const rule of rules) {
      const why = rule(each);
      if (!why) continue;
      console.log(`${each.path}:${each.line}: imports ${each.specifier}: ${why}`);
      process.exitCode = 1;
    }
    if (!each.specifier.startsWith('.') || each.test) continue;
    const target = join(dirname(each.path), each.specifier).replace(/\.js$/, '.ts');
    addEdge(files, each.path, target);
    if (folderOf(each.path) !== folderOf(target)) addEdge(folders, folderOf(each.path), folderOf(target));
  }

for (const [kind, edges] of Object.entries({ files, folders }))
  for (const circle of circlesIn(edges)) {
    console.log(`a circle of ${kind}: ${circle.join(', ')}`);
    process.exitCode = 1;
  }
