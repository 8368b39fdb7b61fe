import type { VirtualService } from '#config';
import { MultiMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import { fullHost } from '../../model/host.js';
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
  ) {}

  static readonly empty = new VirtualServiceIndex(HostTable.empty(), MultiMap.empty());

  /** @param gateway `namespace/name`, or `mesh` */
  ofGateway(gateway: string): Config<VirtualService>[] {
    return [...this.byGateway.get(gateway)].map(([, config]) => config).sort(byAge);
  }

  apply(edits: readonly Edit<VirtualService>[], touched: Set<Fact>): VirtualServiceIndex {
    let { table, byGateway } = this;
    for (const { before, after } of edits) {
      if (before) {
        table = table.without(hostsOf(before), before);
        for (const gateway of gatewaysOf(before)) byGateway = byGateway.delete(gateway, before.key);
      }
      if (after) {
        table = table.with(hostsOf(after), after);
        for (const gateway of gatewaysOf(after)) byGateway = byGateway.set(gateway, after.key, after);
      }
      touch(before, after, touched);
    }
    if (!table.sameWildcards(this.table)) touched.add(fact.wildcardVirtualServices);
    return new VirtualServiceIndex(table, byGateway);
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
