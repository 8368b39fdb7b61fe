import { KINDS } from '../kinds/registry.js';
import type { Kind } from '../kinds/registry.js';

/** A type of object that Istio's users have manifests of. */
export interface MeshType extends Kind {
  readonly scope: 'Namespaced' | 'Cluster';
  /** Quartet knows its schema. Of others it keeps what it is given, and says that it has no effect. */
  readonly read: boolean;
}

const kept = (
  group: string,
  kind: string,
  plural: string,
  versions: readonly string[],
  scope: MeshType['scope'] = 'Namespaced',
): MeshType => ({ group, kind, plural, versions, scope, read: false });

/** Kinds that Istio has, or had in 1.4. One that Quartet reads in the meantime stands in KINDS, which goes before. */
const ISTIO: readonly MeshType[] = [
  kept('security.istio.io', 'AuthorizationPolicy', 'authorizationpolicies', ['v1', 'v1beta1']),
  kept('security.istio.io', 'RequestAuthentication', 'requestauthentications', ['v1', 'v1beta1']),
  kept('extensions.istio.io', 'WasmPlugin', 'wasmplugins', ['v1alpha1']),
  kept('authentication.istio.io', 'Policy', 'policies', ['v1alpha1']),
  kept('authentication.istio.io', 'MeshPolicy', 'meshpolicies', ['v1alpha1'], 'Cluster'),
  kept('rbac.istio.io', 'ClusterRbacConfig', 'clusterrbacconfigs', ['v1alpha1'], 'Cluster'),
  kept('rbac.istio.io', 'RbacConfig', 'rbacconfigs', ['v1alpha1']),
  kept('rbac.istio.io', 'ServiceRole', 'serviceroles', ['v1alpha1']),
  kept('rbac.istio.io', 'ServiceRoleBinding', 'servicerolebindings', ['v1alpha1']),
  kept('config.istio.io', 'HTTPAPISpec', 'httpapispecs', ['v1alpha2']),
  kept('config.istio.io', 'HTTPAPISpecBinding', 'httpapispecbindings', ['v1alpha2']),
  kept('config.istio.io', 'template', 'templates', ['v1alpha2']),
  kept('config.istio.io', 'adapter', 'adapters', ['v1alpha2']),
];

const CLUSTER_WIDE: ReadonlySet<string> = new Set(
  ISTIO.filter(({ scope }) => scope === 'Cluster').map(({ kind }) => kind),
);

/** Every type of object that is installed in a cluster, and that Galley follows there. */
export const MESH_TYPES: readonly MeshType[] = [
  ...KINDS.map((kind) => ({ ...kind, scope: scopeOf(kind), read: true })),
  ...ISTIO.filter(({ group, kind }) => !KINDS.some((known) => known.group === group && known.kind === kind)),
];

function scopeOf({ kind }: Kind): MeshType['scope'] {
  return CLUSTER_WIDE.has(kind) ? 'Cluster' : 'Namespaced';
}

/** The plural that names the CRD: `virtualservices.networking.istio.io`. */
export function crdName({ plural, group }: Kind): string {
  return `${plural}.${group}`;
}
