import fc from 'fast-check';
import type { Resource } from '#config';
import { findKind, readSpec, resourceKey } from '#config';
import type { Caller, Expected, TestRequest } from '../oracle/expected.js';
import { expectedAtGateway } from '../oracle/gateway.js';
import type { Mesh } from '../oracle/mesh.js';
import { meshOf } from '../oracle/mesh.js';
import { expected } from '../oracle/oracle.js';
import type { Translation } from '../../translate.js';
import { translate } from '../../translate.js';
import type { ServerPorts } from './config-sets.js';
import { configSet } from './config-sets.js';
import { GATEWAY_LABELS } from './gateways.js';
import type { Place } from './places.js';
import { dice, requestOf } from './requests.js';
import { fieldsOfAll } from './used-fields.js';

/** A mesh of many small worlds, what a sidecar gets of it, and requests through this sidecar. */
export interface Scenario {
  readonly resources: readonly Resource[];
  /** The part of the mesh that a request can meet. */
  readonly meshOf: (request: TestRequest) => Mesh;
  readonly translation: Translation;
  readonly caller: Caller;
  /** What the documentation promises of a request. */
  readonly promised: (request: TestRequest) => Expected;
  readonly requests: readonly TestRequest[];
}

/** Who is asked to carry the requests; both have the label that config asks for. */
const CALLERS: Readonly<Record<Place, Caller>> = {
  sidecar: { namespace: 'default', labels: { app: 'client' } },
  gateway: { namespace: 'default', labels: { app: 'client', ...GATEWAY_LABELS } },
};
const NODES: Readonly<Record<Place, string>> = {
  sidecar: 'sidecar~10.9.9.9~client.default~default.svc.cluster.local',
  gateway: 'router~10.9.9.9~gateway.default~default.svc.cluster.local',
};

export function scenario(options: {
  readonly seed: number;
  readonly sets: number;
  readonly requests: number;
  readonly ports: ServerPorts;
  readonly place?: Place;
}): Scenario {
  const { seed, ports, place = 'sidecar' } = options;
  const sets = Array.from({ length: options.sets }, (_none, index) => {
    const [made] = fc.sample(configSet(index, ports, place), { seed: seed * 1000 + index, numRuns: 1 });
    return made as NonNullable<typeof made>;
  });
  const resources = sets.flatMap((set) => set.resources).map(stored);
  const bySet = sets.map((set) => meshOf(set.resources.map(stored)));
  const ofRequest = ({ authority }: TestRequest): Mesh =>
    bySet[Number(/\d+/.exec(authority)?.[0] ?? 0)] ?? meshOf([]);
  const [caller, oracle] = [CALLERS[place], place === 'gateway' ? expectedAtGateway : expected];
  const promised = (request: TestRequest): Expected => oracle(ofRequest(request), caller, request);
  const drawn = fc
    .sample(dice, { seed, numRuns: DRAWS * options.requests })
    .map((thrown) => requestOf(sets, thrown));
  return {
    resources,
    meshOf: ofRequest,
    translation: translationOf(resources, place),
    caller,
    promised,
    requests: mixed(drawn, promised, options.requests),
  };
}

/** Requests are drawn so many times as often as they are wanted. */
const DRAWS = 3;
const ENOUGH = 60;

/** Of all that were drawn those that try a field that few others have tried, and any others for the rest. */
function mixed(
  drawn: readonly TestRequest[],
  promised: (request: TestRequest) => Expected,
  wanted: number,
): TestRequest[] {
  const counts = new Map<string, number>();
  const [rare, others]: [TestRequest[], TestRequest[]] = [[], []];
  for (const request of drawn) {
    const fields = [...fieldsOfAll(promised(request))];
    const isRare = fields.some((field) => (counts.get(field) ?? 0) < ENOUGH);
    (isRare ? rare : others).push(request);
    if (isRare) for (const field of fields) counts.set(field, (counts.get(field) ?? 0) + 1);
  }
  return [...rare, ...others].slice(0, wanted);
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

function translationOf(resources: readonly Resource[], place: Place): Translation {
  const { namespace, labels } = CALLERS[place];
  const result = translate({
    resources: [...resources, registryOnly()],
    proxyNodeId: NODES[place],
    metadata: { NAMESPACE: namespace, LABELS: labels },
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
