import { createHash } from 'node:crypto';
import { serviceProvision } from '../references.js';
import { resourceKey } from '../resource.js';
import { MAX_DEPTH } from '../yaml/limits.js';
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
  if (isTooDeep(object)) return { ...emptyReading(path, resourceVersion), documents: [tooDeep(object)] };
  const print = createHash('sha256').update(JSON.stringify(object)).digest('base64');
  const documents = previous?.chunks.get(print) ?? [documentOf(object)];
  return { ...emptyReading(path, resourceVersion), documents, chunks: new Map([[print, documents]]) };
}

function emptyReading(path: string, resourceVersion: string): FileReading {
  return { path, resourceVersion, documents: [], chunks: new Map(), ending: '', terminated: true };
}

/** Without recursion: JSON may be nested as deep as it likes, and everything behind this recurses. */
function isTooDeep(object: object): boolean {
  let level: object[] = [object];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((value) => Object.values(value).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function tooDeep({ apiVersion, kind, metadata }: ClusterObject): DocumentReading {
  const [group = ''] = apiVersion.split('/');
  const key = resourceKey(group, kind, metadata.namespace ?? 'default', metadata.name);
  const message = `nested deeper than ${MAX_DEPTH} levels`;
  return { outcome: 'invalid', key, line: 0, problems: [{ code: 'limit', message, path: [], line: 0 }] };
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
