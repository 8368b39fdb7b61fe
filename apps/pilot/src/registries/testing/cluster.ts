import { parseAllDocuments } from 'yaml';
import { objectKey, type KubeObject } from '#common/kube';
import type { RegistryChange } from '../../model/registry.js';
import { KubernetesRegistry } from '../kubernetes/kubernetes-registry.js';
import type { KeptType, KubeEdit } from '../kubernetes/objects.js';
import { PICK } from '../kubernetes/pick.js';

const TYPES: Readonly<Record<string, KeptType>> = {
  Service: 'services',
  EndpointSlice: 'endpointslices',
  Pod: 'pods',
  Node: 'nodes',
  Namespace: 'namespaces',
};

/** What the adapter is told of the objects in a YAML text. */
export function editsOf(yaml: string): KubeEdit[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const object = document.toJS() as KubeObject | null;
    const type = TYPES[object?.kind ?? ''];
    return object && type
      ? [{ type, key: objectKey(object.metadata), object: PICK[type](object) } as KubeEdit]
      : [];
  });
}

/** What a cluster with these objects comes to. */
export function clusterOf(yaml: string): { registry: KubernetesRegistry; change: RegistryChange } {
  return KubernetesRegistry.empty({ id: 'Kubernetes', rank: 0 }).apply(editsOf(yaml));
}
