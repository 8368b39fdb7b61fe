import type { KubeObject, ObjectKey, ResourceType } from '#common/kube';
import { MESH_CONFIG_KEY, MESH_TYPES, resourceKey, splitKey } from '#config';
import type { ClusterObject, ResourceKey } from '#config';

/** A type of object to follow, and what of its objects is of use. */
export interface FollowedType {
  readonly type: ResourceType;
  readonly olderVersions: readonly string[];
  readonly namespace?: string;
  readonly query?: { readonly fieldSelector: string };
  readonly pick: (object: KubeObject) => ClusterObject;
  /** The resource that an object stands for, by which its unit is named. */
  readonly keyOf: (object: ObjectKey) => ResourceKey;
  /** The other way; undefined for a resource of another type. */
  readonly objectOf: (key: ResourceKey) => ObjectKey | undefined;
}

const ROOT_NAMESPACE = 'istio-system';
/** Resources of kinds without namespaces are kept as if they were in this one. */
const NO_NAMESPACE = 'default';
/** kubectl's own note of what was applied: the whole object once more. */
const KUBECTL_NOTE = 'kubectl.kubernetes.io/last-applied-configuration';

/** All that Galley follows: every kind of mesh config, the mesh's settings, and Services, which config may name. */
export function followedTypes(revision: string | undefined): FollowedType[] {
  return [...MESH_TYPES.map(meshType), services(), meshConfig(revision)];
}

function meshType({ group, kind, plural, versions, scope }: (typeof MESH_TYPES)[number]): FollowedType {
  const [version = '', ...olderVersions] = versions;
  const namespaced = scope === 'Namespaced';
  return {
    type: { group, version, plural },
    olderVersions,
    pick: (object) => {
      const { apiVersion = `${group}/${version}`, metadata } = object;
      return {
        apiVersion,
        kind,
        metadata: pickMetadata(metadata),
        spec: (object as { spec?: unknown }).spec,
      };
    },
    keyOf: (object) => {
      const [namespace, name = ''] = object.split('/');
      return resourceKey(group, kind, namespace || NO_NAMESPACE, name);
    },
    objectOf: (key) => {
      const parts = splitKey(key);
      if (parts.group !== group || parts.kind !== kind) return undefined;
      return `${namespaced ? parts.namespace : ''}/${parts.name}`;
    },
  };
}

function services(): FollowedType {
  const prefix = '/Service/';
  return {
    type: { group: '', version: 'v1', plural: 'services' },
    olderVersions: [],
    pick: ({ metadata: { name, namespace } }) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, ...(namespace !== undefined && { namespace }) },
    }),
    keyOf: (object) => `${prefix}${object}`,
    objectOf: (key) => (key.startsWith(prefix) ? key.slice(prefix.length) : undefined),
  };
}

/** ConfigMap `istio`, or `istio-<revision>`. @see https://istio.io/latest/docs/setup/upgrade/canary/ */
function meshConfig(revision: string | undefined): FollowedType {
  const name = revision === undefined ? 'istio' : `istio-${revision}`;
  return {
    type: { group: '', version: 'v1', plural: 'configmaps' },
    olderVersions: [],
    namespace: ROOT_NAMESPACE,
    query: { fieldSelector: `metadata.name=${name}` },
    pick: (object) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: ROOT_NAMESPACE },
      data: { mesh: (object as { data?: { mesh?: unknown } }).data?.mesh },
    }),
    keyOf: () => MESH_CONFIG_KEY,
    objectOf: (key) => (key === MESH_CONFIG_KEY ? `${ROOT_NAMESPACE}/${name}` : undefined),
  };
}

function pickMetadata({ name, namespace, labels, annotations, creationTimestamp }: KubeObject['metadata']) {
  const { [KUBECTL_NOTE]: _note, ...own } = annotations ?? {};
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(labels && { labels }),
    ...(Object.keys(own).length > 0 && { annotations: own }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
  };
}
