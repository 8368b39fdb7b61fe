/**
 * A mesh resource as Galley accepts it and everybody else reads it.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export interface Resource<Spec = unknown> {
  /** `group/kind/namespace/name`, no version: what identifies a resource over all API versions. */
  readonly key: ResourceKey;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339; empty where the source has none (files). Older resources win conflicts, then the smaller name. */
  readonly creationTimestamp: string;
  readonly spec: Spec;
}

export type ResourceKey = string;

/** Where a resource was written down. Travels beside the content, never in it. */
export interface Origin {
  /** Path relative to the config folder, or `cluster/<name>`. */
  readonly file: string;
  /** 1-based line of the document's first key; 0 where there are no lines. */
  readonly line: number;
  readonly resourceVersion?: string;
}

export function resourceKey(group: string, kind: string, namespace: string, name: string): ResourceKey {
  return `${group}/${kind}/${namespace}/${name}`;
}

export function splitKey(key: ResourceKey): { group: string; kind: string; namespace: string; name: string } {
  const [group = '', kind = '', namespace = '', name = ''] = key.split('/');
  return { group, kind, namespace, name };
}

/**
 * The config identity that Envoy's bytes carry in `metadata.filter_metadata.istio.config`, as Istio writes it:
 * `/apis/<group>/<version>/namespaces/<namespace>/<kind>/<name>`, the kind in kebab case.
 */
export function configPath(key: ResourceKey, version = 'v1'): string {
  const { group, kind, namespace, name } = splitKey(key);
  const kebab = kind.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return `/apis/${group}/${version}/namespaces/${namespace}/${kebab}/${name}`;
}
