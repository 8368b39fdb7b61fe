import type { ConsistentHashLB, Destination, HTTPRoute } from '#config';
import type { WorldView } from '../../model/contract.js';
import { fullHost } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import { ruleView } from '../../model/traffic-policy.js';
import { outboundCluster } from '../common/names.js';
import { httpRoutes } from './http-routes.js';
import type { RouteDestination, VirtualServicePick } from './inputs.js';

/** How a destination of a VirtualService is found again among the resolved ones. */
export function destinationRef({ host, port, subset = '' }: Destination, namespace: string): string {
  return `${fullHost(host, namespace)}|${port?.number ?? 0}|${subset}`;
}

/** Every place that a VirtualService may send requests or copies of them to, each once. */
export function destinationsOf(
  view: WorldView,
  proxy: Proxy,
  virtualServices: readonly VirtualServicePick[],
  listenerPort: number,
): RouteDestination[] {
  const found = new Map<string, RouteDestination>();
  for (const picked of virtualServices) {
    for (const destination of httpRoutes(picked).flatMap(written)) {
      const ref = destinationRef(destination, picked.config.namespace);
      if (!found.has(ref)) found.set(ref, resolve(view, proxy, ref, listenerPort));
    }
  }
  return [...found.values()];
}

function written(route: HTTPRoute): Destination[] {
  return [
    ...(route.route ?? []).map(({ destination }) => destination),
    ...(route.mirror ? [route.mirror] : []),
    ...(route.mirrors ?? []).map(({ destination }) => destination),
  ];
}

/** Without a port, a service with a single one needs none; else it is the port that the request came to. */
export function resolve(view: WorldView, proxy: Proxy, ref: string, listenerPort: number): RouteDestination {
  const [host = '', number = '', subset = ''] = ref.split('|');
  const ports = view.service(host, proxy)?.ports ?? [];
  const port = Number(number) || (ports.length === 1 ? ports[0]?.number : undefined) || listenerPort;
  const cluster = outboundCluster(port, subset, host);
  const rules = view.destinationRules(host, proxy);
  const chosen = ruleView(rules, port, subset) ?? ruleView(rules, port, '');
  const consistentHash: ConsistentHashLB | undefined = chosen?.policy.loadBalancer?.consistentHash;
  const sources = consistentHash && chosen ? chosen.sources : [];
  return { ref, cluster, host, port, sources, ...(consistentHash && { consistentHash }) };
}
