import { allow, allowFollowing, type Permissions, type Query, type ResourceType } from '#common/kube';
import type { KeptType } from './objects.js';

interface Watched {
  readonly type: ResourceType;
  /** Without it nobody can say what services there are and who serves them. */
  readonly needed: boolean;
  readonly query?: Query;
}

/** What Pilot follows in a cluster. */
export const WATCHED: { readonly [T in KeptType]: Watched } = {
  services: { type: { group: '', version: 'v1', plural: 'services' }, needed: true },
  endpointslices: {
    type: { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' },
    needed: true,
    query: { labelSelector: 'kubernetes.io/service-name' },
  },
  pods: {
    type: { group: '', version: 'v1', plural: 'pods' },
    needed: true,
    // Pods that have ended stay for a while; nobody calls them.
    query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
  },
  nodes: { type: { group: '', version: 'v1', plural: 'nodes' }, needed: false },
  namespaces: { type: { group: '', version: 'v1', plural: 'namespaces' }, needed: false },
};

/** Who may have Secrets is asked with this. */
const REVIEWS = { group: 'authorization.k8s.io', plural: 'subjectaccessreviews' };

/** What it takes to give the gateways of a namespace its Secrets. */
export const SECRETS_RULE = allowFollowing({ group: '', plural: 'secrets' });

/**
 * Secrets are read in the namespace of the control plane, where kubeconfigs of other clusters are; elsewhere only where
 * somebody says that gateways have theirs there.
 */
export const PILOT_PERMISSIONS: Permissions = {
  cluster: [...Object.values(WATCHED).map(({ type }) => allowFollowing(type)), allow(REVIEWS, ['create'])],
  own: [SECRETS_RULE],
};
