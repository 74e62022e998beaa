// What Jest runs each test file in: Node, and the bundled packages (see packages-for-tests.mjs), whose script is compiled once for all test files
// of a worker process, and runs anew for each.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { constants, Script } from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

const scripts = new Map();
function scriptOf(filename) {
  if (!scripts.has(filename)) {
    const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
    scripts.set(filename, new Script(readFileSync(filename, 'utf8'), { filename, importModuleDynamically }));
  }
  return scripts.get(filename);
}

// biome-ignore lint/style/noDefaultExport: Jest uses the default export
export default class extends TestEnvironment {
  async setup() {
    await super.setup();
    let packages;
    this.global.kontorPackages = (file, importer, createRequire) => {
      const url = new URL(file, importer).href;
      packages ??= scriptOf(fileURLToPath(url)).runInContext(this.getVmContext())(createRequire(url), {}, url);
      return packages;
    };
  }
}
