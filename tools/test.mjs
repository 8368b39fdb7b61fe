/**
 * `npm test`: everything, in one command: generated code, format, lint, types, unit tests, tests on the real parts, the
 * demo's tour, and the benchmark against its baseline. Arguments are handed to jest and leave out all but the tests
 * that they name (`npm test -- apps/pilot`). Prints how many tests passed, failed and were skipped; in CI (CI=true) a
 * skipped test fails the run, for there every real part has to be there.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root, runNode } from './bootstrap.mjs';

const say = (text) => process.stderr.write(`quartet: ${text}\n`);
const filters = process.argv.slice(2);
const bin = (name) => join(root, 'node_modules', name);

async function main() {
  await bootstrap({ say });
  const { generateProto } = await import('./generate-proto.mjs');
  await generateProto({ types: true });
  const everything = filters.length === 0;
  const leftOut = await withoutKubernetes(everything);
  const broken = everything ? failing(STATIC_CHECKS) : [];
  const runs = everything
    ? [
        jest('--selectProjects', 'unit', 'real', '--maxWorkers', '2'),
        jest('--selectProjects', 'timed', '--runInBand'),
      ]
    : [jest(...filters, '--runInBand')];
  if (everything) broken.push(...failing(FIGURES));
  if (leftOut) say(leftOut);
  finish(runs, broken);
}

/**
 * Gets the programs of a Kubernetes control plane, where there is Go to build them; in CI they have to be there. What
 * is left out without them, in words; undefined where nothing is. A run of some tests does not build.
 */
async function withoutKubernetes(everything) {
  const { missingKubernetes } = await import('../dist/libs/common/src/testing/index.js');
  try {
    const { ensureKubernetes } = await import('./kubernetes.mjs');
    if (everything || process.env.CI) await ensureKubernetes({ say });
  } catch (error) {
    if (process.env.CI) throw error;
    say(error.message);
  }
  const missing = missingKubernetes();
  if (missing.length === 0) return undefined;
  return `left out: tests against a real kube-apiserver (no ${missing.join(', ')}; CONTRIBUTING.md says how to get them)`;
}

const STATIC_CHECKS = [
  ['prettier', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  ['eslint', [bin('eslint/bin/eslint.js'), '--max-warnings', '0', '.']],
  ['tsc', [bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json']],
];

/** After the tests, when nothing else runs. */
const FIGURES = [['bench', [join(root, 'dist/test/bench/main.js'), '--quick', '--check']]];

/** The names of those that fail. */
function failing(checks) {
  const failed = checks.filter(([name, args]) => {
    say(name);
    return runNode(args) !== 0;
  });
  return failed.map(([name]) => name);
}

function jest(...args) {
  const report = join(root, '.cache/test-report.json');
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(report, { force: true });
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' };
  const program = [bin('jest/bin/jest.js'), '--json', '--outputFile', report];
  const status = runNode([...program, ...args], { env, stdio: ['ignore', 2, 2] });
  const result = JSON.parse(readFileSync(report, 'utf8'));
  return {
    ok: status === 0,
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

function finish(runs, broken) {
  const sum = (field) => runs.reduce((total, run) => total + run[field], 0);
  for (const check of broken) say(`failed: ${check}`);
  const complete = !process.env.CI || sum('skipped') === 0;
  if (!complete) say('skipped tests in CI: a real part is missing');
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
  const ok = broken.length === 0 && sum('failed') === 0 && runs.every((run) => run.ok) && complete;
  process.exit(ok ? 0 : 1);
}

try {
  await main();
} catch (error) {
  say(error.message);
  process.exit(1);
}
