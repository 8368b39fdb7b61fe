import type { Scope } from '../problem.js';
import { CelReader } from './cel-reader.js';

const MAX_LENGTH = 4096;

/** A CEL expression as Envoy reads it in access log filters: Envoy refuses a listener for one that it cannot. */
export function checkCel(expression: string, scope: Scope): void {
  if (expression.length > MAX_LENGTH)
    return scope.error(`the expression is longer than ${MAX_LENGTH} characters`);
  const problem = new CelReader(expression).problem();
  if (problem) scope.error(`no CEL expression: ${problem}`);
}
