import type { Fact } from '../model/contract.js';

/** The names of facts: written by the indexes when they change, read by the view when it is asked. */
export const fact = {
  mesh: 'mesh',
  /** Which hosts there are, and who may see them. */
  services: 'services',
  /** Which ports any service has, and whether HTTP or not. */
  ports: 'ports',
  gateways: 'gateways',
  /** Which wildcard hosts VirtualServices and DestinationRules have. */
  wildcardVirtualServices: 'vs-wildcards',
  wildcardDestinationRules: 'dr-wildcards',
  /** Which host has which subsets. */
  subsets: 'dr-subsets',
  /** Which headers Mixer's expressions read. */
  mixerHeaders: 'mixer-headers',
  service: (host: string): Fact => `service/${host}`,
  /** Which services have this port. */
  servicesOnPort: (port: number): Fact => `services-on/${port}`,
  servicesAt: (address: string): Fact => `services-at/${address}`,
  endpoints: (host: string): Fact => `endpoints/${host}`,
  /** The identities that a host's endpoints run as. */
  accounts: (host: string): Fact => `accounts/${host}`,
  workload: (namespace: string, name: string): Fact => `workload/${namespace}/${name}`,
  workloadsAt: (address: string): Fact => `workloads-at/${address}`,
  /** Which services a workload (by key or address) is an endpoint of, and as what. */
  servicesOf: (instance: string): Fact => `services-of/${instance}`,
  virtualService: (host: string): Fact => `vs/${host}`,
  /** Which hosts the VirtualServices of a gateway have; `mesh` is one. */
  virtualServiceHosts: (gateway: string): Fact => `vs-hosts/${gateway}`,
  destinationRule: (host: string): Fact => `dr/${host}`,
  sidecars: (namespace: string): Fact => `sidecars/${namespace}`,
  peerAuthentications: (namespace: string): Fact => `peer-authentications/${namespace}`,
} as const;
