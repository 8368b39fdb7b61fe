import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { gatewayRoute, listenerName } from '../common/names.js';
import { httpServers } from '../vhds/gateway-hosts.js';
import type { HttpListenerPick } from './listeners.js';
import { outboundAttributes } from './mixer-attributes.js';
import { pickCommonHttp } from './select-http.js';

export interface GatewayListener {
  readonly address: string;
  readonly port: number;
  readonly sources: readonly string[];
}

/** One listener for each address and port of the proxy's servers. */
export function gatewayListeners(view: WorldView, proxy: Proxy): GatewayListener[] {
  const byName = new Map<string, GatewayListener>();
  for (const { gateway, server } of httpServers(view, proxy)) {
    const address = server.bind || '0.0.0.0';
    const port = server.port.number;
    const held = byName.get(listenerName(address, port));
    byName.set(listenerName(address, port), {
      address,
      port,
      sources: [...(held?.sources ?? []), gateway.key],
    });
  }
  return [...byName.values()];
}

export function pickGatewayListener(
  view: WorldView,
  proxy: Proxy,
  name: string,
): HttpListenerPick | undefined {
  const found = gatewayListeners(view, proxy).find(
    ({ address, port }) => listenerName(address, port) === name,
  );
  if (!found) return undefined;
  return {
    sort: 'http',
    name,
    ...found,
    binds: true,
    http: {
      statPrefix: `outbound_${name}`,
      route: { rds: gatewayRoute(found.port) },
      ...pickCommonHttp(view, proxy, 'gateway', outboundAttributes(proxy)),
    },
  };
}
