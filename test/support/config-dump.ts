import type { RunningEnvoy } from '#common/testing';

const TYPES = ['ClustersConfigDump', 'ListenersConfigDump', 'RoutesConfigDump', 'EndpointsConfigDump'];

/** Versions, times, and what was refused last. */
const VOLATILE: ReadonlySet<string> = new Set(['last_updated', 'version_info', 'error_state']);

/** All that an Envoy got over xDS, without versions and times, and in one order: equal for proxies that hold the same. */
export async function heldConfig(envoy: RunningEnvoy): Promise<unknown> {
  const dumps = await envoy.configDump('?include_eds');
  return normal(dumps.filter((dump) => TYPES.some((type) => String(dump['@type']).endsWith(type))));
}

function normal(value: unknown): unknown {
  if (Array.isArray(value)) {
    // What Envoy made ready for something that it refused then is listed without content.
    const parts = value.map(normal).filter((part) => JSON.stringify(part) !== '{}');
    return parts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !VOLATILE.has(key));
  return Object.fromEntries(kept.map(([key, each]) => [key, normal(each)]));
}
