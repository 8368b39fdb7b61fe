/** What the API server calls a resource: a type of object, and where it is served. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** `namespace/name`; a cluster-wide object has an empty namespace. Unique within its type. */
export type ObjectKey = string;

export function objectKey({ namespace = '', name }: ObjectMeta): ObjectKey {
  return `${namespace}/${name}`;
}

/** `virtualservices.networking.istio.io`, as kubectl writes it. */
export function typeName({ group, plural }: ResourceType): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** The path of a type's collection, or of one object of it. */
export function resourcePath(type: ResourceType, namespace?: string, name?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const home = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${home}/${type.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
