import { conflicts, decodeContent } from '#config';
import type { Diagnostic, Origin, Resource, ResourceKey } from '#config';
import { acceptedResources } from '../snapshot/snapshot.js';
import type { Snapshot } from '../snapshot/snapshot.js';

/** A resource, and where it stands. */
interface Placed {
  readonly resource: Resource;
  readonly origin: Origin;
}

/** Everything in force, decoded: takes long for a large config. */
export function resourcesInForce(snapshot: Snapshot): ReadonlyMap<ResourceKey, Placed> {
  const found = new Map<ResourceKey, Placed>();
  for (const [key, { content, origin }] of acceptedResources(snapshot))
    found.set(key, { resource: decodeContent(key, content), origin });
  return found;
}

/** Resources that contradict each other. */
export function conflictsAmong(inForce: ReadonlyMap<ResourceKey, Placed>): Diagnostic[] {
  const resources = Array.from(inForce.values(), ({ resource }) => resource);
  return conflicts(resources, (key) => inForce.get(key)?.origin);
}
