import { contentVersion } from '../cache/index.js';
import { ABSENT, type Held } from './held.js';

/** One version for all that a client holds of a type, whatever order it came in. */
export function stateVersion(state: Iterable<readonly [string, Held]>): string {
  const lines = [...state].filter(([, held]) => held.version !== ABSENT.version);
  const sorted = lines.map(([name, { version }]) => `${name}\0${version}`).sort();
  return contentVersion(sorted.join('\n'));
}
