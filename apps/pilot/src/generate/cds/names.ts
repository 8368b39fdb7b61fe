import type { NamesOfHosts, WorldView } from '../../model/contract.js';
import { isCoveredBy } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import { itemsOf } from '../../world/host-list.js';
import type { ServiceSummary } from '../../world/view.js';
import { egressListeners, importsOfPorts } from '../common/egress-scope.js';
import { inboundPorts } from '../common/inbound.js';
import {
  BLACK_HOLE,
  INBOUND_PASSTHROUGH,
  PASSTHROUGH,
  inboundCluster,
  outboundCluster,
  outboundSni,
} from '../common/names.js';
import { mixerClusterNames } from '../common/mixer.js';
import { telemetryClusterNames, telemetryEdsNames } from './telemetry-names.js';

export function commonClusterNames(view: WorldView, proxy: Proxy): string[] {
  const outbound = outboundClusterNames(view, proxy);
  const special = proxy.type === 'router' ? [BLACK_HOLE] : [BLACK_HOLE, PASSTHROUGH];
  const captured = proxy.type === 'sidecar' && proxy.interceptionMode !== 'NONE' ? [INBOUND_PASSTHROUGH] : [];
  return [...new Set([...mixerClusterNames(view), ...outbound, ...special, ...captured])];
}

/** Those that depend on the workload: its own ports, and where its logs and spans go. */
export function ownClusterNames(view: WorldView, proxy: Proxy): string[] {
  const inbound = inboundPorts(view, proxy).map(({ port }) => inboundCluster(port));
  return [...new Set([...inbound, ...telemetryClusterNames(view, proxy)])];
}

/** Those of the services' ports and subsets. */
export function outboundClusterNames(view: WorldView, proxy: Proxy): string[] {
  return servicesInScope(view, proxy).flatMap((service) => namesOf(view, proxy, service));
}

export function edsClusterNames(view: WorldView, proxy: Proxy): string[] {
  const mixer = new Set(mixerClusterNames(view));
  const inScope = servicesInScope(view, proxy)
    .filter(hasEndpoints)
    .flatMap((service) => namesOf(view, proxy, service));
  return [...new Set([...inScope, ...telemetryEdsNames(view, proxy)])].filter((name) => !mixer.has(name));
}

/** Whether its clusters get their endpoints by EDS. */
export function hasEndpoints({ resolution }: ServiceSummary): boolean {
  return resolution === 'EDS';
}

/** Undefined where a Sidecar says what of which service has to do with the proxy: such lists are short. */
export function clusterNamesOf(
  view: WorldView,
  proxy: Proxy,
  hosts: ReadonlySet<string>,
  isMeant: (service: ServiceSummary) => boolean = () => true,
): NamesOfHosts | undefined {
  if (egressListeners(view, proxy).length > 0) return undefined;
  const services = itemsOf(view.services(proxy), hosts).filter(isMeant);
  const fixed = new Set(mixerClusterNames(view));
  const names = services.flatMap((service) => namesOf(view, proxy, service));
  return { names: names.filter((name) => !fixed.has(name)), frame: '' };
}

/** With the ports that have to do with the proxy; routes may lead to any port of a VirtualService's destination. */
function servicesInScope(view: WorldView, proxy: Proxy): readonly ServiceSummary[] {
  const services = view.services(proxy);
  if (egressListeners(view, proxy).length === 0) return services;
  const imports = importsOfPorts(view, proxy);
  const destinations = view.destinations(proxy);
  const whole = new Set(destinations.map(({ host }) => host));
  const trimmed = services
    .filter(({ host }) => !whole.has(host))
    .map(({ host, namespace, resolution, ports }) => {
      const kept = ports.filter(({ number }) => imports(namespace, host, number));
      return { host, namespace, resolution, ports: kept };
    });
  return [...trimmed, ...destinations];
}

function namesOf(view: WorldView, proxy: Proxy, { host, ports }: ServiceSummary): string[] {
  const subsets = ['', ...view.subsets(host, proxy)];
  const numbers = ports.filter(({ protocol }) => protocol !== 'UDP').map(({ number }) => number);
  const passedOn = isPassedOn(view, proxy, host);
  return numbers.flatMap((port) =>
    subsets.flatMap((subset) => [
      outboundCluster(port, subset, host),
      ...(passedOn ? [outboundSni({ port, subset, host })] : []),
    ]),
  );
}

/** Whether the proxy passes on what is the mesh's TLS already, to a cluster that adds none of its own. */
function isPassedOn(view: WorldView, proxy: Proxy, host: string): boolean {
  if (proxy.type !== 'router') return false;
  return view.gatewayTable(proxy).passedOn.some((of) => isCoveredBy(host, of));
}
