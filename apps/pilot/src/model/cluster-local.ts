import type { MeshConfig } from '#config';
import { DOMAIN_SUFFIX, isCoveredBy, isWildcard } from './host.js';

/** What every cluster has of its own, unless somebody says otherwise of exactly these. */
const BY_DEFAULT = [`*.kube-system.svc.${DOMAIN_SUFFIX}`, `kubernetes.default.svc.${DOMAIN_SUFFIX}`];

/**
 * Whether clients of a service are to have the endpoints of their own cluster only.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ServiceSettings-Settings
 */
export function isClusterLocal(settings: NonNullable<MeshConfig['serviceSettings']>, host: string): boolean {
  const stated = settings.flatMap(({ settings: { clusterLocal = false } = {}, hosts = [] }) =>
    hosts.map((pattern) => ({ pattern, clusterLocal })),
  );
  const usual = BY_DEFAULT.map((pattern) => ({ pattern, clusterLocal: true }));
  // What is stated goes before what is usual where both are as specific.
  const fitting = [...stated, ...usual].filter(({ pattern }) => isCoveredBy(host, pattern));
  const [best] = fitting.sort((a, b) => specificity(b.pattern) - specificity(a.pattern));
  return best?.clusterLocal ?? false;
}

function specificity(pattern: string): number {
  return isWildcard(pattern) ? pattern.length : Infinity;
}
