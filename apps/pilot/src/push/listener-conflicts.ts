import type { Diagnostic } from '#config';
import type { ListenerConflict } from '../generate/lds/conflicts.js';
import { inboundConflicts, outboundConflicts } from '../generate/lds/conflicts.js';
import type { World, WorldView } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import type { PushEngine } from './engine.js';

type Found = ListenerConflict & { readonly namespace: string };

/**
 * Where services contend for a listener of a connected proxy. Looked for when somebody asks: once for each world and
 * scope, and once for each world and proxy.
 */
export class ListenerConflicts {
  private search: Search | undefined;

  constructor(private readonly engine: PushEngine) {}

  count(metric: ListenerConflict['metric']): number {
    return this.all().filter((conflict) => conflict.metric === metric).length;
  }

  diagnostics(): Diagnostic[] {
    const { world } = this.engine;
    return world ? this.all().map((conflict) => diagnostic(world, conflict)) : [];
  }

  private all(): Found[] {
    const { world, connections } = this.engine;
    if (!world) return [];
    if (this.search?.world !== world) this.search = new Search(world);
    const { search } = this;
    const lists = new Set([...connections].flatMap(({ proxy }) => search.of(proxy)));
    const found = [...lists].flat().map((each): [string, Found] => [idOf(each), each]);
    return [...new Map(found).values()];
  }
}

/** A conflict is one however many namespaces see it. */
function idOf({ metric, listener, winner, loser }: Found): string {
  return JSON.stringify([metric, listener, winner, loser]);
}

/** What one world has. */
class Search {
  private readonly view: WorldView;
  private readonly outbound = new Map<string, readonly Found[]>();
  private readonly ofProxies = new WeakMap<Proxy, readonly (readonly Found[])[]>();

  constructor(readonly world: World) {
    this.view = world.view(() => undefined);
  }

  of(proxy: Proxy): readonly (readonly Found[])[] {
    if (proxy.type !== 'sidecar') return [];
    let found = this.ofProxies.get(proxy);
    if (!found) this.ofProxies.set(proxy, (found = this.find(proxy)));
    return found;
  }

  private find(proxy: Proxy): (readonly Found[])[] {
    const { namespace } = proxy;
    const view = this.view.scopedTo(proxy);
    const named = (conflict: ListenerConflict): Found => ({ ...conflict, namespace });
    const scope = scopeOf(view, proxy);
    let outbound = this.outbound.get(scope);
    if (!outbound) this.outbound.set(scope, (outbound = outboundConflicts(view, proxy).map(named)));
    return [outbound, inboundConflicts(view, proxy).map(named)];
  }
}

/** What decides about the outbound listeners of a proxy, but for labels, which only some VirtualServices ask for. */
function scopeOf(view: WorldView, proxy: Proxy): string {
  const { namespace, interceptionMode, autoAllocate, ipAddresses } = proxy;
  const families = ipAddresses.map((address) => (address.includes(':') ? 6 : 4));
  return JSON.stringify([namespace, view.sidecar(proxy)?.key, interceptionMode, autoAllocate, families]);
}

function diagnostic(world: World, { metric, listener, winner, loser, namespace }: Found): Diagnostic {
  const [resource = ''] = world.view(() => undefined).service(loser, { namespace })?.sources ?? [];
  return {
    code: 'QT2002',
    level: 'Warning',
    message: `${loser} loses connections of listener ${listener} to ${winner}, which is older or comes first (${metric})`,
    path: 'spec.ports',
    origin: world.origin(resource) ?? { file: '', line: 0 },
    resource,
  };
}
