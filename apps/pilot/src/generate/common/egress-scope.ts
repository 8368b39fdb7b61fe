import type { Sidecar } from '#config';
import type { WorldView } from '../../model/contract.js';
import { isCoveredBy } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';

type Egress = NonNullable<Sidecar['egress']>[number];

/** What of the mesh a proxy is told about. */
export interface EgressScope {
  imports(namespace: string, host: string): boolean;
}

const EVERYTHING: EgressScope = { imports: () => true };

/**
 * The scope that a Sidecar's egress sets: that of the listener with this port where there is one, else that of the
 * catch-all, which has no port. Without a Sidecar, and for gateways, everything.
 *
 * @param port undefined for what is in scope by any of the listeners
 */
export function egressScope(view: WorldView, proxy: Proxy, port: number | undefined): EgressScope {
  if (proxy.type === 'router') return EVERYTHING;
  const egress = view.sidecar(proxy)?.spec.egress;
  if (!egress?.length) return EVERYTHING;
  const ofPort = port === undefined ? [] : egress.filter((listener) => listener.port?.number === port);
  const listeners =
    port === undefined ? egress : ofPort.length > 0 ? ofPort : egress.filter(({ port }) => !port);
  return {
    imports: (namespace, host) => listeners.some((listener) => imports(listener, proxy, namespace, host)),
  };
}

function imports(listener: Egress, proxy: Proxy, namespace: string, host: string): boolean {
  return listener.hosts.some((entry) => {
    const [scope = '', pattern = ''] = entry.includes('/') ? entry.split('/', 2) : ['*', entry];
    const admits = scope === '*' || scope === namespace || (scope === '.' && namespace === proxy.namespace);
    return admits && isCoveredBy(host, pattern);
  });
}
