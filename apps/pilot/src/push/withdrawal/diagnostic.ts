import type { Diagnostic } from '#config';
import { CODES, splitKey } from '#config';
import type { World } from '../../model/contract.js';
import type { Withdrawal } from './withdrawal.js';

/** What the author of a withdrawn config should know. */
export function withdrawalDiagnostic(
  { key, standIn, name, proxy, message }: Withdrawal,
  world: World | undefined,
): Diagnostic {
  const { kind, namespace, name: own } = splitKey(key);
  const outcome = standIn ? 'stays at its last good form' : 'is left out';
  const reason = proxy === undefined ? 'breaks a rule of its API' : 'is refused by Envoy';
  return {
    ...CODES.withdrawn,
    message: `${kind} ${namespace}/${own} ${outcome}: with it '${name}' ${reason}: ${message}`,
    path: '',
    origin: world?.origin(key) ?? { file: '', line: 0 },
    resource: key,
  };
}
