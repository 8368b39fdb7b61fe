/**
 * `npm test`: everything, in one command: generated code, format, lint, types, unit tests, tests on the real parts.
 * Arguments are handed to jest and skip the static checks (`npm test -- apps/pilot`). Prints how many tests passed,
 * failed and were skipped; in CI (CI=true) a skipped test fails the run, for there every real part has to be there.
 */
import { readFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root, runNode } from './bootstrap.mjs';

const say = (text) => process.stderr.write(`quartet: ${text}\n`);
const filters = process.argv.slice(2);
const bin = (name) => join(root, 'node_modules', name);

async function main() {
  await bootstrap({ say });
  const { generateProto } = await import('./generate-proto.mjs');
  await generateProto({ types: true });
  const broken = filters.length > 0 ? [] : staticChecks();
  const tests = jest();
  for (const check of broken) say(`failed: ${check}`);
  process.stdout.write(`${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped\n`);
  const complete = !process.env.CI || tests.skipped === 0;
  if (!complete) say('skipped tests in CI: a real part is missing');
  process.exit(broken.length === 0 && tests.failed === 0 && tests.ok && complete ? 0 : 1);
}

function staticChecks() {
  const checks = [
    ['prettier', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
    ['eslint', [bin('eslint/bin/eslint.js'), '--max-warnings', '0', '.']],
    ['tsc', [bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json']],
  ];
  return checks
    .filter(([name, args]) => {
      say(name);
      return runNode(args) !== 0;
    })
    .map(([name]) => name);
}

/** One worker: the tests start real servers and measure times, and would only disturb each other. */
function jest() {
  const report = join(root, '.cache/test-report.json');
  mkdirSync(join(root, '.cache'), { recursive: true });
  const args = [bin('jest/bin/jest.js'), '--json', '--outputFile', report, '--maxWorkers', '2', ...filters];
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' };
  const status = runNode(args, { env, stdio: ['ignore', 2, 2] });
  const result = JSON.parse(readFileSync(report, 'utf8'));
  return {
    ok: status === 0,
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

try {
  await main();
} catch (error) {
  say(error.message);
  process.exit(1);
}
