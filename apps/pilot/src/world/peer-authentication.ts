import type { MutualTLSMode, PeerAuthentication, ResourceKey } from '#config';
import type { Config } from '../model/config.js';
import { matches } from '../model/workload.js';

export interface MtlsMode {
  readonly mode: 'DISABLE' | 'PERMISSIVE' | 'STRICT';
  readonly sources: readonly ResourceKey[];
}

type Labels = Readonly<Record<string, string>>;

/**
 * The mode of one port: the policy of the workload, its namespace, the mesh, in this order, each as far as it states
 * one; the oldest policy of a scope counts. PERMISSIVE where none does.
 *
 * @param local policies of the workload's namespace, older first
 * @param root policies of the root namespace; those with a selector do not count
 * @see https://istio.io/latest/docs/reference/config/security/peer_authentication/
 */
export function mtlsMode(
  local: readonly Config<PeerAuthentication>[],
  root: readonly Config<PeerAuthentication>[],
  labels: Labels,
  port: number,
): MtlsMode {
  const workload = local.find(
    (policy) => hasSelector(policy) && matches(policy.spec.selector?.matchLabels, labels),
  );
  const scopes = [
    workload,
    local.find((policy) => !hasSelector(policy)),
    root.find((policy) => !hasSelector(policy)),
  ];
  const candidates: [Config<PeerAuthentication> | undefined, MutualTLSMode | undefined][] = [
    [workload, workload?.spec.portLevelMtls?.[String(port)]?.mode],
    ...scopes.map((policy): [typeof policy, MutualTLSMode | undefined] => [policy, policy?.spec.mtls?.mode]),
  ];
  for (const [policy, mode] of candidates) {
    if (policy && mode && mode !== 'UNSET') return { mode, sources: [policy.key] };
  }
  return { mode: 'PERMISSIVE', sources: [] };
}

function hasSelector({ spec }: Config<PeerAuthentication>): boolean {
  return Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
}
