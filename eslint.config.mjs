import tseslint from 'typescript-eslint';

/**
 * The boundaries of the architecture (ARCHITECTURE.md), enforced: a functional core in which nothing reads a clock,
 * a file or the network, and an imperative shell in the folders named here.
 */
const SHELL = [
  'apps/*/src/{main,*.module,*.config,pipeline}.ts',
  'apps/galley/src/{sources,publish,serve,webhook,status}/**',
  'apps/pilot/src/{ingest,ads,push,debug}/**',
  'apps/citadel/src/{authenticate,rotate,serve,kubernetes}/**',
  'apps/mixer/src/{ingest,serve,adapters}/**',
  'apps/agent/src/**',
  'apps/cli/src/**',
  'libs/common/src/**',
  'samples/**',
  'test/**',
  '**/*.spec.ts',
  '**/testing/**',
];

const pure = (name, reason) => ({ name, message: reason });
const PURE = {
  paths: [
    ...['fs', 'node:fs', 'node:fs/promises', 'fs/promises'].map((name) =>
      pure(name, 'The core reads no files: take the text as a value; sources/ and serve/ do the reading.'),
    ),
    ...['net', 'http', 'node:http', 'node:http2', 'node:tls', 'node:child_process'].map((name) =>
      pure(
        name,
        'The core does no I/O: put this into an edge folder (sources, publish, ingest, ads, serve).',
      ),
    ),
    {
      name: 'node:net',
      allowImportNames: ['isIP', 'isIPv4', 'isIPv6', 'BlockList'],
      message: 'The core opens no sockets.',
    },
  ],
  patterns: [
    {
      group: ['@nestjs/*', 'rxjs', 'rxjs/*'],
      message: 'NestJS stays at the edge: the core must run without it.',
    },
    { group: ['@grpc/*'], message: 'gRPC stays in ads/ and serve/: the core works on values and bytes.' },
    {
      group: ['@nats-io/*'],
      message: 'NATS stays in publish/ and ingest/: the core takes ConfigChange values.',
    },
    {
      group: [
        '#common/service',
        '#common/files',
        '#common/nats',
        '#common/grpc',
        '#common/grpc-nest',
        '#common/nats-nest',
      ],
      message: 'These do I/O: use them from an edge folder.',
    },
  ],
};
const CLOCK = [
  { object: 'Date', property: 'now', message: 'The core has no clock: take `now` as a parameter.' },
  { object: 'Math', property: 'random', message: 'The core has no randomness: take it as a parameter.' },
  { object: 'process', property: 'env', message: 'Only <app>.config.ts reads the environment.' },
];
const apps = ['galley', 'pilot', 'citadel', 'mixer', 'agent', 'cli'];

export default tseslint.config(
  { ignores: ['dist/**', '.cache/**', '**/gen/**', 'node_modules/**', '**/testdata/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      // Attribute values and thrown things are unions whose members all print well.
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowArray: true },
      ],
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='RegExp'][arguments.0.type!='Literal']",
          message:
            'A pattern made at run time runs in RE2 (re2js): the built-in engine backtracks without bound.',
        },
      ],
    },
  },
  {
    files: ['apps/**/*.ts', 'libs/config/**/*.ts', 'libs/expressions/**/*.ts'],
    ignores: SHELL,
    rules: { 'no-restricted-imports': ['error', PURE], 'no-restricted-properties': ['error', ...CLOCK] },
  },
  ...apps.map((app) => ({
    files: [`apps/${app}/src/**/*.ts`],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `(^|/)apps/(?!${app}/)|^(\\.\\./)+(?!${app}/)(${apps.join('|')})/src/(?!core\\.js$|agent\\.js$)`,
              message: "An app reaches another through that app's core.ts only (#app/<name>).",
            },
          ],
        },
      ],
    },
  })),
  {
    files: ['apps/agent/**/*.ts', 'apps/cli/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@nestjs/*', 'rxjs', '#common/*-nest', '#common/nats-nest'],
              message: 'Agent and CLI start fast: no NestJS.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', '**/testing/**/*.ts', 'test/**/*.ts', 'samples/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
