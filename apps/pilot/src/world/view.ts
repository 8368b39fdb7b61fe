import type { DestinationRule, Sidecar, Telemetry, VirtualService } from '#config';
import type { Config } from '../model/config.js';
import type { GatewayTable } from '../model/gateways.js';
import type { CredentialSource, Found } from '../model/credential.js';
import type { Mesh } from '../model/mesh.js';
import type { MixerHeaders } from '../model/mixer-headers.js';
import type { EffectiveProxyConfig } from '../model/proxy-config.js';
import type { Patch, PatchedPart } from '../model/patch.js';
import type { Proxy } from '../model/proxy.js';
import type { Workload } from '../model/workload.js';
import type { Dialect, Endpoint, Protocol, Resolution, Service, ServicePort } from '../model/service.js';
import type { HostList } from './host-list.js';
import type { MtlsMode } from './peer-authentication.js';

/** What Pilot is started with and no config changes. */
export interface Environment {
  /** Where Mixer listens, `host:port` or {@link MIXER_BY_NAME}; without it no proxy is told of Mixer. */
  readonly mixer?: string;
  /** Used where MeshConfig states none. */
  readonly trustDomain?: string;
  readonly switches?: Switches;
  /** Where credentials come from, the first that has one counts; none by default. */
  readonly credentials?: readonly CredentialSource[];
}

/** In place of an address: proxies reach Mixer by the names that MeshConfig gives its two roles. */
export const MIXER_BY_NAME = 'by-name';

/** What Istio's pilot has environment variables for; everything is off unless Pilot is started with it. */
export interface Switches {
  /** PILOT_ENABLE_REDIS_FILTER: Redis is read, not only carried. */
  readonly redisFilter?: boolean;
  /** PILOT_HTTP10: HTTP/1.0 is taken from every application, not only where its proxy says HTTP10. */
  readonly http10?: boolean;
  /** PILOT_BLOCK_HTTP_ON_443=false: services may speak plain HTTP on HTTPS's port. */
  readonly httpOn443?: boolean;
  /** PILOT_SCOPE_GATEWAY_TO_NAMESPACE: Gateways select proxies of their own namespace only. */
  readonly scopeGatewayToNamespace?: boolean;
  /** ISTIO_DUAL_STACK: proxies with addresses of both families listen on both. */
  readonly dualStack?: boolean;
}

/** A service as lists show it: no more than the facts behind these lists promise to follow. */
export interface ServiceSummary {
  readonly host: string;
  readonly namespace: string;
  readonly resolution: Resolution;
  readonly ports: readonly Pick<ServicePort, 'number' | 'protocol'>[];
}

/** What a service does on a port, as far as listeners are concerned: HTTP shares one, all else is told apart. */
export type UseSort = 'http' | 'grpc-web' | 'other';

export interface PortUse {
  readonly host: string;
  readonly namespace: string;
  readonly protocol: Protocol;
  readonly dialect?: Dialect;
  /** Virtual addresses; empty for HTTP, whose listeners do not depend on them. */
  readonly addresses: readonly string[];
  /** When the service was made, and how its endpoints are found; absent for HTTP, whose services share a listener. */
  readonly createdAt?: string;
  readonly resolution?: Resolution;
}

/**
 * Who looks. The namespace is read only where the answer depends on it: what is picked without is made once for the
 * proxies of all namespaces (see ProxyReads).
 */
export type Viewer = Pick<Proxy, 'namespace'>;

/** The hosts of a VirtualService bound to a gateway. */
export interface BoundHosts {
  readonly namespace: string;
  readonly hosts: readonly string[];
}

export interface SidecarFrame extends Omit<Sidecar, 'egress'> {
  readonly egress?: readonly Omit<NonNullable<Sidecar['egress']>[number], 'hosts'>[];
}

/** A workload as an endpoint of a service. */
export interface Instance {
  readonly service: Service;
  readonly port: ServicePort;
  readonly endpoint: Endpoint;
  /** Where it serves the port. */
  readonly number: number;
}

/**
 * The questions that a selector may ask. Each records the facts that its answer depends on, and its answer depends on
 * no other. `from` is always the proxy, whose namespace decides what it may see.
 */
export interface WorldView {
  readonly environment: Environment;
  /**
   * The world as far as a proxy's Sidecar imports it: services and VirtualServices that it does not are not listed,
   * and what happens to them is no concern of this proxy. Gateways, and proxies without a Sidecar, see everything.
   */
  scopedTo(proxy: Proxy): WorldView;
  mesh(): Mesh;
  mixerHeaders(): MixerHeaders;
  /** A Secret, for a service account of its namespace. */
  credential(namespace: string, name: string, account: string): Found;

  services(from: Viewer): HostList<ServiceSummary>;
  /** Where not everything is imported: the services that the imported VirtualServices send to, imported or not. */
  destinations(from: Viewer): readonly ServiceSummary[];
  /** Numbers of all service ports, ascending. */
  ports(): readonly number[];
  /** @param sort of all sorts by default */
  servicesOnPort(port: number, from: Viewer, sort?: UseSort): HostList<PortUse>;
  /** The service of this host that the namespace sees: its own one first, else the oldest. */
  service(host: string, from: Viewer): Service | undefined;
  endpoints(host: string, from: Viewer): readonly Endpoint[];
  /** SPIFFE paths (`ns/<ns>/sa/<sa>`) and stated names that the endpoints of a host may prove, sorted. */
  accounts(host: string, from: Viewer): readonly string[];
  /** Whether any endpoint of a host has a sidecar that takes mTLS. */
  takesMtls(host: string, from: Viewer): boolean;
  /** Whether a service or a VirtualService of the mesh is called exactly this. */
  isTaken(host: string, from: Viewer): boolean;
  /** Hosts of the services with this virtual address, sorted. */
  hostsAt(address: string): readonly string[];

  /**
   * The proxy's own workload: the WorkloadEntry that its WORKLOAD_ENTRY names, the pod that it is called after, else
   * those of its namespace with its address, older first.
   */
  workloads(proxy: Proxy): readonly Workload[];
  instances(proxy: Proxy): readonly Instance[];
  mtls(namespace: string, labels: Readonly<Record<string, string>>, port: number): MtlsMode;

  /** The most specific VirtualService for this host among those of the mesh. */
  meshVirtualService(host: string, from: Viewer): Config<VirtualService> | undefined;
  /** All VirtualServices of the mesh for this host: the most specific first, then the older. */
  meshVirtualServices(host: string, from: Viewer): readonly Config<VirtualService>[];
  /** Those bound to a gateway under exactly this host that the namespace may see, older first. */
  gatewayVirtualServices(gateway: string, host: string, from: Viewer): readonly Config<VirtualService>[];
  /** Those bound to it under a wildcard that covers this host, the most specific first. */
  coveringVirtualServices(gateway: string, host: string, from: Viewer): readonly Config<VirtualService>[];
  /** The VirtualService of this name, if it is a delegate and VirtualServices of namespace `root` may use it. */
  delegate(namespace: string, name: string, root: string): Config<VirtualService> | undefined;
  /** @param gateway `namespace/name`, or `mesh`; only VirtualServices that the namespace may see */
  virtualServiceHosts(gateway: string, from: Viewer): readonly BoundHosts[];
  /** What it says of one host for the mesh: the namespaces of those that have exactly this one. */
  namespacesBinding(host: string, from: Viewer): readonly string[];

  /** The DestinationRules that together decide about a host, older first. */
  destinationRules(host: string, proxy: Proxy): readonly Config<DestinationRule>[];
  /** The names of a host's subsets. */
  subsets(host: string, proxy: Proxy): readonly string[];

  /** All that the Gateways which select a proxy make it do. */
  gatewayTable(proxy: Proxy): GatewayTable;
  sidecar(proxy: Proxy): Config<Sidecar> | undefined;
  /** All of it but what its listeners import, which changes most often. */
  sidecarFrame(proxy: Proxy): SidecarFrame | undefined;
  /** The Telemetry resources that count for a proxy, the most general first. */
  telemetries(proxy: Proxy): readonly Config<Telemetry>[];
  /** How a proxy is set up: by the mesh, by ProxyConfigs, by itself. */
  proxyConfig(proxy: Proxy): EffectiveProxyConfig;
  /** The clusters in which a proxy is not. One that does not say where it is, or nowhere known, is where Pilot is. */
  otherClusters(proxy: Proxy): ReadonlySet<string>;
  /**
   * What EnvoyFilters say of one part of the proxy's config, in the order in which it is applied: the root namespace's
   * first, in each namespace the lower priority, then the older. Whom they select is not looked at.
   */
  patches(proxy: Proxy, part: PatchedPart): readonly Patch[];
}
