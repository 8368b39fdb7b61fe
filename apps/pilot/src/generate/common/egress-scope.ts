import type { Sidecar } from '#config';
import type { WorldView } from '../../model/contract.js';
import { EgressScope, scopeOf } from '../../model/egress-scope.js';
import type { Proxy } from '../../model/proxy.js';

export type Egress = NonNullable<Sidecar['egress']>[number];
export type EgressFrame = Omit<Egress, 'hosts'>;

/** The egress listeners of a proxy's Sidecar; none without a Sidecar, and for gateways. */
export function egressListeners(view: WorldView, proxy: Proxy): readonly Egress[] {
  return proxy.type === 'router' ? [] : (view.sidecar(proxy)?.spec.egress ?? []);
}

/**
 * The scope of what is served at a port: that of the listener with this port where there is one, else that of the
 * catch-all, which has no port. Without a Sidecar, and for gateways, everything.
 */
export function egressScope(view: WorldView, proxy: Proxy, port: number): EgressScope {
  const egress = egressListeners(view, proxy);
  if (egress.length === 0) return EgressScope.everything;
  const ofPort = egress.filter((listener) => listener.port?.number === port);
  return scopeWithin(ofPort.length > 0 ? ofPort : egress.filter((listener) => !listener.port), proxy);
}

/** What these listeners import: nothing where there are none. */
export function scopeWithin(listeners: readonly Egress[], proxy: Proxy): EgressScope {
  return listeners.length > 0 ? scopeOf(listeners, proxy.namespace) : EgressScope.nothing;
}

/** Whether a proxy has to do with a port of a service: a listener with a port is for that port alone. */
export function importsOfPorts(
  view: WorldView,
  proxy: Proxy,
): (namespace: string, host: string, port: number) => boolean {
  const egress = egressListeners(view, proxy);
  if (egress.length === 0) return () => true;
  const scopes = egress.map((listener) => ({
    port: portOf(listener),
    scope: scopeWithin([listener], proxy),
  }));
  return (namespace, host, number) =>
    scopes.some(({ port, scope }) => (port ?? number) === number && scope.imports(namespace, host));
}

/** The one service port that a listener is for; undefined for a catch-all, a socket and an explicit proxy. */
export function portOf({ port }: EgressFrame): number | undefined {
  return port && port.number !== 0 && port.protocol?.toUpperCase() !== 'HTTP_PROXY' ? port.number : undefined;
}
