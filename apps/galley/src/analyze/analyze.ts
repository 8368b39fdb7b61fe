import { danglingReferences, foreignProvisions, provisionsOf } from '#config';
import type { Diagnostic, Provision } from '#config';
import { settledReadings } from '../snapshot/snapshot.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { conflictsAmong, resourcesInForce } from './in-force.js';

/** What is wrong between resources. Reads the whole config: for those who ask, not for every change. */
export function analyze(snapshot: Snapshot): Diagnostic[] {
  const readings = settledReadings(snapshot);
  const provided = new Set<Provision>(foreignProvisions(readings));
  const inForce = resourcesInForce(snapshot);
  for (const { resource } of inForce.values())
    for (const provision of provisionsOf(resource)) provided.add(provision);
  const dangling = danglingReferences(readings, provided, ({ path }, { resource, line }) => {
    const origin = inForce.get(resource.key)?.origin;
    return origin?.file === path && origin.line === line;
  });
  return [...dangling, ...conflictsAmong(inForce)];
}
