import type { Patch } from '../../model/patch.js';
import { editList } from './list.js';
import type { Fields } from './message.js';
import { isMerge, listOf, mergeValue, messageOf, textOf, valueOf } from './message.js';
import type { RouteServer } from './route-match.js';
import { asksForRoute, hostMatches, routeMatches, tableMatches } from './route-match.js';

export interface PatchedTable {
  readonly message: Fields;
  /** What stands before the names of its virtual hosts, where they travel by themselves. */
  readonly prefix: string;
  readonly servers: readonly RouteServer[];
}

/** Changes a route table in place, and the virtual hosts in it. Returns the patches that did. */
export function patchRouteConfiguration(table: PatchedTable, patches: readonly Patch[]): Patch[] {
  const name = textOf(table.message, 'name');
  const applied = (['ROUTE_CONFIGURATION', 'VIRTUAL_HOST', 'HTTP_ROUTE'] as const).flatMap((target) =>
    patches.filter(
      (patch) =>
        patch.spec.applyTo === target &&
        tableMatches(patch, name, table.servers) &&
        applyToTable(patch, table),
    ),
  );
  return applied;
}

function applyToTable(patch: Patch, { message, prefix }: PatchedTable): boolean {
  if (patch.spec.applyTo === 'ROUTE_CONFIGURATION') {
    if (isMerge(patch)) keepingName(message, () => mergeValue(patch, message));
    return isMerge(patch);
  }
  const hosts = listOf(message, 'virtual_hosts');
  if (patch.spec.applyTo === 'VIRTUAL_HOST' && patch.operation === 'ADD') {
    message['virtual_hosts'] = [...hosts, valueOf(patch)];
    return true;
  }
  const patched = hosts.map((host) => applyToHost(patch, host, prefix));
  message['virtual_hosts'] = patched.filter((host) => host !== 'removed').map(({ host }) => host);
  return patched.some((host) => host === 'removed' || host.applied);
}

type HostResult = { readonly host: Fields; readonly applied: boolean } | 'removed';

/**
 * Changes one virtual host by the patches of its table, which match the table.
 *
 * @param prefix what stands before its name where it travels by itself
 */
export function patchVirtualHost(
  host: Fields,
  prefix: string,
  patches: readonly Patch[],
): { readonly host: Fields; readonly applied: readonly Patch[] } | 'removed' {
  let patched = host;
  const applied: Patch[] = [];
  for (const target of ['VIRTUAL_HOST', 'HTTP_ROUTE'] as const) {
    for (const patch of patches.filter(({ spec }) => spec.applyTo === target)) {
      const result = applyToHost(patch, patched, prefix);
      if (result === 'removed') return 'removed';
      patched = result.host;
      if (result.applied) applied.push(patch);
    }
  }
  return { host: patched, applied };
}

function applyToHost(patch: Patch, host: Fields, prefix: string): HostResult {
  if (!hostMatches(patch, host, prefix)) return { host, applied: false };
  if (patch.spec.applyTo === 'HTTP_ROUTE') return { host, applied: patchRoutes(patch, host) };
  if (patch.operation === 'REMOVE') return 'removed';
  // By its name it is updated and removed later on, so that is not to change.
  if (patch.operation === 'REPLACE')
    return { host: { ...valueOf(patch), name: host['name'] }, applied: true };
  if (isMerge(patch)) keepingName(host, () => mergeValue(patch, host));
  return { host, applied: isMerge(patch) };
}

function patchRoutes(patch: Patch, host: Fields): boolean {
  const routes = listOf(host, 'routes');
  const matches = (route: Fields): boolean => routeMatches(patch, route);
  if (isMerge(patch)) {
    const found = routes.filter(matches);
    for (const route of found) mergeRoute(patch, route);
    return found.length > 0;
  }
  const asks = asksForRoute(patch) || patch.operation === 'REMOVE';
  if (patch.operation === 'INSERT_FIRST' && !routes.some(matches) && asks) return false;
  const edited = editList(routes, patch, { asks, matches });
  if (edited) host['routes'] = edited;
  return edited !== undefined;
}

/** Beside a deadline for gRPC alone Envoy looks at no timeout: one that a patch states takes its place. */
function mergeRoute(patch: Patch, route: Fields): void {
  mergeValue(patch, route);
  const stated = messageOf(valueOf(patch), 'route') ?? {};
  const action = messageOf(route, 'route');
  if (stated['timeout'] && !stated['max_stream_duration']) delete action?.['max_stream_duration'];
}

function keepingName(message: Fields, change: () => void): void {
  const { name } = message;
  change();
  message['name'] = name;
}
