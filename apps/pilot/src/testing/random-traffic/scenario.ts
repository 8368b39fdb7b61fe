import fc from 'fast-check';
import type { Resource } from '#config';
import { findKind, readSpec, resourceKey } from '#config';
import type { Caller, TestRequest } from '../oracle/expected.js';
import type { Mesh } from '../oracle/mesh.js';
import { meshOf } from '../oracle/mesh.js';
import type { Translation } from '../../translate.js';
import { translate } from '../../translate.js';
import type { ServerPorts } from './config-sets.js';
import { configSet } from './config-sets.js';
import { dice, requestOf } from './requests.js';

/** A mesh of many small worlds, what a sidecar gets of it, and requests through this sidecar. */
export interface Scenario {
  readonly resources: readonly Resource[];
  /** The part of the mesh that a request can meet. */
  readonly meshOf: (request: TestRequest) => Mesh;
  readonly translation: Translation;
  readonly caller: Caller;
  readonly requests: readonly TestRequest[];
}

export const CALLER: Caller = { namespace: 'default', labels: { app: 'client' } };
const NODE = 'sidecar~10.9.9.9~client.default~default.svc.cluster.local';

export function scenario(options: {
  readonly seed: number;
  readonly sets: number;
  readonly requests: number;
  readonly ports: ServerPorts;
}): Scenario {
  const { seed, ports } = options;
  const sets = Array.from({ length: options.sets }, (_none, index) => {
    const [made] = fc.sample(configSet(index, ports), { seed: seed * 1000 + index, numRuns: 1 });
    return made as NonNullable<typeof made>;
  });
  const resources = sets.flatMap((set) => set.resources).map(stored);
  const bySet = sets.map((set) => meshOf(set.resources.map(stored)));
  const requests = fc
    .sample(dice, { seed, numRuns: options.requests })
    .map((thrown) => requestOf(sets, thrown));
  return {
    resources,
    meshOf: ({ authority }) => bySet[Number(/\d+/.exec(authority)?.[0] ?? 0)] ?? meshOf([]),
    translation: translationOf(resources),
    caller: CALLER,
    requests,
  };
}

/** As Galley would store it; a spec that it would refuse is a mistake of the tests. */
function stored(resource: Resource): Resource {
  const kind = findKind(resource.group, resource.kind);
  if (!kind) throw new Error(`no kind ${resource.kind}`);
  const { spec, valid, problems } = readSpec(kind, resource.spec, ['spec']);
  if (!valid)
    throw new Error(`${resource.key}: ${JSON.stringify(problems)} in ${JSON.stringify(resource.spec)}`);
  return { ...resource, spec };
}

export function translationOf(resources: readonly Resource[]): Translation {
  const result = translate({
    resources: [...resources, registryOnly()],
    proxyNodeId: NODE,
    metadata: { NAMESPACE: CALLER.namespace, LABELS: CALLER.labels },
  });
  if (!result.ok) throw new Error(result.error);
  return result.translation;
}

function registryOnly(): Resource {
  const [group, kind, namespace, name] = ['mesh.istio.io', 'MeshConfig', 'istio-system', 'istio'];
  const key = resourceKey(group, kind, namespace, name);
  const spec = { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } };
  return { key, group, kind, namespace, name, labels: {}, annotations: {}, creationTimestamp: '', spec };
}
