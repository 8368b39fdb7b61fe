import type { ConfigState } from '#common/config-log';
import { diagnostic, splitKey } from '#config';
import type { Diagnostic } from '#config';
import type { Refused } from './rollout.js';

const NOWHERE = { file: '', line: 0 };

/** What the authors of withdrawn config should know, as long as it stands in the log. */
export function withdrawnDiagnostics(
  refused: Iterable<Refused>,
  resources: ConfigState['resources'],
): Diagnostic[] {
  return [...refused].flatMap(({ config, inForce, name, proxy, message }) => {
    const held = resources.get(config);
    if (inForce === undefined || !held) return [];
    const { kind, namespace, name: own } = splitKey(config);
    const outcome = inForce === 'nothing' ? 'is left out' : `stays at its ${inForce}`;
    const reason = proxy === undefined ? "breaks a rule of Envoy's API" : 'is refused by Envoy';
    const words = `${kind} ${namespace}/${own} ${outcome}: with it '${name}' ${reason}: ${message}`;
    return [diagnostic('withdrawn', words, { origin: held.origin ?? NOWHERE, resource: config })];
  });
}
