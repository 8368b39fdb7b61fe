import { RE2JS } from 're2js';
import type { PatchContext } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Patch, PatchedPart } from '../../model/patch.js';
import type { Proxy } from '../../model/proxy.js';
import { matches } from '../../model/workload.js';

/** Where in a proxy a resource works; the same as a match's context, without ANY. */
export type Place = Exclude<PatchContext, 'ANY' | 'WAYPOINT'>;

/**
 * The patches of one part that concern this proxy. What a resource tells of itself is compared first, so that of the
 * proxy no more is read than has to be: each field that is read divides those that share a result.
 */
export function patchesFor(
  view: WorldView,
  proxy: Proxy,
  part: PatchedPart,
  mayChange: (patch: Patch) => boolean,
): Patch[] {
  const patches = view.patches(proxy, part);
  return patches.filter((patch) => mayChange(patch) && isForProxy(patch, proxy));
}

function isForProxy({ spec, filter }: Patch, proxy: Proxy): boolean {
  const { context = 'ANY', proxy: asked } = spec.match ?? {};
  if (context === 'WAYPOINT') return false;
  if (context !== 'ANY' && (context === 'GATEWAY') !== (proxy.type === 'router')) return false;
  if (asked?.proxyVersion && !hasVersion(proxy.istioVersion, asked.proxyVersion)) return false;
  if (asked?.metadata && !matches(asked.metadata, proxy.metadata)) return false;
  const selector = filter.spec.workloadSelector?.labels;
  return !selector || Object.keys(selector).length === 0 || matches(selector, proxy.labels);
}

function hasVersion(version: string, pattern: string): boolean {
  let regex = compiled.get(pattern);
  if (regex === undefined) compiled.set(pattern, (regex = compile(pattern)));
  return regex?.matcher(version).find() ?? false;
}

/** Patterns are few, and each is asked for every resource. */
const compiled = new Map<string, RE2JS | null>();

/** One that does not compile matches nothing; config checks have said so. */
function compile(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}

/** Whether a patch may work in this place. */
export function isAt(patch: Patch, place: Place): boolean {
  const context = patch.spec.match?.context ?? 'ANY';
  return context === 'ANY' || context === place;
}
