import { logTails } from './process.js';

let kept = false;

/** Prints the end of what every running process wrote, at the first failure of a test file. */
export function keepLogs(): void {
  if (kept) return;
  kept = true;
  const tails = logTails(80);
  if (tails !== '') process.stderr.write(`A test failed; what ran beside it wrote last:\n${tails}\n`);
}
