import { fileURLToPath } from 'node:url';

// One configuration for every package: native ES modules, swc for decorators, sources of sibling packages instead of their builds.
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@kontor/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testMatch: ['**/*.spec.ts', '**/test/**/*.test.ts', '**/e2e/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  testTimeout: 60_000,
  // Many wait for servers most of the time. More at once would take more connections than the one PostgreSQL that they share has.
  maxWorkers: 2,
  passWithNoTests: true,
  globalSetup: fileURLToPath(new URL('./libs/testing/src/global-setup.mjs', import.meta.url)),
  globalTeardown: fileURLToPath(new URL('./libs/testing/src/global-teardown.mjs', import.meta.url)),
};
