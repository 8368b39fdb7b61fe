import type { ProxyConfig, Telemetry } from '#config';
import type { Config } from '../model/config.js';
import type { Fact } from '../model/contract.js';
import type { Mesh } from '../model/mesh.js';
import { effectiveProxyConfig, type EffectiveProxyConfig } from '../model/proxy-config.js';
import type { Proxy } from '../model/proxy.js';
import { fact } from './facts.js';
import type { NamespaceIndex } from './indexes/namespace-index.js';
import { selectedFor } from './selected.js';

/** The Telemetry resources that count for a proxy, the most general first. */
export function ownTelemetries(
  telemetries: NamespaceIndex<Telemetry>,
  record: (fact: Fact) => void,
  proxy: Proxy,
  { rootNamespace }: Mesh,
): readonly Config<Telemetry>[] {
  for (const namespace of [proxy.namespace, rootNamespace]) record(fact.telemetries(namespace));
  const { root, namespace, workload } = selectedFor(telemetries, rootNamespace, proxy);
  return [root, namespace, workload].filter((config) => config !== undefined);
}

/** How a proxy is set up: by the mesh, by ProxyConfigs, by itself. */
export function ownProxyConfig(
  proxyConfigs: NamespaceIndex<ProxyConfig>,
  record: (fact: Fact) => void,
  proxy: Proxy,
  { rootNamespace, defaultConfig }: Mesh,
): EffectiveProxyConfig {
  for (const namespace of [proxy.namespace, rootNamespace]) record(fact.proxyConfigs(namespace));
  const found = selectedFor(proxyConfigs, rootNamespace, proxy);
  return effectiveProxyConfig({
    mesh: defaultConfig,
    root: found.root?.spec,
    namespace: found.namespace?.spec,
    own: proxy.proxyConfig,
    workload: found.workload?.spec,
  });
}
