export { Backoff, type BackoffOptions } from './backoff.js';
export { KubeClient, PATCH, type Answer, type Query, type RequestOptions } from './client.js';
export { Discovery } from './discovery.js';
export { isConflict, isExpired, isForbidden, isNotFound, KubeError, failureText } from './errors.js';
export { inCluster, parseKubeconfig, readKubeconfig, type ClusterConfig } from './kubeconfig.js';
export { Lease, type LeaseOptions, type LeaseState, type LeaseTimings } from './lease.js';
export { listPages } from './list.js';
export {
  objectKey,
  resourcePath,
  typeName,
  type KubeObject,
  type ObjectKey,
  type ObjectMeta,
  type OwnerReference,
  type ResourceType,
} from './objects.js';
export type { ObjectChange } from './pending.js';
export { allow, allowFollowing, type Permissions, type Rule } from './permissions.js';
export {
  Reflector,
  staleReason,
  type ReflectorOptions,
  type ReflectorState,
  type ReflectorTimings,
} from './reflector.js';
