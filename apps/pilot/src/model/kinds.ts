import type { ResourceKey } from '#config';
import { splitKey } from '#config';

/** The kinds that Pilot reads, as `group/Kind`. */
export const KIND = {
  serviceEntry: 'networking.istio.io/ServiceEntry',
  workloadEntry: 'networking.istio.io/WorkloadEntry',
  virtualService: 'networking.istio.io/VirtualService',
  destinationRule: 'networking.istio.io/DestinationRule',
  gateway: 'networking.istio.io/Gateway',
  sidecar: 'networking.istio.io/Sidecar',
  envoyFilter: 'networking.istio.io/EnvoyFilter',
  peerAuthentication: 'security.istio.io/PeerAuthentication',
  telemetry: 'telemetry.istio.io/Telemetry',
  proxyConfig: 'networking.istio.io/ProxyConfig',
  mesh: 'mesh.istio.io/MeshConfig',
  rule: 'config.istio.io/rule',
  instance: 'config.istio.io/instance',
} as const;

export type Kind = (typeof KIND)[keyof typeof KIND];

const KINDS: ReadonlySet<string> = new Set(Object.values(KIND));

/** The kind of a key; undefined for those that Pilot does not read. */
export function kindOf(key: ResourceKey): Kind | undefined {
  const { group, kind } = splitKey(key);
  const name = `${group}/${kind}`;
  return KINDS.has(name) ? (name as Kind) : undefined;
}
