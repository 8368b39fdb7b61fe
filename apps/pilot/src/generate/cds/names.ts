import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { ServiceSummary } from '../../world/view.js';
import { egressScope } from '../common/egress-scope.js';
import { inboundPorts } from '../common/inbound.js';
import {
  BLACK_HOLE,
  INBOUND_PASSTHROUGH,
  PASSTHROUGH,
  inboundCluster,
  outboundCluster,
} from '../common/names.js';
import { mixerClusterNames } from '../common/mixer.js';

export function clusterNames(view: WorldView, proxy: Proxy): string[] {
  const outbound = servicesInScope(view, proxy).flatMap((service) => namesOf(view, proxy, service));
  const inbound = inboundPorts(view, proxy).map(({ port }) => inboundCluster(port));
  const special = proxy.type === 'router' ? [BLACK_HOLE] : [BLACK_HOLE, PASSTHROUGH];
  const captured = proxy.type === 'sidecar' && proxy.interceptionMode !== 'NONE' ? [INBOUND_PASSTHROUGH] : [];
  return [...new Set([...mixerClusterNames(view), ...outbound, ...inbound, ...special, ...captured])];
}

export function edsClusterNames(view: WorldView, proxy: Proxy): string[] {
  const mixer = new Set(mixerClusterNames(view));
  return servicesInScope(view, proxy)
    .filter(({ resolution }) => resolution === 'EDS')
    .flatMap((service) => namesOf(view, proxy, service))
    .filter((name) => !mixer.has(name));
}

function servicesInScope(view: WorldView, proxy: Proxy): ServiceSummary[] {
  const scope = egressScope(view, proxy, undefined);
  return view.services(proxy.namespace).filter(({ host, namespace }) => scope.imports(namespace, host));
}

function namesOf(view: WorldView, proxy: Proxy, { host, ports }: ServiceSummary): string[] {
  const subsets = ['', ...view.subsets(host, proxy)];
  const numbers = ports.filter(({ protocol }) => protocol !== 'UDP').map(({ number }) => number);
  return numbers.flatMap((port) => subsets.map((subset) => outboundCluster(port, subset, host)));
}
