import { isIP } from 'node:net';
import type { WorldView } from '../../model/contract.js';
import { isWildcard } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import type { Endpoint, Service, ServicePort } from '../../model/service.js';
import { endpointPort } from '../../model/service.js';
import type { RuleView } from '../../model/traffic-policy.js';
import { ruleView } from '../../model/traffic-policy.js';
import { matches } from '../../model/workload.js';
import { parseOutbound } from '../common/names.js';

/**
 * How a client finds the servers of a cluster: it is told their addresses, or the one name that a name server knows
 * them by. Of several names it takes the first.
 */
export type Discovery =
  | { readonly kind: 'addresses'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'name'; readonly name: string; readonly port: number };

/** The service behind a cluster's name, and what the rules say of it. */
export interface Found {
  readonly service: Service;
  readonly port: ServicePort;
  readonly rule: RuleView;
  readonly discovery: Discovery;
}

export function find(view: WorldView, proxy: Proxy, cluster: string): Found | undefined {
  const parsed = parseOutbound(cluster);
  const service = parsed && view.service(parsed.host, proxy);
  const port = service?.port(parsed?.port ?? 0);
  if (!parsed || !service || !port || port.protocol === 'UDP') return undefined;
  const rule = ruleView(view.destinationRules(parsed.host, proxy), parsed.port, parsed.subset);
  return rule && { service, port, rule, discovery: discover(view, proxy, { service, port, rule }) };
}

function discover(view: WorldView, proxy: Proxy, found: Omit<Found, 'discovery'>): Discovery {
  const { service, port, rule } = found;
  const { host, resolution } = service;
  const all = view
    .endpoints(host, proxy)
    .filter((each) => matches(rule.labels, each.labels) && endpointPort(each, port) !== undefined);
  const endpoints = all.filter(({ address }) => isIP(address) !== 0);
  const byName = resolution === 'STRICT_DNS' || resolution === 'LOGICAL_DNS';
  const named = byName ? all.find(({ address }) => isName(address)) : undefined;
  if (named) {
    return { kind: 'name', name: named.address, port: endpointPort(named, port) ?? port.targetPort };
  }
  // Where a sidecar would go where the client was going anyhow, the client has to look the name up itself.
  const unknown = resolution === 'ORIGINAL_DST' && endpoints.length === 0;
  if (unknown && service.meshExternal && !isWildcard(host)) {
    return { kind: 'name', name: host, port: port.number };
  }
  return { kind: 'addresses', endpoints };
}

function isName(address: string): boolean {
  return isIP(address) === 0 && !address.startsWith('unix://');
}
