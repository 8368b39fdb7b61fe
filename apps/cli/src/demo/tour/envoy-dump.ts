interface ConfigDump {
  readonly configs: readonly Record<string, unknown>[];
}

/**
 * All that an Envoy has from Pilot, by kind and name, in one comparable text each: without times, versions and the
 * order in which it arrived.
 */
export async function dumpOf(admin: string): Promise<ReadonlyMap<string, string>> {
  const answer = await fetch(`${admin}/config_dump?include_eds`);
  const { configs } = (await answer.json()) as ConfigDump;
  return new Map(
    configs.flatMap((config) => [
      ...named(config.dynamic_listeners, ['active_state', 'listener'], 'listener'),
      ...named(config.dynamic_active_clusters, ['cluster'], 'cluster'),
      ...named(config.dynamic_route_configs, ['route_config'], 'route'),
      ...named(config.dynamic_endpoint_configs, ['endpoint_config'], 'endpoints'),
    ]),
  );
}

function named(entries: unknown, path: readonly string[], kind: string): (readonly [string, string])[] {
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry) => {
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key],
      entry,
    );
    // A listener that only drains is not in force any more.
    if (value === undefined) return [];
    const { name, cluster_name: clusterName } = value as { name?: string; cluster_name?: string };
    return [[`${kind} ${name ?? clusterName ?? ''}`, JSON.stringify(comparable(value))] as const];
  });
}

/** Lists in the order of their arrival: virtual hosts come one by one, and hosts of a cluster that were there stay. */
const UNORDERED: ReadonlySet<string> = new Set(['virtual_hosts', 'lb_endpoints']);

/** Fields sorted, and what stands in the order of its arrival. */
function comparable(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) {
    const members = value.map((member) => comparable(member));
    return UNORDERED.has(field) ? members.sort(byText) : members;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, comparable(member, key)]));
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** In what two dumps differ, by name. */
export function dumpDifferences(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): string[] {
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].filter((name) => one.get(name) !== other.get(name));
}
