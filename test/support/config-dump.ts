import type { RunningEnvoy } from '#common/testing';

const TYPES = ['ClustersConfigDump', 'ListenersConfigDump', 'RoutesConfigDump', 'EndpointsConfigDump'];

/** All that an Envoy got over xDS, without versions and times, and in one order: equal for proxies that hold the same. */
export async function heldConfig(envoy: RunningEnvoy): Promise<unknown> {
  const dumps = await envoy.configDump('?include_eds');
  return normal(dumps.filter((dump) => TYPES.some((type) => String(dump['@type']).endsWith(type))));
}

function normal(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(normal).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'last_updated' && key !== 'version_info');
  return Object.fromEntries(kept.map(([key, each]) => [key, normal(each)]));
}
