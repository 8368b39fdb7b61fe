import type { KubeObject } from '#common/kube';
import type { KeptType, KubeNamespace, KubeNode, Pick } from './objects.js';
import { pickPod } from './pick-pod.js';
import { pickService } from './pick-service.js';
import { pickSlice } from './pick-slice.js';

/** What is kept of an object, by its type. */
export const PICK: { readonly [T in KeptType]: Pick<T> } = {
  services: pickService,
  endpointslices: pickSlice,
  pods: pickPod,
  nodes: pickNode,
  namespaces: pickNamespace,
};

/** @see https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone */
function pickNode({ metadata: { labels = {} } }: KubeObject): KubeNode {
  const label = (...names: string[]): string => names.map((name) => labels[name]).find(Boolean) ?? '';
  return {
    region: label('topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'),
    zone: label('topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'),
    subZone: label('topology.istio.io/subzone'),
  };
}

function pickNamespace({ metadata: { labels = {} } }: KubeObject): KubeNamespace {
  return { labels, network: labels['topology.istio.io/network'] ?? '' };
}
