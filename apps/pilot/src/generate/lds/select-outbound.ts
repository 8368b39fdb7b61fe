import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { PortUse } from '../../world/view.js';
import { mayBeHttp } from '../../model/service.js';
import { normalisedCidr } from '../common/cidr.js';
import {
  HTTP_PROXY_ROUTE,
  VIRTUAL_OUTBOUND,
  listenerName,
  outboundCluster,
  parseListenerName,
} from '../common/names.js';
import type { OutboundListener } from '../common/outbound-listeners.js';
import { routeAt, usesAt } from '../common/outbound-listeners.js';
import { isSingle } from '../common/port-uses.js';
import { unknownDestination } from '../common/outbound-policy.js';
import { anyAddress, loopback, moreAnyAddresses } from '../common/own-addresses.js';
import { httpProxyPort } from '../rds/routes.js';
import type { HttpPick } from './http-pick.js';
import type { HttpListenerPick, TcpListenerPick, VirtualOutboundPick } from './listeners.js';
import { outboundAttributes } from './mixer-attributes.js';
import { pickCommonHttp } from './select-http.js';
import type { L4Service } from './select-l4.js';
import { l4Sources, pickL4 } from './select-l4.js';
import type { SniffedHttp } from './sniffing.js';

export function outboundHttp(
  view: WorldView,
  proxy: Proxy,
  name: string,
  route: string,
  grpcWeb = false,
): HttpPick {
  return {
    statPrefix: `outbound_${name}`,
    route: { rds: route },
    ...(grpcWeb && { grpcWeb }),
    ...pickCommonHttp(view, proxy, 'outbound', outboundAttributes(proxy)),
  };
}

/** The explicit proxy stands on loopback: on the workload's own address where that is one. */
export function httpProxyListener(view: WorldView, proxy: Proxy): OutboundListener | undefined {
  const port = httpProxyPort(view, proxy);
  if (port === 0) return undefined;
  const [own = ''] = proxy.ipAddresses;
  return { address: own.startsWith('127.') || own === '::1' ? own : loopback(proxy), port };
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
    http,
    sources: view.mesh().sources,
  };
}

/** What captured connections to one address and port are for; undefined where nobody is. */
export function pickOutbound(
  view: WorldView,
  proxy: Proxy,
  name: string,
): HttpListenerPick | TcpListenerPick | undefined {
  const at = parseListenerName(name);
  const uses = at ? usesAt(view, proxy, at) : [];
  if (!at || uses.length === 0) return undefined;
  const isCommon = at.address === anyAddress(proxy);
  const shared = {
    name,
    ...at,
    ...(isCommon && moreAnyAddresses(view, proxy)),
    binds: false,
  };
  const http = httpAt(view, proxy, at, uses);
  const services = l4Services(proxy, at, uses);
  if (http && services.length === 0)
    return { sort: 'http', ...shared, http: http.manager, sources: view.mesh().sources };
  const l4 = pickL4(view, proxy, at.port, services);
  const defined = services.flatMap(({ host }) => view.service(host, proxy)?.sources ?? []);
  const detectionTimeout = view.mesh().protocolDetectionTimeout;
  const sources = [...defined, ...l4Sources(l4)];
  return { sort: 'tcp', ...shared, ...l4, ...(http && { http: { ...http, detectionTimeout } }), sources };
}

/** HTTP to a range has a filter chain for that range: Envoy does not come back from one to the others. */
function httpAt(
  view: WorldView,
  proxy: Proxy,
  at: OutboundListener,
  uses: readonly PortUse[],
): SniffedHttp | undefined {
  const candidates = uses.filter(({ protocol }) => mayBeHttp(protocol));
  const [first] = candidates;
  if (!first) return undefined;
  const grpcWeb = candidates.some(({ dialect }) => dialect === 'GRPC_WEB');
  const name = listenerName(at.address, at.port);
  const manager = outboundHttp(view, proxy, name, routeAt(proxy, at, first), grpcWeb);
  const ranges = at.address === anyAddress(proxy) ? candidates.map(rangesOf) : [[]];
  const ranged = [...new Set(ranges.flat())];
  const everywhere = ranges.some(({ length }) => length === 0) ? [[]] : [];
  return { manager, destinationSubnets: ranged.length > 0 ? [...everywhere, ranged] : everywhere };
}

/** Those whose connections are not all HTTP. Where there is only one at an address, it needs no name to be known by. */
export function l4Services(proxy: Proxy, at: OutboundListener, uses: readonly PortUse[]): L4Service[] {
  const isCommon = at.address === anyAddress(proxy);
  const carried = uses.filter(({ protocol }) => protocol !== 'HTTP');
  return carried.map((use) => ({
    host: use.host,
    protocol: use.protocol,
    ...(use.dialect && { dialect: use.dialect }),
    cluster: outboundCluster(at.port, '', use.host),
    destinationSubnets: isCommon ? rangesOf(use) : [],
    byServerName: isCommon || carried.length > 1,
  }));
}

/** Normalised. */
function rangesOf({ addresses }: PortUse): string[] {
  return addresses.filter((address) => !isSingle(address)).flatMap((range) => normalisedCidr(range) ?? []);
}

export function pickVirtualOutbound(view: WorldView, proxy: Proxy): VirtualOutboundPick {
  return {
    sort: 'virtual-outbound',
    name: VIRTUAL_OUTBOUND,
    address: anyAddress(proxy),
    ...moreAnyAddresses(view, proxy),
    port: view.mesh().proxyListenPort,
    cluster: unknownDestination(view, proxy),
    transparent: proxy.interceptionMode === 'TPROXY',
    sources: view.mesh().sources,
  };
}
