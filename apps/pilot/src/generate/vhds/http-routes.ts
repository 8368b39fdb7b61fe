import type { HTTPRoute, VirtualService } from '#config';
import { delegateOf, delegated } from '#config';
import type { Config } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { delegatesNamedBy } from '../../world/indexes/virtual-service-index.js';
import type { VirtualHostPick, VirtualServicePick } from './inputs.js';
import { asksForSource } from './match.js';

/** A VirtualService together with its delegates. */
export function pickVirtualService(
  view: WorldView,
  config: Config<VirtualService>,
  gateways: readonly string[],
): VirtualServicePick {
  const found = new Map<string, Config<VirtualService>>();
  for (const { namespace, name } of delegatesNamedBy(config)) {
    const delegate = view.delegate(namespace, name, config.namespace);
    if (delegate) found.set(delegate.key, delegate);
  }
  return { config, gateways, delegates: [...found.values()] };
}

/** Its routes as they count: a route that delegates is replaced by those of its delegate, or by nothing. */
export function httpRoutes({ config, delegates }: VirtualServicePick): readonly HTTPRoute[] {
  const { namespace, spec } = config;
  return (spec.http ?? []).flatMap((route) => {
    if (!route.delegate) return [route];
    const named = delegateOf(route, namespace);
    const delegate = delegates.find((one) => one.namespace === named?.namespace && one.name === named.name);
    return delegate ? delegated(route, namespace, delegate).routes : [];
  });
}

/** Who the proxy is, where any match asks: what is not asked for is to be shared with other proxies. */
export function sourceOf(
  proxy: Proxy,
  virtualServices: readonly VirtualServicePick[],
): Pick<VirtualHostPick, 'source'> {
  const asked = virtualServices.some((picked) =>
    httpRoutes(picked).some(({ match = [] }) => match.some(asksForSource)),
  );
  return asked ? { source: { namespace: proxy.namespace, labels: proxy.labels } } : {};
}
