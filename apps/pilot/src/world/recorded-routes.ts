import type { DestinationRule, VirtualService } from '#config';
import { byAge, type Config } from '../model/config.js';
import type { Fact } from '../model/contract.js';
import { fullHost, wildcardsOver } from '../model/host.js';
import type { Proxy } from '../model/proxy.js';
import { rulesFor } from './destination-rules.js';
import { fact } from './facts.js';
import {
  MESH_GATEWAY,
  delegatesNamedBy,
  destinationHosts,
  gatewaysOf,
  hostsOf,
} from './indexes/virtual-service-index.js';
import { RecordedServices } from './recorded-services.js';
import type { BoundHosts, ServiceSummary, Viewer } from './view.js';
import { isVisible } from './visibility.js';

/** What VirtualServices and DestinationRules say of the hosts that a viewer sends to. */
export abstract class RecordedRoutes extends RecordedServices {
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

  isTaken(host: string, from: Viewer): boolean {
    this.record(fact.virtualService(host));
    const named = this.indexes.virtualServices.table.at(host).some((config) => this.inMesh(config, from));
    return named || this.service(host, from) !== undefined;
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
}
