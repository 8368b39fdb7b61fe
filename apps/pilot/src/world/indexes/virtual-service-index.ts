import type { VirtualService } from '#config';
import { MultiMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import { fullHost, isWildcard } from '../../model/host.js';
import { fact } from '../facts.js';
import type { Edit, Index } from './edit.js';
import { touchIfChanged } from './edit.js';
import { HostTable } from './host-table.js';

/** The gateway that stands for all sidecars. */
export const MESH_GATEWAY = 'mesh';

/** VirtualServices by host and by the gateway that they are bound to. */
export class VirtualServiceIndex implements Index<VirtualService> {
  private constructor(
    readonly table: HostTable<VirtualService>,
    private readonly byGateway: MultiMap<Config<VirtualService>>,
    private readonly ofSidecars: MultiMap<Config<VirtualService>>,
  ) {}

  static readonly empty = new VirtualServiceIndex(HostTable.empty(), MultiMap.empty(), MultiMap.empty());

  /** Those of the mesh that a namespace holds, older first. */
  inNamespace(namespace: string): Config<VirtualService>[] {
    return [...this.ofSidecars.get(namespace)].map(([, config]) => config).sort(byAge);
  }

  /** @param gateway `namespace/name`, or `mesh` */
  ofGateway(gateway: string): Config<VirtualService>[] {
    return [...this.byGateway.get(gateway)].map(([, config]) => config).sort(byAge);
  }

  apply(edits: readonly Edit<VirtualService>[], touched: Set<Fact>): VirtualServiceIndex {
    let { table, byGateway, ofSidecars } = this;
    for (const { before, after } of edits) {
      if (before) {
        table = table.without(hostsOf(before), before);
        for (const gateway of gatewaysOf(before)) byGateway = byGateway.delete(gateway, before.key);
        ofSidecars = ofSidecars.delete(before.namespace, before.key);
      }
      if (after) {
        table = table.with(hostsOf(after), after);
        for (const gateway of gatewaysOf(after)) byGateway = byGateway.set(gateway, after.key, after);
        if (gatewaysOf(after).includes(MESH_GATEWAY))
          ofSidecars = ofSidecars.set(after.namespace, after.key, after);
      }
      touch(before, after, touched);
      touchImports(before, after, touched);
    }
    if (!table.sameWildcards(this.table)) touched.add(fact.wildcardVirtualServices);
    return new VirtualServiceIndex(table, byGateway, ofSidecars);
  }
}

/** Which hosts there are is asked far more often than what they do: it changes only with hosts or visibility. */
function touch(before: Config<VirtualService> | undefined, after: typeof before, touched: Set<Fact>): void {
  for (const config of [before, after]) {
    for (const host of config ? hostsOf(config) : []) touched.add(fact.virtualService(host));
  }
  const gateways = new Set([before, after].flatMap((config) => (config ? gatewaysOf(config) : [])));
  for (const gateway of gateways) {
    const bound = (config: typeof before): unknown =>
      config && gatewaysOf(config).includes(gateway) ? [hostsOf(config), config.spec.exportTo] : null;
    touchIfChanged(touched, bound(before), bound(after), fact.virtualServiceHosts(gateway));
  }
}

/** A Sidecar imports a VirtualService by its namespace and hosts, and with it the services that it sends to. */
function touchImports(
  before: Config<VirtualService> | undefined,
  after: typeof before,
  touched: Set<Fact>,
): void {
  const imported = (config: typeof before): unknown =>
    config && [hostsOf(config), gatewaysOf(config), config.spec.exportTo, destinationHosts(config)];
  const wildcards = (config: typeof before): string[] => (config ? hostsOf(config).filter(isWildcard) : []);
  const { namespace = '' } = after ?? before ?? {};
  const hosts = [before, after].flatMap((config) => (config ? hostsOf(config) : []));
  const facts = [fact.importableIn(namespace), ...hosts.map(fact.importable)];
  touchIfChanged(touched, imported(before), imported(after), ...facts);
  touchIfChanged(touched, wildcards(before), wildcards(after), fact.wildcardVirtualServicesIn(namespace));
}

/** The hosts that it sends traffic or copies of it to, in full, each once. */
export function destinationHosts({ spec, namespace }: Config<VirtualService>): string[] {
  const routes = [...(spec.http ?? []), ...(spec.tls ?? []), ...(spec.tcp ?? [])];
  const targets = routes.flatMap(({ route }) => route ?? []).map(({ destination }) => destination);
  const copies = (spec.http ?? []).flatMap(({ mirror, mirrors = [] }) => [
    ...(mirror ? [mirror] : []),
    ...mirrors.map(({ destination }) => destination),
  ]);
  return [...new Set([...targets, ...copies].map(({ host }) => fullHost(host, namespace)))].sort();
}

/** Its hosts in full. */
export function hostsOf({ spec, namespace }: Config<VirtualService>): string[] {
  return (spec.hosts ?? []).map((host) => fullHost(host, namespace));
}

/** The gateways it is bound to as `namespace/name`; a name alone is one of its own namespace. */
export function gatewaysOf({ spec, namespace }: Config<VirtualService>): string[] {
  return gatewayNames(spec.gateways, namespace);
}

export function gatewayNames(gateways: readonly string[] | undefined, namespace: string): string[] {
  if (!gateways?.length) return [MESH_GATEWAY];
  return gateways.map((name) =>
    name === MESH_GATEWAY || name.includes('/') ? name : `${namespace}/${name}`,
  );
}
