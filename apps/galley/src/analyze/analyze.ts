import { danglingReferences, decodeContent, foreignProvisions, provisionsOf } from '#config';
import type { Diagnostic, Provision } from '#config';
import { acceptedResources, settledReadings } from '../snapshot/snapshot.js';
import type { Snapshot } from '../snapshot/snapshot.js';

/** What is wrong between resources. Reads the whole config: for those who ask, not for every change. */
export function analyze(snapshot: Snapshot): Diagnostic[] {
  const readings = settledReadings(snapshot);
  const provided = new Set<Provision>(foreignProvisions(readings));
  const inForce = new Map<string, string>();
  for (const [key, { content, origin }] of acceptedResources(snapshot)) {
    inForce.set(key, `${origin.file}:${origin.line}`);
    for (const provision of provisionsOf(decodeContent(key, content))) provided.add(provision);
  }
  return danglingReferences(
    readings,
    provided,
    ({ path }, { resource, line }) => inForce.get(resource.key) === `${path}:${line}`,
  );
}
