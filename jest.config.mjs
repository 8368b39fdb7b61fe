/**
 * Three tiers: `unit` stands beside the code and starts nothing; `real` (test/ and *.real.spec.ts) starts the real
 * Envoy, nats-server and Quartet's own services; `timed` (test/demo/) holds figures, and wants the machine to itself.
 */
const shared = {
  testEnvironment: '<rootDir>/tools/jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: ['reflect-metadata'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  moduleNameMapper: {
    '^#common/(.*)$': '<rootDir>/libs/common/src/$1/index.ts',
    '^#config$': '<rootDir>/libs/config/src/index.ts',
    '^#expressions$': '<rootDir>/libs/expressions/src/index.ts',
    '^#app/(.*)$': '<rootDir>/apps/$1/src/core.ts',
    '^fast-check$': '<rootDir>/tools/jest-fast-check.mjs',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        module: { type: 'es6' },
        sourceMaps: 'inline',
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
};

/**
 * Milliseconds per test; jest heeds this here alone, not in a project. It ends what hangs: a machine that is five times
 * slower, or runs much else beside a test, is to be given its time.
 */
const testTimeout = 120_000;

export default {
  testTimeout,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs,samples}/**/*.spec.ts'],
      testPathIgnorePatterns: ['\\.real\\.spec\\.ts$'],
    },
    {
      ...shared,
      displayName: 'real',
      testMatch: ['<rootDir>/test/**/*.spec.ts', '<rootDir>/{apps,libs,samples}/**/*.real.spec.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/demo/'],
    },
    {
      ...shared,
      displayName: 'timed',
      testMatch: ['<rootDir>/test/demo/**/*.spec.ts'],
    },
  ],
};
