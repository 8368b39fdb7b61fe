import type { DestinationRule, Sidecar, Telemetry, VirtualService } from '#config';
import type { Config } from '../model/config.js';
import { byAge } from '../model/config.js';
import type { Fact } from '../model/contract.js';
import type { Found } from '../model/credential.js';
import { gatewayTable, type GatewayTable } from '../model/gateways.js';
import { fullHost, wildcardsOver } from '../model/host.js';
import { recordedMesh } from '../model/mesh-settings.js';
import type { Mesh } from '../model/mesh.js';
import type { MixerHeaders } from '../model/mixer-headers.js';
import type { EffectiveProxyConfig } from '../model/proxy-config.js';
import type { Patch, PatchedPart } from '../model/patch.js';
import type { Proxy } from '../model/proxy.js';
import type { Endpoint, Service } from '../model/service.js';
import { endpointPort } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import { rulesFor } from './destination-rules.js';
import { fact } from './facts.js';
import { foundCredential } from './found-credential.js';
import { placeOf, placedServers } from './gateway-servers.js';
import type { HostList } from './host-list.js';
import { filedUnder } from './indexes/gateway-index.js';
import type { Indexes } from './indexes/indexes.js';
import type { Hosted } from './indexes/hosted.js';
import { accountsOf, portUse, sortOf, wantsAddress } from './indexes/service-index.js';
import {
  MESH_GATEWAY,
  delegatesNamedBy,
  destinationHosts,
  gatewaysOf,
  hostsOf,
} from './indexes/virtual-service-index.js';
import { ownProxyConfig, ownTelemetries } from './own-settings.js';
import { ownSidecar, type SidecarFact } from './own-sidecar.js';
import { ownEndpoints, ownWorkloads } from './own-workload.js';
import type { MtlsMode } from './peer-authentication.js';
import { mtlsMode } from './peer-authentication.js';
import { RecordedScope } from './recorded-scope.js';
import { once, Seen } from './seen.js';
import type {
  BoundHosts,
  Environment,
  Instance,
  PortUse,
  ServiceSummary,
  SidecarFrame,
  UseSort,
  Viewer,
  WorldView,
} from './view.js';
import { isVisible } from './visibility.js';

type Labels = Readonly<Record<string, string>>;

/** Answers from the indexes, and writes down which facts it answered from. */
export class RecordedView implements WorldView {
  private known: RecordedScope | undefined;
  private readonly recordedMesh: Mesh;

  /** @param viewer whose Sidecar limits what is seen; without one everything is */
  constructor(
    readonly environment: Environment,
    private readonly indexes: Indexes,
    private readonly record: (fact: Fact) => void,
    private readonly clusters: readonly string[] = [],
    private readonly viewer?: Proxy,
    private readonly seen: Seen = Seen.nothing(),
  ) {
    this.recordedMesh = recordedMesh(indexes.mesh.mesh, (settings) => record(fact.mesh(settings)));
  }

  scopedTo(proxy: Proxy): WorldView {
    return new RecordedView(this.environment, this.indexes, this.record, this.clusters, proxy, this.seen);
  }

  /** Found on first use: where there is nothing to choose, whom the Sidecar selects need not be asked. */
  private get scope(): RecordedScope {
    return (this.known ??= this.viewerScope());
  }

  private viewerScope(): RecordedScope {
    const { viewer } = this;
    if (!viewer || viewer.type === 'router') return RecordedScope.everything;
    return RecordedScope.of(this.ownSidecar(viewer, fact.sidecarFrames), viewer, this.record);
  }

  /** Records what of `everything` the scope looks at. */
  private watch(
    everything: Fact,
    inNamespace: (namespace: string) => Fact,
    ofHost: (host: string) => Fact,
  ): void {
    const { extent } = this.scope;
    if (extent.everything) return this.record(everything);
    for (const namespace of extent.namespaces) this.record(inNamespace(namespace));
    for (const host of extent.hosts) this.record(ofHost(host));
  }

  /** The hosts of services that the scope may import. */
  private candidates(): string[] {
    const { everything, namespaces, hosts } = this.scope.extent;
    const { services } = this.indexes;
    if (everything) return services.hosts();
    const held = namespaces.flatMap((namespace) => services.hostsIn(namespace));
    return [...new Set([...held, ...hosts])].sort();
  }

  mesh(): Mesh {
    return this.recordedMesh;
  }

  otherClusters({ clusterId }: Proxy): ReadonlySet<string> {
    this.record(fact.clusters);
    const [first] = this.clusters;
    const own = this.clusters.includes(clusterId) ? clusterId : first;
    return new Set(this.clusters.filter((id) => id !== own));
  }

  mixerHeaders(): MixerHeaders {
    this.record(fact.mixerHeaders);
    return this.indexes.mixer.headers;
  }

  credential(namespace: string, name: string, account: string): Found {
    return foundCredential(this.indexes.credentials, this.record, { namespace, name, account });
  }

  services(from: Viewer): HostList<ServiceSummary> {
    this.watch(fact.services, fact.servicesIn, fact.listed);
    this.record(fact.mesh('visibility'));
    return this.seen.list(
      `${this.seer(from)} ${this.viewer?.type === 'router'} ${this.scope.id}`,
      () => this.candidates(),
      (host) => this.reached(this.imported(host, from)?.service),
    );
  }

  /** Who sees services as this viewer does: its namespace, or everybody. */
  private seer(from: Viewer): string {
    const { indexes } = this;
    const isUniform = indexes.services.isUniform && this.mesh().defaultServiceExportTo.includes('*');
    return isUniform ? '*' : from.namespace;
  }

  destinations(from: Viewer): readonly ServiceSummary[] {
    if (this.scope.isEverything) return [];
    const imported = this.importedVirtualServices(from);
    const routes = imported.flatMap((config) => [config, ...this.delegatesOf(config)]);
    const proxied = this.viewer && this.sidecar(this.viewer)?.spec.outboundTrafficPolicy?.egressProxy;
    const hosts = routes.flatMap(destinationHosts);
    if (proxied) hosts.push(fullHost(proxied.host, from.namespace));
    return [...new Set(hosts)].sort().flatMap((host) => {
      this.record(fact.listed(host));
      return this.reached(this.pick(host, from)?.service) ?? [];
    });
  }

  ports(): readonly number[] {
    this.watch(fact.ports, fact.portsIn, fact.portsOf);
    const { services } = this.indexes;
    if (this.scope.extent.everything) return services.ports();
    const ports = this.candidates().flatMap((host) => services.portsOf(host));
    return [...new Set(ports)].sort((a, b) => a - b);
  }

  servicesOnPort(port: number, from: Viewer, sort?: UseSort): HostList<PortUse> {
    this.watch(fact.servicesOnPort(port), fact.portsIn, fact.portsOf);
    this.record(fact.mesh('visibility'));
    const { services } = this.indexes;
    if (this.viewer?.autoAllocate) this.record(fact.autoAddresses);
    const { autoAllocate, clusterId } = this.viewer ?? {};
    return this.seen.list(
      `${sort} on ${port} ${this.seer(from)} ${autoAllocate} ${clusterId} ${this.scope.id}`,
      () => (this.scope.extent.everything ? services.onPort(port) : this.candidates()),
      (host) => {
        const service = this.reached(this.imported(host, from)?.service);
        const use = service && portUse(this.addressed(service), port);
        return use && (!sort || sortOf(use) === sort) ? use : undefined;
      },
    );
  }

  service(host: string, from: Viewer): Service | undefined {
    this.record(fact.service(host));
    const service = this.reached(this.pick(host, from)?.service);
    return service && this.addressed(service);
  }

  /**
   * A service as the viewer has it: under the addresses of its cluster; and a gateway's clients do not choose among the
   * endpoints of a headless one, it does.
   */
  private reached(service: Service | undefined): Service | undefined {
    const { viewer } = this;
    const seen = service?.addressesIn && viewer ? service.in(viewer.clusterId) : service;
    return seen?.headless && viewer?.type === 'router' ? seen.withEndpoints() : seen;
  }

  /** With the address that the viewer's name server makes up where the service has none. */
  private addressed(service: Service): Service {
    if (!this.viewer?.autoAllocate || !wantsAddress(service)) return service;
    this.record(fact.autoAddresses);
    const address = this.indexes.services.auto.addressOf(service.host);
    return address === undefined ? service : service.at(address);
  }

  endpoints(host: string, from: Viewer): readonly Endpoint[] {
    this.record(fact.service(host));
    this.record(fact.endpoints(host));
    return this.pick(host, from)?.endpoints ?? [];
  }

  accounts(host: string, from: Viewer): readonly string[] {
    this.record(fact.service(host));
    this.record(fact.accounts(host));
    const hosted = this.pick(host, from);
    return hosted ? accountsOf(hosted) : [];
  }

  takesMtls(host: string, from: Viewer): boolean {
    this.record(fact.service(host));
    this.record(fact.accounts(host));
    return this.pick(host, from)?.endpoints.some(({ tlsMode }) => tlsMode === 'istio') ?? false;
  }

  isTaken(host: string, from: Viewer): boolean {
    this.record(fact.virtualService(host));
    const named = this.indexes.virtualServices.table.at(host).some((config) => this.inMesh(config, from));
    return named || this.service(host, from) !== undefined;
  }

  hostsAt(address: string): readonly string[] {
    this.record(fact.servicesAt(address));
    const { services } = this.indexes;
    const hosts = [...services.atAddress(address), ...this.allocatedAt(address)].filter((host) =>
      services.ofHost(host).some(({ service }) => this.isAt(service, address)),
    );
    if (hosts.length < 2 || this.scope.isEverything) return hosts;
    return hosts.filter((host) => {
      this.record(fact.service(host));
      return this.indexes.services
        .ofHost(host)
        .some(({ service }) => this.scope.imports(service.namespace, host));
    });
  }

  /** Another cluster may have the address for something else. */
  private isAt(service: Service, address: string): boolean {
    if (!service.addressesIn) return true;
    this.record(fact.service(service.host));
    return this.reached(service)?.addresses.includes(address) ?? false;
  }

  private allocatedAt(address: string): string[] {
    if (!this.viewer?.autoAllocate) return [];
    this.record(fact.autoAddresses);
    return [this.indexes.services.auto.hostAt(address) ?? []].flat();
  }

  workloads(proxy: Proxy): readonly Workload[] {
    return ownWorkloads(this.indexes.services, this.record, proxy);
  }

  instances(proxy: Proxy): readonly Instance[] {
    const { hosts, isMine } = ownEndpoints(this.indexes.services, this.record, proxy);
    return hosts.flatMap((host) => this.instancesIn(host, isMine, proxy));
  }

  private instancesIn(host: string, isMine: (endpoint: Endpoint) => boolean, from: Viewer): Instance[] {
    this.record(fact.service(host));
    // A workload serves what it is an endpoint of, whatever its Sidecar imports, and before it takes traffic. Not by `endpoints`: of those only the own one counts, for which `servicesOf` stands.
    const hosted = this.visible(host, from)[0];
    const endpoint = hosted && (hosted.endpoints.find(isMine) ?? hosted.idle.find(isMine));
    if (!hosted || !endpoint) return [];
    const { service } = hosted;
    return service.ports.flatMap((port) => {
      const number = endpointPort(endpoint, port);
      return number === undefined ? [] : [{ service, port, endpoint, number }];
    });
  }

  mtls(namespace: string, labels: Labels, port: number): MtlsMode {
    const { rootNamespace } = this.mesh();
    this.record(fact.peerAuthentications(namespace));
    this.record(fact.peerAuthentications(rootNamespace));
    const { peerAuthentications } = this.indexes;
    return mtlsMode(peerAuthentications.in(namespace), peerAuthentications.in(rootNamespace), labels, port);
  }

  meshVirtualService(host: string, from: Viewer): Config<VirtualService> | undefined {
    this.watchWildcards();
    const { table } = this.indexes.virtualServices;
    for (const pattern of [host, ...table.covering(host)]) {
      this.record(fact.virtualService(pattern));
      const first = table.at(pattern).find((config) => this.inMesh(config, from) && this.meets(config));
      if (first) return first;
    }
    return undefined;
  }

  meshVirtualServices(host: string, from: Viewer): readonly Config<VirtualService>[] {
    this.watchWildcards();
    const { table } = this.indexes.virtualServices;
    const found = [host, ...table.covering(host)].flatMap((pattern) => {
      this.record(fact.virtualService(pattern));
      return table.at(pattern).filter((config) => this.inMesh(config, from) && this.meets(config));
    });
    return [...new Set(found)];
  }

  /** Which wildcards there are among the VirtualServices that the scope may import. */
  private watchWildcards(): void {
    const { namespaces } = this.scope;
    if (namespaces.includes('*')) return this.record(fact.wildcardVirtualServices);
    for (const namespace of namespaces) this.record(fact.wildcardVirtualServicesIn(namespace));
  }

  private meets(config: Config<VirtualService>): boolean {
    const { scope } = this;
    return scope.isEverything || hostsOf(config).some((host) => scope.meets(config.namespace, host));
  }

  /** VirtualServices of the mesh in a scope that does not import everything. */
  private importedVirtualServices(from: Viewer): Config<VirtualService>[] {
    const { everything, namespaces, hosts } = this.scope.extent;
    const { virtualServices } = this.indexes;
    this.watch(fact.virtualServiceHosts(MESH_GATEWAY), fact.importableIn, fact.importable);
    if (everything) return this.importedFrom(virtualServices.ofGateway(MESH_GATEWAY), from);
    this.watchWildcards();
    const patterns = hosts.flatMap((host) => [host, ...virtualServices.table.covering(host)]);
    const found = [...new Set(patterns)].flatMap((pattern) => {
      this.record(fact.importable(pattern));
      return virtualServices.table.at(pattern);
    });
    const held = namespaces.flatMap((each) => virtualServices.inNamespace(each));
    return this.importedFrom([...held, ...found], from);
  }

  private importedFrom(found: readonly Config<VirtualService>[], from: Viewer): Config<VirtualService>[] {
    const seen = [...new Set(found)].filter((config) => this.inMesh(config, from) && this.meets(config));
    return seen.sort(byAge);
  }

  private inMesh(config: Config<VirtualService>, from: Viewer): boolean {
    return gatewaysOf(config).includes(MESH_GATEWAY) && this.isExported(config, from);
  }

  private isExported({ namespace, spec }: Config<VirtualService>, viewer: Viewer): boolean {
    return isVisible(namespace, spec.exportTo, this.mesh().defaultVirtualServiceExportTo, viewer);
  }

  gatewayVirtualServices(gateway: string, host: string, from: Viewer): readonly Config<VirtualService>[] {
    this.record(fact.virtualService(host));
    return this.indexes.virtualServices.table
      .at(host)
      .filter((config) => gatewaysOf(config).includes(gateway) && this.isExported(config, from));
  }

  coveringVirtualServices(gateway: string, host: string, from: Viewer): readonly Config<VirtualService>[] {
    this.record(fact.wildcardVirtualServices);
    const wildcards = this.indexes.virtualServices.table.covering(host);
    return wildcards.flatMap((wildcard) => this.gatewayVirtualServices(gateway, wildcard, from));
  }

  private delegatesOf(root: Config<VirtualService>): Config<VirtualService>[] {
    return delegatesNamedBy(root).flatMap(
      ({ namespace, name }) => this.delegate(namespace, name, root.namespace) ?? [],
    );
  }

  delegate(namespace: string, name: string, root: string): Config<VirtualService> | undefined {
    this.record(fact.delegate(namespace, name));
    const found = this.indexes.virtualServices.delegate(namespace, name);
    return found && this.isExported(found, { namespace: root }) ? found : undefined;
  }

  virtualServiceHosts(gateway: string, from: Viewer): readonly BoundHosts[] {
    if (gateway === MESH_GATEWAY && !this.scope.isEverything) {
      const imported = this.importedVirtualServices(from);
      return imported.map((config) => ({ namespace: config.namespace, hosts: hostsOf(config) }));
    }
    this.record(fact.virtualServiceHosts(gateway));
    return this.indexes.virtualServices
      .ofGateway(gateway)
      .filter((config) => this.isExported(config, from))
      .map((config) => ({ namespace: config.namespace, hosts: hostsOf(config) }));
  }

  namespacesBinding(host: string, from: Viewer): readonly string[] {
    this.watch(fact.virtualServiceHosts(MESH_GATEWAY), fact.importableIn, fact.importable);
    const bound = this.indexes.virtualServices.table.at(host);
    return bound
      .filter((config) => this.inMesh(config, from) && this.meets(config))
      .map(({ namespace }) => namespace);
  }

  destinationRules(host: string, proxy: Proxy): readonly Config<DestinationRule>[] {
    this.record(fact.service(host));
    this.watchRules(host, fact.destinationRule);
    return this.rules(host, proxy);
  }

  /** Rules for the host itself, and for the wildcards over it that there are or may come to be. */
  private watchRules(host: string, ofHost: (host: string) => Fact): void {
    const { table } = this.indexes.destinationRules;
    for (const pattern of [host, ...table.covering(host), ...wildcardsOver(host)])
      this.record(ofHost(pattern));
  }

  subsets(host: string, proxy: Proxy): readonly string[] {
    if (this.scope.extent.everything) this.record(fact.subsets);
    else this.watchRules(host, fact.subsetsOf);
    const rules = this.rules(host, proxy);
    return [...new Set(rules.flatMap(({ spec }) => (spec.subsets ?? []).map(({ name }) => name)))];
  }

  private rules(host: string, proxy: Proxy): readonly Config<DestinationRule>[] {
    const mesh = this.mesh();
    const { table } = this.indexes.destinationRules;
    const candidates = [host, ...table.covering(host)].map((pattern) => table.at(pattern));
    return rulesFor(candidates, {
      proxy,
      serviceNamespace: this.pick(host, proxy)?.service.namespace,
      rootNamespace: mesh.rootNamespace,
      exportTo: mesh.defaultDestinationRuleExportTo,
    });
  }

  gatewayTable(proxy: Proxy): GatewayTable {
    const { labels, namespace } = proxy;
    const home = this.environment.switches?.scopeGatewayToNamespace ? namespace : undefined;
    const place = placeOf(proxy, this.instances(proxy));
    for (const label of filedUnder(labels)) this.record(fact.gateways(label));
    // What the same Gateways make of the same place is the same: put together once per world.
    return once(this.seen.gateways, JSON.stringify([labels, home, place]), () =>
      gatewayTable(placedServers(this.indexes.gateways.selecting(labels, home), place)),
    );
  }

  sidecar(proxy: Proxy): Config<Sidecar> | undefined {
    return this.ownSidecar(proxy, fact.sidecars);
  }

  sidecarFrame(proxy: Proxy): SidecarFrame | undefined {
    return this.ownSidecar(proxy, fact.sidecarFrames)?.spec;
  }

  private ownSidecar(proxy: Proxy, about: SidecarFact): Config<Sidecar> | undefined {
    const { sidecars } = this.indexes;
    return ownSidecar(sidecars, this.record, proxy, () => this.mesh().rootNamespace, about);
  }

  telemetries(proxy: Proxy): readonly Config<Telemetry>[] {
    return ownTelemetries(this.indexes.telemetries, this.record, proxy, this.mesh());
  }

  proxyConfig(proxy: Proxy): EffectiveProxyConfig {
    return ownProxyConfig(this.indexes.proxyConfigs, this.record, proxy, this.mesh());
  }

  patches(proxy: Proxy, part: PatchedPart): readonly Patch[] {
    this.record(fact.anyEnvoyFilters(part));
    const { envoyFilters } = this.indexes;
    // Without any, neither the proxy's namespace nor the mesh's root has to be looked at.
    if (!envoyFilters.has(part)) return [];
    const namespaces = new Set([this.mesh().rootNamespace, proxy.namespace]);
    return [...namespaces].flatMap((namespace) => {
      this.record(fact.envoyFilters(part, namespace));
      return envoyFilters.in(part, namespace);
    });
  }

  /** The service that a host stands for: an imported one, else any that the namespace may see. */
  private pick(host: string, from: Viewer): Hosted | undefined {
    const visible = this.visible(host, from);
    return visible.length > 1 ? (visible.find((each) => this.imports(each)) ?? visible[0]) : visible[0];
  }

  /** For lists, which have the scope's `id` in their key. */
  private imported(host: string, from: Viewer): Hosted | undefined {
    return this.visible(host, from).find(({ service }) => this.scope.lists(service.namespace, host));
  }

  private imports({ service }: Hosted): boolean {
    return this.scope.imports(service.namespace, service.host);
  }

  /** The namespace's own first. Callers record the facts: what they show of a service differs. */
  private visible(host: string, from: Viewer): readonly Hosted[] {
    const byDefault = this.mesh().defaultServiceExportTo;
    const visible = this.indexes.services
      .ofHost(host)
      .filter(({ service }) => isVisible(service.namespace, service.exportTo, byDefault, from));
    if (visible.length < 2) return visible;
    const isOwn = ({ service }: Hosted): boolean => service.namespace === from.namespace;
    return [...visible.filter(isOwn), ...visible.filter((each) => !isOwn(each))];
  }
}
