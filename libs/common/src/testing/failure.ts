import { logTails } from './process.js';

/**
 * Prints the end of what every running process wrote, where a test of this file failed. The test environment
 * (tools/jest-environment.mjs) is who knows.
 */
export function keepLogsOnFailure(): void {
  const { quartetTestFailed } = globalThis as { quartetTestFailed?: boolean };
  if (!quartetTestFailed) return;
  const tails = logTails(80);
  if (tails !== '') process.stderr.write(`A test failed; what ran beside it wrote last:\n${tails}\n`);
}
