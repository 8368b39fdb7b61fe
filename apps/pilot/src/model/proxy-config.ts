import type { MeshProxyConfig, ProxyConfig } from '#config';

/** What Pilot reads of a proxy's own configuration; a node keeps no more than this. */
const READ = [
  'tracing',
  'tracingServiceName',
  'envoyAccessLogService',
  'gatewayTopology',
  'proxyHeaders',
  'connectionSettings',
  'meshId',
] as const satisfies readonly (keyof MeshProxyConfig)[];

export type TrafficProxyConfig = Pick<MeshProxyConfig, (typeof READ)[number]>;

export function trafficPart(config: MeshProxyConfig): TrafficProxyConfig {
  return Object.fromEntries(READ.filter((field) => config[field]).map((field) => [field, config[field]]));
}

/** How a proxy is set up in the end; the ProxyConfig kind adds what a proxy is started with. */
export type EffectiveProxyConfig = MeshProxyConfig & Omit<ProxyConfig, 'selector'>;

/** Where config of a proxy may come from. */
export interface ProxyConfigSources {
  /** `defaultConfig` of MeshConfig. */
  readonly mesh: MeshProxyConfig;
  /** ProxyConfigs for the whole mesh, the namespace, and the workload. */
  readonly root: ProxyConfig | undefined;
  readonly namespace: ProxyConfig | undefined;
  readonly workload: ProxyConfig | undefined;
  /** What the proxy says of itself, which stands between what is for many and what is for it alone. */
  readonly own: MeshProxyConfig;
}

/**
 * Field by field, each whole, the more specific source first. Environment variables add up.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/proxy-config/
 */
export function effectiveProxyConfig(sources: ProxyConfigSources): EffectiveProxyConfig {
  const { mesh, root, namespace, own, workload } = sources;
  const layers = [mesh, root, namespace, own, workload];
  const { selector: _, ...merged } = Object.assign({}, ...layers) as EffectiveProxyConfig & ProxyConfig;
  const variables = [root, namespace, workload].map((layer) => layer?.environmentVariables);
  const environmentVariables = Object.assign({}, ...variables) as Record<string, string>;
  return Object.keys(environmentVariables).length > 0 ? { ...merged, environmentVariables } : merged;
}
