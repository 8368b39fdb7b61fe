import type { Resource } from '../resource.js';

/** Istio's order in every conflict: the older resource, then the smaller name, then the smaller namespace. */
export function byAge(a: Resource, b: Resource): number {
  const age = (one: Resource): string[] => [one.creationTimestamp, one.name, one.namespace];
  const [left, right] = [age(a), age(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}
