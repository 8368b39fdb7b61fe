import type { Diagnostic } from '#config';
import { splitKey } from '#config';
import type { World } from '../../model/contract.js';
import type { Withdrawal } from './withdrawals.js';

/** What the author of a withdrawn config should know. */
export function withdrawalDiagnostic(
  { key, name, message }: Withdrawal,
  world: World | undefined,
): Diagnostic {
  const { kind, namespace, name: own } = splitKey(key);
  return {
    code: 'QT2002',
    level: 'Error',
    message: `${kind} ${namespace}/${own} is left out: with it Envoy refuses '${name}': ${message}`,
    path: '',
    origin: world?.origin(key) ?? { file: '', line: 0 },
    resource: key,
  };
}
