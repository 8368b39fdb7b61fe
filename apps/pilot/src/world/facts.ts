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
  sidecars: (namespace: string): Fact => `sidecars/${namespace}`,
  telemetries: (namespace: string): Fact => `telemetries/${namespace}`,
  proxyConfigs: (namespace: string): Fact => `proxy-configs/${namespace}`,
  peerAuthentications: (namespace: string): Fact => `peer-authentications/${namespace}`,
} as const;
