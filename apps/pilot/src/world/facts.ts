import type { Fact } from '../model/contract.js';
import type { MeshSettings } from '../model/mesh-settings.js';
import type { PatchedPart } from '../model/patch.js';

/** The names of facts: written by the indexes when they change, read by the view when it is asked. */
export const fact = {
  /** Which hosts there are, and who may see them. */
  services: 'services',
  /** Which ports any service has, and whether HTTP or not. */
  ports: 'ports',
  /** Which wildcard hosts VirtualServices have. */
  wildcardVirtualServices: 'vs-wildcards',
  /** Which host has which subsets. */
  subsets: 'dr-subsets',
  /** Which headers Mixer's expressions read. */
  mixerHeaders: 'mixer-headers',
  /** Which clusters there are. */
  clusters: 'clusters',
  /** A group of the mesh's settings. */
  mesh: (settings: MeshSettings): Fact => `mesh/${settings}`,
  service: (host: string): Fact => `service/${host}`,
  /** What `services` states, of one namespace and of one host: all that a Sidecar which imports no more asks for. */
  servicesIn: (namespace: string): Fact => `services-in/${namespace}`,
  listed: (host: string): Fact => `listed/${host}`,
  /** What `ports` and `services-on` state, likewise. */
  portsIn: (namespace: string): Fact => `ports-in/${namespace}`,
  portsOf: (host: string): Fact => `ports-of/${host}`,
  /** Which services have this port. */
  servicesOnPort: (port: number): Fact => `services-on/${port}`,
  servicesAt: (address: string): Fact => `services-at/${address}`,
  /** Which automatic addresses belong to another service than before: two have the same hash, and one came or went. */
  autoAddresses: 'auto-addresses',
  endpoints: (host: string): Fact => `endpoints/${host}`,
  /** The identities that a host's endpoints run as, and whether any takes mTLS. */
  accounts: (host: string): Fact => `accounts/${host}`,
  workload: (namespace: string, name: string): Fact => `workload/${namespace}/${name}`,
  workloadsAt: (address: string): Fact => `workloads-at/${address}`,
  /** Which services a workload (by key or address) is an endpoint of, and as what. */
  servicesOf: (instance: string): Fact => `services-of/${instance}`,
  virtualService: (host: string): Fact => `vs/${host}`,
  /** A VirtualService without hosts, to which others delegate. */
  delegate: (namespace: string, name: string): Fact => `vs-delegate/${namespace}/${name}`,
  /** Which hosts the VirtualServices of a gateway have; `mesh` is one. */
  virtualServiceHosts: (gateway: string): Fact => `vs-hosts/${gateway}`,
  /** Hosts and destinations of the VirtualServices of sidecars, by the namespace and by the host. */
  importableIn: (namespace: string): Fact => `vs-imports-in/${namespace}`,
  importable: (host: string): Fact => `vs-imports/${host}`,
  wildcardVirtualServicesIn: (namespace: string): Fact => `vs-wildcards-in/${namespace}`,
  /** The rules with this host. One whose wildcard ends within a label counts as one with the next label's, too. */
  destinationRule: (host: string): Fact => `dr/${host}`,
  /** What `subsets` states, likewise. */
  subsetsOf: (host: string): Fact => `dr-subsets/${host}`,
  /** Whether any EnvoyFilter of the mesh changes this part of a proxy's config. */
  anyEnvoyFilters: (part: PatchedPart): Fact => `envoy-filters/${part}`,
  /** Which EnvoyFilters of a namespace do, and what they say of this part. */
  envoyFilters: (part: PatchedPart, namespace: string): Fact => `envoy-filters/${part}/${namespace}`,
  /** Gateways that ask for a label, `key=value`; the empty text: those that ask for none. */
  gateways: (label: string): Fact => `gateways/${label}`,
  /** Whether there are Sidecars at all. */
  anySidecars: 'any-sidecars',
  sidecars: (namespace: string): Fact => `sidecars/${namespace}`,
  /** What `sidecars` states, but for the single hosts that they import. */
  sidecarFrames: (namespace: string): Fact => `sidecar-frames/${namespace}`,
  /** Whether they import this host, or one that the wildcard covers. */
  imports: (namespace: string, host: string): Fact => `imports/${namespace}/${host}`,
  telemetries: (namespace: string): Fact => `telemetries/${namespace}`,
  proxyConfigs: (namespace: string): Fact => `proxy-configs/${namespace}`,
  /** A credential by its id, who may have it, and whether all those of a namespace are known. */
  credential: (id: string): Fact => `credential/${id}`,
  credentialAccess: (account: string): Fact => `credential-access/${account}`,
  credentialsKnown: (namespace: string): Fact => `credentials/${namespace}`,
  peerAuthentications: (namespace: string): Fact => `peer-authentications/${namespace}`,
} as const;

/** The hosts, or whatever else it is that facts of one sort are about, of which the facts changed. */
export function subjectsOf(changed: Iterable<Fact>, sort: (subject: string) => Fact): string[] {
  const prefix = sort('');
  return [...changed].filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
}
