import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { isHttp, mayBeHttp } from '../../model/service.js';
import { outboundCluster } from '../common/names.js';
import type { OwnEgress } from '../common/own-egress.js';
import { ownEgress } from '../common/own-egress.js';
import type { HttpListenerPick, TcpListenerPick } from './listeners.js';
import { outboundHttp } from './select-outbound.js';
import type { L4Service } from './select-l4.js';
import { l4Sources, pickL4 } from './select-l4.js';

/** The listeners that a Sidecar's egress has by itself, of whatever protocol. */
export function pickOwnEgress(
  view: WorldView,
  proxy: Proxy,
  name: string,
): HttpListenerPick | TcpListenerPick | undefined {
  const own = ownEgress(view, proxy).find((each) => each.name === name);
  if (!own) return undefined;
  const { address, port, binds } = own;
  const shared = { name, address, port, binds, sources: sourcesOf(view, proxy) };
  const manager = mayBeHttp(own.protocol) && outboundHttp(view, proxy, name, own.route);
  if (manager && isHttp(own.protocol)) return { sort: 'http', ...shared, http: manager };
  const l4 = pickL4(view, proxy, port, servicesOf(view, proxy, own));
  const sniffed = manager && {
    manager,
    destinationSubnets: [[]],
    detectionTimeout: view.mesh().protocolDetectionTimeout,
  };
  const sources = [...shared.sources, ...l4Sources(l4)];
  return { sort: 'tcp', ...shared, ...l4, ...(sniffed && { http: sniffed }), sources };
}

function sourcesOf(view: WorldView, proxy: Proxy): string[] {
  const sidecar = view.sidecar(proxy);
  return [...view.mesh().sources, ...(sidecar ? [sidecar.key] : [])];
}

/**
 * What is imported on the listener's port; on a socket, at the first port of each service. TLS services are told apart
 * by the name that is asked for; of the others the first has the listener.
 */
function servicesOf(view: WorldView, proxy: Proxy, { port, scope }: OwnEgress): L4Service[] {
  return view
    .services(proxy)
    .filter(({ host, namespace }) => scope.imports(namespace, host))
    .flatMap(({ host, ports }) => {
      const carried = ports.filter(({ protocol }) => protocol !== 'UDP');
      const found = carried.find(({ number }) => port === 0 || number === port);
      if (!found) return [];
      const cluster = outboundCluster(found.number, '', host);
      return [{ host, protocol: found.protocol, cluster, destinationSubnets: [], byServerName: true }];
    });
}
