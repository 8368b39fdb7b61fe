import { parse, parseAllDocuments } from 'yaml';
import type { MeshConfig, Resource } from '#config';
import { resourceKey } from '#config';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly creationTimestamp?: string;
  };
  readonly spec?: unknown;
  readonly data?: { readonly mesh?: string };
}

/** Manifests as they stand in a file, for tests: nothing is validated. */
export function readResources(yaml: string): Resource[] {
  const manifests = parseAllDocuments(yaml).map((document) => document.toJS() as Manifest | null);
  return manifests.filter((manifest) => manifest !== null).map(toResource);
}

function toResource({ apiVersion, kind, metadata, spec, data }: Manifest): Resource {
  const { name, namespace = 'default', labels = {}, annotations = {}, creationTimestamp = '' } = metadata;
  const isMesh = kind === 'ConfigMap';
  const group = isMesh ? 'mesh.istio.io' : (apiVersion.split('/')[0] ?? '');
  const ofKind = isMesh ? 'MeshConfig' : kind;
  return {
    key: resourceKey(group, ofKind, namespace, name),
    group,
    kind: ofKind,
    namespace,
    name,
    labels,
    annotations,
    creationTimestamp,
    spec: isMesh ? (parse(data?.mesh ?? '') as MeshConfig) : spec,
  };
}
