import { conflicts, danglingReferences, decodeContent, foreignProvisions, provisionsOf } from '#config';
import type { Diagnostic, Origin, Provision, Resource } from '#config';
import { acceptedResources, settledReadings } from '../snapshot/snapshot.js';
import type { Snapshot } from '../snapshot/snapshot.js';

/** What is wrong between resources. Reads the whole config: for those who ask, not for every change. */
export function analyze(snapshot: Snapshot): Diagnostic[] {
  const readings = settledReadings(snapshot);
  const provided = new Set<Provision>(foreignProvisions(readings));
  const inForce = new Map<string, Origin>();
  const resources: Resource[] = [];
  for (const [key, { content, origin }] of acceptedResources(snapshot)) {
    const resource = decodeContent(key, content);
    inForce.set(key, origin);
    resources.push(resource);
    for (const provision of provisionsOf(resource)) provided.add(provision);
  }
  const dangling = danglingReferences(readings, provided, ({ path }, { resource, line }) => {
    const origin = inForce.get(resource.key);
    return origin?.file === path && origin.line === line;
  });
  return [...dangling, ...conflicts(resources, (key) => inForce.get(key))];
}
