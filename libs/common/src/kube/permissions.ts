import type { ResourceType } from './objects.js';

/** @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** All that a service may do with the API server, and no more than it does. */
export interface Permissions {
  /** In all namespaces. */
  readonly cluster: readonly Rule[];
  /** In the namespace of the control plane. */
  readonly own: readonly Rule[];
}

export function allow(
  { group, plural }: Pick<ResourceType, 'group' | 'plural'>,
  verbs: readonly string[],
  names?: readonly string[],
): Rule {
  return {
    apiGroups: [group],
    resources: [plural],
    ...(names && { resourceNames: names }),
    verbs,
  };
}

/** What a reflector does; one of a single object may be allowed that object alone, by its name. */
export function allowFollowing(type: Pick<ResourceType, 'group' | 'plural'>, name?: string): Rule {
  return allow(type, ['list', 'watch'], name === undefined ? undefined : [name]);
}
