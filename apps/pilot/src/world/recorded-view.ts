import type { DestinationRule, Gateway, Sidecar, VirtualService, WorkloadEntry } from '#config';
import type { Config } from '../model/config.js';
import type { Fact } from '../model/contract.js';
import type { Mesh } from '../model/mesh.js';
import type { Proxy } from '../model/proxy.js';
import type { Endpoint, Service } from '../model/service.js';
import { isHttp } from '../model/service.js';
import { matches } from '../registries/static/endpoints.js';
import { rulesFor } from './destination-rules.js';
import { fact } from './facts.js';
import type { Indexes } from './indexes/indexes.js';
import type { MixerHeaders } from './indexes/mixer-index.js';
import type { Hosted } from './indexes/service-index.js';
import { accountsOf } from './indexes/service-index.js';
import { MESH_GATEWAY, gatewaysOf, hostsOf } from './indexes/virtual-service-index.js';
import type { MtlsMode } from './peer-authentication.js';
import { mtlsMode } from './peer-authentication.js';
import type { BoundHosts, Environment, Instance, PortUse, ServiceSummary, WorldView } from './view.js';
import { isVisible } from './visibility.js';

type Labels = Readonly<Record<string, string>>;

/** Answers from the indexes, and writes down which facts it answered from. */
export class RecordedView implements WorldView {
  /** What a namespace sees is the same for all its proxies: found once per world, however many ask. */
  private readonly seen = new Map<string, readonly ServiceSummary[]>();
  private readonly seenOnPort = new Map<string, readonly PortUse[]>();

  constructor(
    readonly environment: Environment,
    private readonly indexes: Indexes,
    private readonly record: (fact: Fact) => void,
  ) {}

  mesh(): Mesh {
    this.record(fact.mesh);
    return this.indexes.mesh.mesh;
  }

  mixerHeaders(): MixerHeaders {
    this.record(fact.mixerHeaders);
    return this.indexes.mixer.headers;
  }

  services(namespace: string): readonly ServiceSummary[] {
    this.record(fact.services);
    this.record(fact.mesh);
    return once(this.seen, namespace, () =>
      this.indexes.services.hosts().flatMap((host) => this.pick(host, namespace)?.service ?? []),
    );
  }

  ports(): readonly number[] {
    this.record(fact.ports);
    return this.indexes.services.ports();
  }

  servicesOnPort(port: number, namespace: string): readonly PortUse[] {
    this.record(fact.servicesOnPort(port));
    this.record(fact.mesh);
    return once(this.seenOnPort, `${port} ${namespace}`, () =>
      this.indexes.services.onPort(port).flatMap((host) => this.portUse(port, host, namespace)),
    );
  }

  private portUse(port: number, host: string, namespace: string): PortUse[] {
    const service = this.pick(host, namespace)?.service;
    const protocol = service?.port(port)?.protocol;
    if (!service || !protocol) return [];
    const addresses = isHttp(protocol) ? [] : service.addresses;
    return [
      { host, namespace: service.namespace, protocol: isHttp(protocol) ? 'HTTP' : protocol, addresses },
    ];
  }

  service(host: string, namespace: string): Service | undefined {
    this.record(fact.service(host));
    return this.pick(host, namespace)?.service;
  }

  endpoints(host: string, namespace: string): readonly Endpoint[] {
    this.record(fact.service(host));
    this.record(fact.endpoints(host));
    return this.pick(host, namespace)?.endpoints ?? [];
  }

  accounts(host: string, namespace: string): readonly string[] {
    this.record(fact.service(host));
    this.record(fact.accounts(host));
    const hosted = this.pick(host, namespace);
    return hosted ? accountsOf(hosted) : [];
  }

  isTaken(host: string, namespace: string): boolean {
    this.record(fact.virtualService(host));
    const named = this.indexes.virtualServices.table
      .at(host)
      .some((config) => this.inMesh(config, namespace));
    return named || this.service(host, namespace) !== undefined;
  }

  hostsAt(address: string): readonly string[] {
    this.record(fact.servicesAt(address));
    return this.indexes.services.atAddress(address);
  }

  workloads(proxy: Proxy): readonly Config<WorkloadEntry>[] {
    const { entries } = this.indexes.services;
    if (proxy.workloadEntry) {
      this.record(fact.workload(proxy.namespace, proxy.workloadEntry));
      const named = entries.workload(proxy.namespace, proxy.workloadEntry);
      return named ? [named] : [];
    }
    return proxy.ipAddresses.flatMap((address) => {
      this.record(fact.workloadsAt(address));
      return entries.workloadsAt(address).filter(({ namespace }) => namespace === proxy.namespace);
    });
  }

  instances(proxy: Proxy): readonly Instance[] {
    const named = proxy.workloadEntry ? this.workloads(proxy).map(({ key }) => key) : proxy.ipAddresses;
    const hosts = named.flatMap((instance) => {
      this.record(fact.servicesOf(instance));
      return this.indexes.services.ofInstance(instance);
    });
    return [...new Set(hosts)]
      .sort()
      .flatMap((host) => this.instancesIn(host, new Set(named), proxy.namespace));
  }

  private instancesIn(host: string, named: ReadonlySet<string>, namespace: string): Instance[] {
    const service = this.service(host, namespace);
    // Not by `endpoints`: of those only the own one counts, for which `servicesOf` stands.
    const mine = this.pick(host, namespace)?.endpoints.find(
      (endpoint) =>
        endpoint.namespace === namespace && (named.has(endpoint.source) || named.has(endpoint.address)),
    );
    return service && mine ? service.ports.map((port) => ({ service, port, endpoint: mine })) : [];
  }

  mtls(namespace: string, labels: Labels, port: number): MtlsMode {
    const { rootNamespace } = this.mesh();
    this.record(fact.peerAuthentications(namespace));
    this.record(fact.peerAuthentications(rootNamespace));
    const { peerAuthentications } = this.indexes;
    return mtlsMode(peerAuthentications.in(namespace), peerAuthentications.in(rootNamespace), labels, port);
  }

  meshVirtualService(host: string, namespace: string): Config<VirtualService> | undefined {
    this.record(fact.wildcardVirtualServices);
    const { table } = this.indexes.virtualServices;
    for (const pattern of [host, ...table.covering(host)]) {
      this.record(fact.virtualService(pattern));
      const first = table.at(pattern).find((config) => this.inMesh(config, namespace));
      if (first) return first;
    }
    return undefined;
  }

  private inMesh(config: Config<VirtualService>, namespace: string): boolean {
    const byDefault = this.mesh().defaultVirtualServiceExportTo;
    return (
      gatewaysOf(config).includes(MESH_GATEWAY) &&
      isVisible(config.namespace, config.spec.exportTo, byDefault, namespace)
    );
  }

  gatewayVirtualServices(gateway: string, host: string): readonly Config<VirtualService>[] {
    this.record(fact.virtualService(host));
    return this.indexes.virtualServices.table
      .at(host)
      .filter((config) => gatewaysOf(config).includes(gateway));
  }

  virtualServiceHosts(gateway: string, namespace: string): readonly BoundHosts[] {
    this.record(fact.virtualServiceHosts(gateway));
    const byDefault = this.mesh().defaultVirtualServiceExportTo;
    return this.indexes.virtualServices
      .ofGateway(gateway)
      .filter((config) => isVisible(config.namespace, config.spec.exportTo, byDefault, namespace))
      .map((config) => ({ namespace: config.namespace, hosts: hostsOf(config) }));
  }

  destinationRules(host: string, proxy: Proxy): readonly Config<DestinationRule>[] {
    this.record(fact.wildcardDestinationRules);
    const { table } = this.indexes.destinationRules;
    const patterns = [host, ...table.covering(host)];
    for (const pattern of patterns) this.record(fact.destinationRule(pattern));
    this.record(fact.service(host));
    return this.rules(host, patterns, proxy);
  }

  subsets(host: string, proxy: Proxy): readonly string[] {
    this.record(fact.subsets);
    const rules = this.rules(host, [host, ...this.indexes.destinationRules.table.covering(host)], proxy);
    return [...new Set(rules.flatMap(({ spec }) => (spec.subsets ?? []).map(({ name }) => name)))];
  }

  private rules(host: string, patterns: readonly string[], proxy: Proxy): readonly Config<DestinationRule>[] {
    const mesh = this.mesh();
    const candidates = patterns.map((pattern) => this.indexes.destinationRules.table.at(pattern));
    return rulesFor(candidates, {
      proxy,
      serviceNamespace: this.pick(host, proxy.namespace)?.service.namespace,
      rootNamespace: mesh.rootNamespace,
      exportTo: mesh.defaultDestinationRuleExportTo,
    });
  }

  gateways(labels: Labels): readonly Config<Gateway>[] {
    this.record(fact.gateways);
    return this.indexes.gateways.all().filter(({ spec }) => matches(spec.selector, labels));
  }

  sidecar(proxy: Proxy): Config<Sidecar> | undefined {
    this.record(fact.sidecars(proxy.namespace));
    const local = this.indexes.sidecars.in(proxy.namespace);
    const selected = local.find(
      ({ spec }) => hasSelector(spec) && matches(spec.workloadSelector?.labels, proxy.labels),
    );
    if (selected) return selected;
    const { rootNamespace } = this.mesh();
    this.record(fact.sidecars(rootNamespace));
    const general = [...local, ...this.indexes.sidecars.in(rootNamespace)];
    return general.find(({ spec }) => !hasSelector(spec));
  }

  /** Its callers record the facts: what they show of the service differs. */
  private pick(host: string, namespace: string): Hosted | undefined {
    const byDefault = this.mesh().defaultServiceExportTo;
    const visible = this.indexes.services
      .ofHost(host)
      .filter(({ service }) => isVisible(service.namespace, service.exportTo, byDefault, namespace));
    return visible.find(({ service }) => service.namespace === namespace) ?? visible[0];
  }
}

/** The value kept under `key`, made where there is none. */
function once<T>(kept: Map<string, T>, key: string, make: () => T): T {
  let value = kept.get(key);
  if (value === undefined) kept.set(key, (value = make()));
  return value;
}

function hasSelector(spec: Sidecar): boolean {
  return Object.keys(spec.workloadSelector?.labels ?? {}).length > 0;
}
