import { describe, expect, it } from '@jest/globals';
import { envoy } from '#common/proto/envoy';
import type { Generator, TypeUrl } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import { proxyFromNode } from '../../model/node.js';
import { readResources } from '../../testing/read-resources.js';
import { worldOf } from '../../translate.js';
import { generators } from '../generators.js';

const MESH = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  hosts: [a.default.svc.cluster.local]
  ports: [{number: 80, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints:
  - {address: 10.0.0.1, serviceAccount: a, labels: {version: v1}}
  - {address: 10.0.0.2, serviceAccount: a}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec:
  host: a
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}
  subsets: [{name: v1, labels: {version: v1}}]
`;

const node = proxyFromNode({
  id: 'router~10.0.0.9~g.default~default.svc.cluster.local',
  cluster: '',
  metadata: {},
});

function generated(type: TypeUrl, name: string): Uint8Array | undefined {
  const generator = generators.find((each) => each.type === type) as Generator;
  if (!node.ok) throw new Error(node.error);
  const inputs = generator.select(
    worldOf(readResources(MESH)).view(() => undefined),
    node.proxy,
    name,
  );
  return inputs && generator.generate(inputs).value;
}

function clusterOf(name: string): envoy.config.cluster.v3.Cluster {
  return envoy.config.cluster.v3.Cluster.decode(generated(TYPE.cluster, name) ?? new Uint8Array());
}

describe('the cluster of a subset', () => {
  const [usual, passedOn] = [
    'outbound|80|v1|a.default.svc.cluster.local',
    'outbound_.80_.v1_.a.default.svc.cluster.local',
  ];

  it('begins TLS under its usual name, and passes it on under its SNI', () => {
    expect(clusterOf(usual).transportSocketMatches).toHaveLength(1);
    expect(clusterOf(passedOn)).toMatchObject({ name: passedOn, transportSocketMatches: [] });
    expect(clusterOf(passedOn).circuitBreakers?.thresholds?.[0]?.maxConnections?.value).toBe(7);
  });

  it('has the same endpoints under both', () => {
    const [one, other] = [usual, passedOn].map((name) =>
      envoy.config.endpoint.v3.ClusterLoadAssignment.decode(
        generated(TYPE.endpoint, name) ?? new Uint8Array(),
      ),
    );
    expect(one?.endpoints).toHaveLength(1);
    expect(one?.endpoints[0]?.lbEndpoints).toHaveLength(1);
    expect(other?.endpoints).toEqual(one?.endpoints);
  });

  it.each(['outbound_.81_._.a.default.svc.cluster.local', 'outbound_.80_.v2_.a.default.svc.cluster.local'])(
    '%s is none',
    (name) => expect(generated(TYPE.cluster, name)).toBeUndefined(),
  );
});
