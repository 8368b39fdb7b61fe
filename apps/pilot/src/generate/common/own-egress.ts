import type { WorldView } from '../../model/contract.js';
import type { EgressScope } from '../../model/egress-scope.js';
import type { Proxy } from '../../model/proxy.js';
import type { Protocol } from '../../model/service.js';
import { protocolOf } from '../../registries/protocol.js';
import { anyAddress, loopback } from './own-addresses.js';
import { HTTP_PROXY_ROUTE, listenerName, parseSniffedRoute } from './names.js';
import type { Egress, EgressFrame } from './egress-scope.js';
import { egressListeners, portOf, scopeWithin } from './egress-scope.js';

/** A listener that a Sidecar's egress asks for at an address of its own, or bound without interception. */
export interface OwnEgress {
  readonly name: string;
  /** `unix:///path` for a socket, whose port is 0. */
  readonly address: string;
  readonly port: number;
  /** False where captured connections are handed to it. */
  readonly binds: boolean;
  readonly protocol: Protocol;
  /** Name of its route table: the port, or the socket. */
  readonly route: string;
  /** Serves every port of its services, told apart by the request's authority: a socket or an explicit proxy. */
  readonly allPorts: boolean;
  readonly scope: EgressScope;
}

/** In the order in which the Sidecar states them. */
export function ownEgress(view: WorldView, proxy: Proxy): OwnEgress[] {
  return egressListeners(view, proxy)
    .filter((listener) => isOwn(listener, proxy))
    .map((listener) => own(listener, proxy));
}

function isOwn(listener: EgressFrame, proxy: Proxy): boolean {
  if (!listener.port) return false;
  return Boolean(listener.bind) || bindsToPort(listener, proxy) || portOf(listener) === undefined;
}

/** Without interception nothing arrives that is not sent to the listener's own address. */
function bindsToPort({ bind, captureMode }: EgressFrame, proxy: Proxy): boolean {
  return proxy.interceptionMode === 'NONE' || captureMode === 'NONE' || isSocket(bind);
}

function own(listener: Egress, proxy: Proxy): OwnEgress {
  const { port = { number: 0, protocol: '' }, bind = '' } = listener;
  const binds = bindsToPort(listener, proxy);
  const address = bind || (binds ? loopback(proxy) : anyAddress(proxy));
  return {
    name: isSocket(bind) ? bind : listenerName(address, port.number),
    address,
    port: port.number,
    binds,
    protocol: protocolOf(port),
    route: routeOf(listener),
    allPorts: portOf(listener) === undefined,
    scope: scopeWithin([listener], proxy),
  };
}

function routeOf({ bind = '', port }: EgressFrame): string {
  return isSocket(bind) ? bind : String(port?.number ?? 0);
}

function isSocket(bind: string | undefined): boolean {
  return bind?.startsWith('unix://') ?? false;
}

/** Whether a route table serves all ports of its hosts. */
export function servesAllPorts(view: WorldView, proxy: Proxy, route: string): boolean {
  if (route === HTTP_PROXY_ROUTE) return true;
  const listeners = proxy.type === 'router' ? [] : (view.sidecarFrame(proxy)?.egress ?? []);
  return listeners.some((each) => isForAllPorts(each, proxy) && routeOf(each) === route);
}

function isForAllPorts(listener: EgressFrame, proxy: Proxy): boolean {
  return isOwn(listener, proxy) && portOf(listener) === undefined;
}

export function allPortsEgress(view: WorldView, proxy: Proxy, route: string): OwnEgress | undefined {
  return ownEgress(view, proxy).find((own) => own.allPorts && own.route === route);
}

/**
 * Names of virtual hosts that travel by themselves start with their route's, up to the first slash. The route of a
 * single service has nothing but one of them.
 */
export function takesVirtualHosts(proxy: Proxy, route: string): boolean {
  return proxy.vhds && !route.includes('/') && !parseSniffedRoute(route);
}
