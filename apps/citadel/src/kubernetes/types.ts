import type { ResourceType } from '#common/kube';

export const SECRETS: ResourceType = { group: '', version: 'v1', plural: 'secrets' };
export const CONFIG_MAPS: ResourceType = { group: '', version: 'v1', plural: 'configmaps' };
export const NAMESPACES: ResourceType = { group: '', version: 'v1', plural: 'namespaces' };
export const TOKEN_REVIEWS: ResourceType = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
};

/** That of the control plane. */
export const CITADEL_NAMESPACE = 'istio-system';

/** Secrets with a certificate authority, both in {@link CITADEL_NAMESPACE}. */
export const ROOT_SECRETS = {
  /** That of an administrator. @see https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/ */
  plugged: 'cacerts',
  /** The root that the first Citadel made. */
  selfSigned: 'istio-ca-secret',
} as const;

/** In every namespace: whom to trust. */
export const ROOT_CONFIG_MAP = 'istio-ca-root-cert';
