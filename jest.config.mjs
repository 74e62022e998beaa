import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { swcOptions } from './deploy/swc.mjs';
import { packagesForTests } from './libs/testing/src/packages-for-tests.mjs';

const inRoot = (path) => fileURLToPath(new URL(path, import.meta.url));

// One configuration for every package: native ES modules, swc for decorators, sources of sibling packages instead of their builds.
const shared = {
  rootDir: inRoot('.'),
  testEnvironment: inRoot('libs/testing/src/test-environment.mjs'),
  testEnvironmentOptions: { customExportConditions: ['@kontor/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swcOptions, sourceMaps: 'inline' }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1', ...(await packagesForTests()) },
  globalSetup: inRoot('libs/testing/src/global-setup.mjs'),
  globalTeardown: inRoot('libs/testing/src/global-teardown.mjs'),
};
const ignored = ['/node_modules/', '/dist/'];
const long = '\\.long\\.test\\.ts$';
// Random properties are tried a hundred times each by default, and two thousand times in the long tier; see libs/testing/src/properties.ts.
const specsWithProperties = globSync('{libs,services,deploy}/*/src/**/*.spec.ts', { cwd: inRoot('.') }).filter((path) =>
  readFileSync(inRoot(path), 'utf8').includes("'@kontor/testing/properties'"),
);

// Each test file belongs to a tier by its name; deploy/check/tiers.mjs fails for one that belongs to none.
export const tiers = {
  unit: { testMatch: ['**/*.spec.ts'] },
  service: { testMatch: ['**/test/**/*.test.ts'], testPathIgnorePatterns: [...ignored, long] },
  e2e: { testMatch: ['**/e2e/**/*.test.ts'], testPathIgnorePatterns: [...ignored, long] },
  long: {
    testMatch: ['**/*.long.test.ts', ...specsWithProperties.map((path) => `<rootDir>/${path}`)],
    setupFiles: [inRoot('libs/testing/src/full-size.mjs')],
  },
};

export default {
  projects: Object.entries(tiers).map(([displayName, tier]) => ({
    ...shared,
    testPathIgnorePatterns: ignored,
    ...tier,
    displayName,
  })),
  // Many wait for servers most of the time. More at once would take more connections than the one PostgreSQL that they share has.
  maxWorkers: 3,
  // Jest takes it from here only, not from a project.
  testTimeout: 120_000,
  passWithNoTests: true,
};
