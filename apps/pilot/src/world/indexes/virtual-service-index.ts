import type { VirtualService } from '#config';
import { MESH_GATEWAY, delegateOf, gatewayNames } from '#config';
import { MultiMap, PersistentMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import { fullHost, isWildcard } from '../../model/host.js';
import { fact } from '../facts.js';
import { recounted } from '../figures.js';
import type { Edit, Index } from './edit.js';
import { touchIfChanged } from './edit.js';
import { HostTable } from './host-table.js';

export { MESH_GATEWAY, gatewayNames };

/** VirtualServices by host and by the gateway that they are bound to. */
export class VirtualServiceIndex implements Index<VirtualService> {
  private constructor(
    readonly table: HostTable<VirtualService>,
    private readonly byGateway: MultiMap<Config<VirtualService>>,
    private readonly ofSidecars: MultiMap<Config<VirtualService>>,
    /** Those without hosts, by `namespace/name`. */
    private readonly delegates: PersistentMap<Config<VirtualService>>,
    readonly count: number,
    /** Those of the mesh that come too late for one of their hosts, once for each such host. */
    readonly duplicateDomains: number,
  ) {}

  static readonly empty = new VirtualServiceIndex(
    HostTable.empty(),
    MultiMap.empty(),
    MultiMap.empty(),
    PersistentMap.empty(),
    0,
    0,
  );

  /** Those of the mesh that a namespace holds, older first. */
  inNamespace(namespace: string): Config<VirtualService>[] {
    return [...this.ofSidecars.get(namespace)].map(([, config]) => config).sort(byAge);
  }

  /** @param gateway `namespace/name`, or `mesh` */
  ofGateway(gateway: string): Config<VirtualService>[] {
    return [...this.byGateway.get(gateway)].map(([, config]) => config).sort(byAge);
  }

  delegate(namespace: string, name: string): Config<VirtualService> | undefined {
    return this.delegates.get(`${namespace}/${name}`);
  }

  apply(edits: readonly Edit<VirtualService>[], touched: Set<Fact>): VirtualServiceIndex {
    let { table, byGateway, ofSidecars, delegates, count } = this;
    for (const { before, after } of edits) {
      count += Number(after !== undefined) - Number(before !== undefined);
      if (before) {
        table = table.without(hostsOf(before), before);
        for (const gateway of boundTo(before)) byGateway = byGateway.delete(gateway, before.key);
        ofSidecars = ofSidecars.delete(before.namespace, before.key);
        delegates = delegates.delete(delegateName(before));
      }
      if (after) {
        table = table.with(hostsOf(after), after);
        for (const gateway of boundTo(after)) byGateway = byGateway.set(gateway, after.key, after);
        if (boundTo(after).includes(MESH_GATEWAY))
          ofSidecars = ofSidecars.set(after.namespace, after.key, after);
        if (isDelegate(after)) delegates = delegates.set(delegateName(after), after);
      }
      touch(before, after, touched);
      touchImports(before, after, touched);
    }
    if (!table.sameWildcards(this.table)) touched.add(fact.wildcardVirtualServices);
    const hosts = edits.flatMap(({ before, after }) =>
      [before, after].flatMap((each) => (each ? hostsOf(each) : [])),
    );
    const duplicates = recounted(this.duplicateDomains, hosts, tooLate(this.table), tooLate(table));
    return new VirtualServiceIndex(table, byGateway, ofSidecars, delegates, count, duplicates);
  }
}

/** How many VirtualServices of the mesh have a host that an older one has already. */
function tooLate(table: HostTable<VirtualService>): (host: string) => number {
  return (host) => {
    const sharing = table.at(host).filter((config) => boundTo(config).includes(MESH_GATEWAY));
    return Math.max(0, sharing.length - 1);
  };
}

function isDelegate({ spec }: Config<VirtualService>): boolean {
  return !spec.hosts?.length;
}

function delegateName({ namespace, name }: Config<VirtualService>): string {
  return `${namespace}/${name}`;
}

/** A delegate takes no requests, whatever gateways it names. */
function boundTo(config: Config<VirtualService>): string[] {
  return isDelegate(config) ? [] : gatewaysOf(config);
}

/** Which hosts there are is asked far more often than what they do: it changes only with hosts or visibility. */
function touch(before: Config<VirtualService> | undefined, after: typeof before, touched: Set<Fact>): void {
  for (const config of [before, after]) {
    for (const host of config ? hostsOf(config) : []) touched.add(fact.virtualService(host));
    if (config && isDelegate(config)) touched.add(fact.delegate(config.namespace, config.name));
  }
  const gateways = new Set([before, after].flatMap((config) => (config ? boundTo(config) : [])));
  for (const gateway of gateways) {
    const bound = (config: typeof before): unknown =>
      config && boundTo(config).includes(gateway) ? [hostsOf(config), config.spec.exportTo] : null;
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
    config && !isDelegate(config)
      ? [
          hostsOf(config),
          gatewaysOf(config),
          config.spec.exportTo,
          destinationHosts(config),
          delegatesNamedBy(config),
        ]
      : null;
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

/** What its routes delegate to, there or not. */
export function delegatesNamedBy({
  spec,
  namespace,
}: Config<VirtualService>): { namespace: string; name: string }[] {
  return (spec.http ?? []).flatMap((route) => delegateOf(route, namespace) ?? []);
}
