import type { ExtensionProvider, ProviderService } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { outboundCluster } from './names.js';

/** Where a provider is reached. */
export interface ProviderTarget {
  readonly cluster: string;
  /** `host:port`: the authority of calls, as a cluster's name is none. */
  readonly authority: string;
}

export function provider(view: WorldView, name: string): ExtensionProvider | undefined {
  return view.mesh().extensionProviders.find((each) => each.name === name);
}

/** Undefined where the proxy sees no such service: a cluster that is not there would make Envoy refuse the listener. */
export function providerTarget(
  view: WorldView,
  proxy: Proxy,
  { service: reference, port }: ProviderService,
): ProviderTarget | undefined {
  const [host = '', namespace] = reference.split('/').reverse();
  const service = view.service(host, proxy);
  const isMeant = service && (namespace === undefined || service.namespace === namespace);
  if (!isMeant || !service.port(port)) return undefined;
  return { cluster: outboundCluster(port, '', host), authority: `${host}:${port}` };
}
