import type { Resource, ResourceKey } from './resource.js';
import { splitKey } from './resource.js';

/** JSON with sorted keys and without undefined members: equal values have equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (isPlainObject(member) ? sorted(member) : member));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) out[key] = value[key];
  return out;
}

/** The content of a resource in the config log: everything but its key (and its origin, which travels beside it). */
export function encodeContent(resource: Resource): string {
  const { labels, annotations, creationTimestamp, spec } = resource;
  return canonicalJson({ labels, annotations, creationTimestamp, spec });
}

/** The inverse of {@link encodeContent}. */
export function decodeContent<Spec = unknown>(key: ResourceKey, content: string): Resource<Spec> {
  const body = JSON.parse(content) as Pick<
    Resource<Spec>,
    'labels' | 'annotations' | 'creationTimestamp' | 'spec'
  >;
  return { key, ...splitKey(key), ...body };
}
