import { createHash } from 'node:crypto';
import { serviceProvision } from '../references.js';
import type { FileReading } from './file.js';
import { readManifest } from './manifest.js';
import type { DocumentReading, LocatedValue } from './manifest.js';
import { readMeshConfigMap } from './mesh-config.js';

/** An object of a Kubernetes cluster, as far as Galley has a use for it. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
  readonly data?: unknown;
}

/**
 * Reads an object of a cluster as if it were a file of one document. There are no lines: all are 0, save inside
 * MeshConfig's text, where they count from its first. Never throws. An object that `previous` was read from already
 * costs nothing but its comparison.
 *
 * @param path what stands for the cluster in an origin, `cluster/<name>`
 */
export function readObject(
  path: string,
  object: ClusterObject,
  resourceVersion: string,
  previous?: FileReading,
): FileReading {
  const print = createHash('sha256').update(JSON.stringify(object)).digest('base64');
  const documents = previous?.chunks.get(print) ?? [documentOf(object)];
  return {
    path,
    resourceVersion,
    documents,
    chunks: new Map([[print, documents]]),
    ending: '',
    terminated: true,
  };
}

function documentOf(object: ClusterObject): DocumentReading {
  const located: LocatedValue = { value: object, line: 0, lineOf: () => 0 };
  const { apiVersion, kind, metadata } = object;
  if (apiVersion !== 'v1') return readManifest(located);
  // A Service is nobody's mistake: it is followed for its name.
  if (kind === 'Service') {
    const provides = serviceProvision(metadata.name, metadata.namespace ?? '');
    return { outcome: 'ignored', provides, line: 0, problems: [] };
  }
  return readMeshConfigMap(located);
}
