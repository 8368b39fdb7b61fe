import type { WorldView } from '../../model/contract.js';
import { hostAndPort, shortNames } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import type { Service } from '../../model/service.js';
import { splitHostPort } from '../common/address.js';
import { egressScope } from '../common/egress-scope.js';
import { VIRTUAL_PORT } from '../vhds/domains.js';

/** What is called as `xds:///<host>:<port>`, by its full name. Without a service only a VirtualService knows it. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly service?: Service;
}

/** The target of a client's listener; its host may be short, as for a sidecar's clients. */
export function targetOf(view: WorldView, proxy: Proxy, listener: string): Target | undefined {
  const asked = splitHostPort(listener);
  if (!asked) return undefined;
  for (const host of fullNames(asked.host, proxy.dnsDomain)) {
    const target = served(view, proxy, host, asked.port);
    if (target) return target;
  }
  return undefined;
}

/** Names that a name may stand for: itself first, as for a name server with search domains. */
function fullNames(host: string, dnsDomain: string): string[] {
  const labels = dnsDomain.split('.');
  const completed = labels.map((_, index) => `${host}.${labels.slice(index).join('.')}`);
  return [host, ...completed.filter((full) => shortNames(full, dnsDomain).includes(host))];
}

export function served(view: WorldView, proxy: Proxy, host: string, port: number): Target | undefined {
  const service = view.service(host, proxy);
  if (!service) {
    return port === VIRTUAL_PORT && view.meshVirtualService(host, proxy) ? { host, port } : undefined;
  }
  const protocol = service.port(port)?.protocol;
  const imported = egressScope(view, proxy, port).imports(service.namespace, host);
  return protocol && protocol !== 'UDP' && imported ? { host, port, service } : undefined;
}

/** Servers ask for the address that they listen on, by the template that Istio's agent writes into their bootstrap. */
const SERVER_PREFIX = 'xds.istio.io/grpc/lds/inbound/';

export function serverListener(address: string, port: number): string {
  return `${SERVER_PREFIX}${hostAndPort(address, port)}`;
}

/** The reverse of {@link serverListener}; undefined for another kind of name. */
export function parseServerListener(name: string): { host: string; port: number } | undefined {
  return name.startsWith(SERVER_PREFIX) ? splitHostPort(name.slice(SERVER_PREFIX.length)) : undefined;
}
