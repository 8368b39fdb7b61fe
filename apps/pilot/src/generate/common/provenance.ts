import type { envoy } from '#common/proto/envoy';
import type { ResourceKey } from '#config';
import { configPath } from '#config';
import type { Struct } from './proto.js';
import { struct } from './proto.js';

type Metadata = envoy.config.core.v3.Metadata.$Properties;
type Members = Parameters<typeof struct>[0];

/**
 * Metadata that says which config something was made of, as Istio does. Only what identifies the resource: a line
 * number or a version would make Envoy drain connections for a moved comment.
 */
export function provenance(key: ResourceKey | undefined, more: Members = {}): Metadata | undefined {
  const members = key ? { config: configPath(key), ...more } : more;
  return Object.keys(members).length > 0 ? { filterMetadata: { istio: struct(members) } } : undefined;
}

export function withFilterMetadata(metadata: Metadata | undefined, name: string, members: Struct): Metadata {
  return { filterMetadata: { ...metadata?.filterMetadata, [name]: members } };
}

/** Each once, in a fixed order. */
export function distinctSources(...keys: readonly (readonly ResourceKey[])[]): ResourceKey[] {
  return [...new Set(keys.flat())].sort();
}
