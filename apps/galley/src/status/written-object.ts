import { resourcePath } from '#common/kube';
import { MESH_TYPES, splitKey } from '#config';
import type { ResourceKey } from '#config';
import type { FileChange, ObjectState } from '../sources/change.js';
import { splitUnit } from '../snapshot/units.js';

/** An object of a cluster whose status Galley writes. */
export interface WrittenObject {
  readonly key: ResourceKey;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly about: ObjectState;
  /** Of its status, at the API server. */
  readonly path: string;
}

const PLURALS: ReadonlyMap<string, string> = new Map(
  MESH_TYPES.filter(({ read }) => read).map(({ group, kind, plural }) => [`${group}/${kind}`, plural]),
);

/** Undefined for what has no status of Galley's: Services, ConfigMaps, and kinds that are only kept. */
export function writtenObject(change: Extract<FileChange, { kind: 'object' }>): WrittenObject | undefined {
  const { object, resourceVersion, about } = change;
  const { key } = splitUnit(change.path) ?? {};
  if (key === undefined) return undefined;
  const { group, kind } = splitKey(key);
  const plural = PLURALS.get(`${group}/${kind}`);
  if (plural === undefined) return undefined;
  const { apiVersion, metadata } = object;
  const { name, namespace } = metadata;
  const [, version = ''] = apiVersion.split('/');
  const path = `${resourcePath({ group, version, plural }, namespace, name)}/status`;
  const home = namespace === undefined ? {} : { namespace };
  return { key, apiVersion, kind, ...home, name, uid: about.uid, resourceVersion, about, path };
}
