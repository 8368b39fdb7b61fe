import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { PortUse } from '../../world/view.js';
import { normalisedCidr } from '../common/cidr.js';
import { egressScope } from '../common/egress-scope.js';
import { HTTP_PROXY_ROUTE, VIRTUAL_OUTBOUND, listenerName, outboundCluster } from '../common/names.js';
import { unknownDestination } from '../common/outbound-policy.js';
import { capturedPorts, httpProxyPort, outboundHttpPorts } from '../rds/routes.js';
import type { HttpPick } from './http-connection-manager.js';
import type { HttpListenerPick, TcpListenerPick, VirtualOutboundPick } from './listeners.js';
import { outboundAttributes } from './mixer-attributes.js';
import { pickCommonHttp } from './select-http.js';
import type { L4Service } from './select-l4.js';
import { l4Sources, pickL4 } from './select-l4.js';

const ANY = '0.0.0.0';

/** A listener for connections from the application, before it is looked into. */
export interface OutboundListener {
  readonly address: string;
  readonly port: number;
}

export function httpListeners(view: WorldView, proxy: Proxy): OutboundListener[] {
  return outboundHttpPorts(view, proxy).map((port) => ({ address: ANY, port }));
}

export function pickHttpListener(view: WorldView, proxy: Proxy, name: string): HttpListenerPick | undefined {
  const found = httpListeners(view, proxy).find(({ address, port }) => listenerName(address, port) === name);
  if (!found) return undefined;
  return {
    sort: 'http',
    name,
    ...found,
    binds: false,
    transparent: proxy.interceptionMode === 'TPROXY',
    http: outboundHttp(view, proxy, name, String(found.port)),
    sources: view.mesh().sources,
  };
}

export function outboundHttp(view: WorldView, proxy: Proxy, name: string, route: string): HttpPick {
  return {
    statPrefix: `outbound_${name}`,
    route: { rds: route },
    ...pickCommonHttp(view, proxy, 'outbound', outboundAttributes(proxy)),
  };
}

/** The explicit proxy stands on loopback: on the workload's own address where that is one. */
export function httpProxyListener(view: WorldView, proxy: Proxy): OutboundListener | undefined {
  const port = httpProxyPort(view, proxy);
  if (port === 0) return undefined;
  const [own = ''] = proxy.ipAddresses;
  return { address: own.startsWith('127.') || own === '::1' ? own : '127.0.0.1', port };
}

export function pickHttpProxyListener(
  view: WorldView,
  proxy: Proxy,
  name: string,
): HttpListenerPick | undefined {
  const found = httpProxyListener(view, proxy);
  if (!found || listenerName(found.address, found.port) !== name) return undefined;
  const http = outboundHttp(view, proxy, name, HTTP_PROXY_ROUTE);
  return {
    sort: 'http',
    name,
    ...found,
    binds: true,
    transparent: false,
    http,
    sources: view.mesh().sources,
  };
}

/** Ports of other protocols, by address: HTTP has a port's common address to itself. */
export function tcpListeners(view: WorldView, proxy: Proxy): OutboundListener[] {
  const http = new Set(outboundHttpPorts(view, proxy));
  return capturedPorts(view, proxy).flatMap((port) => {
    const uses = tcpUses(view, proxy, port);
    const addresses = [...new Set(uses.flatMap(addressesOf))].sort();
    return addresses
      .filter((address) => address !== ANY || !http.has(port))
      .map((address) => ({ address, port }));
  });
}

/** The older first. */
function tcpUses(view: WorldView, proxy: Proxy, port: number): PortUse[] {
  const scope = egressScope(view, proxy, port);
  return view
    .servicesOnPort(port, proxy.namespace)
    .filter(({ protocol }) => protocol === 'TCP' || protocol === 'TLS')
    .filter(({ namespace, host }) => scope.imports(namespace, host))
    .sort((a, b) => (a.createdAt === b.createdAt ? 0 : a.createdAt < b.createdAt ? -1 : 1));
}

/** Ranges are left to the common address: a listener has a single one. */
function addressesOf({ addresses }: PortUse): string[] {
  const single = addresses.filter((address) => !address.includes('/'));
  const common = single.length < addresses.length || single.length === 0 ? [ANY] : [];
  return [...single, ...common];
}

export function pickTcpListener(view: WorldView, proxy: Proxy, name: string): TcpListenerPick | undefined {
  const found = tcpListeners(view, proxy).find(({ address, port }) => listenerName(address, port) === name);
  if (!found) return undefined;
  const { address, port } = found;
  const uses = tcpUses(view, proxy, port).filter((use) => addressesOf(use).includes(address));
  const services = uses.map((use): L4Service => {
    const ranges = address === ANY ? use.addresses.filter((each) => each.includes('/')) : [];
    return {
      host: use.host,
      protocol: use.protocol,
      cluster: outboundCluster(port, '', use.host),
      destinationSubnets: ranges.flatMap((range) => normalisedCidr(range) ?? []),
      byServerName: address === ANY || uses.length > 1,
    };
  });
  const l4 = pickL4(view, proxy, port, services);
  const defined = uses.flatMap(({ host }) => view.service(host, proxy.namespace)?.sources ?? []);
  return {
    sort: 'tcp',
    name,
    ...found,
    binds: false,
    transparent: proxy.interceptionMode === 'TPROXY',
    ...l4,
    sources: [...defined, ...l4Sources(l4)],
  };
}

export function pickVirtualOutbound(view: WorldView, proxy: Proxy): VirtualOutboundPick {
  return {
    sort: 'virtual-outbound',
    name: VIRTUAL_OUTBOUND,
    address: ANY,
    port: view.mesh().proxyListenPort,
    cluster: unknownDestination(view, proxy),
    transparent: proxy.interceptionMode === 'TPROXY',
    sources: view.mesh().sources,
  };
}
