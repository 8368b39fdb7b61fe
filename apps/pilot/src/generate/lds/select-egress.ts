import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { isHttp } from '../../model/service.js';
import { outboundCluster } from '../common/names.js';
import { unknownDestination } from '../common/outbound-policy.js';
import type { OwnEgress } from '../common/own-egress.js';
import { ownEgress } from '../common/own-egress.js';
import type { HttpListenerPick, TcpListenerPick } from './listeners.js';
import { outboundHttp } from './select-outbound.js';
import { pickTcpPolicies } from './tcp-policy.js';

/** The listeners that a Sidecar's egress has by itself, of whatever protocol. */
export function pickOwnEgress(
  view: WorldView,
  proxy: Proxy,
  name: string,
): HttpListenerPick | TcpListenerPick | undefined {
  const own = ownEgress(view, proxy).find((each) => each.name === name);
  if (!own) return undefined;
  const { address, port, binds } = own;
  const transparent = !binds && proxy.interceptionMode === 'TPROXY';
  const shared = { name, address, port, binds, transparent, sources: sourcesOf(view, proxy) };
  if (!isHttp(own.protocol)) return { sort: 'tcp', ...shared, ...destinations(view, proxy, own) };
  return { sort: 'http', ...shared, http: outboundHttp(view, proxy, name, own.route) };
}

function sourcesOf(view: WorldView, proxy: Proxy): string[] {
  const sidecar = view.sidecar(proxy);
  return [...view.mesh().sources, ...(sidecar ? [sidecar.key] : [])];
}

/** TLS services by the name that is asked for; of the others the first has the listener. */
function destinations(
  view: WorldView,
  proxy: Proxy,
  own: OwnEgress,
): Pick<TcpListenerPick, 'chains' | 'fallback' | 'policies'> {
  const targets = targetsOf(view, proxy, own);
  const plain = targets.find(({ protocol }) => protocol !== 'TLS');
  const chains = targets
    .filter(({ protocol }) => protocol === 'TLS')
    .map(({ host, cluster }) => ({ serverNames: [host], cluster }));
  const fallback = plain?.cluster ?? unknownDestination(view, proxy);
  const policies = pickTcpPolicies(view, proxy, [...chains.map(({ cluster }) => cluster), fallback]);
  return { chains, fallback, policies };
}

/** What is imported on the listener's port; on a socket, at the first port of each service. */
function targetsOf(view: WorldView, proxy: Proxy, { port, scope }: OwnEgress) {
  return view
    .services(proxy.namespace)
    .filter(({ host, namespace }) => scope.imports(namespace, host))
    .flatMap(({ host, ports }) => {
      const carried = ports.filter(({ protocol }) => protocol !== 'UDP');
      const found = carried.find(({ number }) => port === 0 || number === port);
      if (!found) return [];
      return [{ host, protocol: found.protocol, cluster: outboundCluster(found.number, '', host) }];
    });
}
