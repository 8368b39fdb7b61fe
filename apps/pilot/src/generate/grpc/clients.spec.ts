import { describe, expect, it } from '@jest/globals';
import { register } from '@grpc/grpc-js-xds';
import { ClusterResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/cluster-resource-type.js';
import { EndpointResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/endpoint-resource-type.js';
import { ListenerResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/listener-resource-type.js';
import { RouteConfigurationResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/route-config-resource-type.js';
import type {
  XdsDecodeContext,
  XdsResourceType,
} from '@grpc/grpc-js-xds/build/src/xds-resource-type/xds-resource-type.js';
import fc from 'fast-check';
import type { Resource } from '#config';
import { envoy } from '#common/proto/envoy';
import { TYPE } from '../../model/contract.js';
import { proxyFromNode } from '../../model/node.js';
import { goldenCases } from '../../testing/golden-cases.js';
import { randomMeshes } from '../../testing/random-mesh.js';
import { worldOf } from '../../translate.js';
import { generateAll } from '../generate-all.js';

register();

/** How a client reads what it asks for. */
const READERS: ReadonlyMap<string, XdsResourceType> = new Map<string, XdsResourceType>([
  [TYPE.listener, ListenerResourceType.get()],
  [TYPE.route, RouteConfigurationResourceType.get()],
  [TYPE.cluster, ClusterResourceType.get()],
  [TYPE.endpoint, EndpointResourceType.get()],
]);

const CONTEXT = { bootstrap: { certificateProviders: { default: {} } } } as unknown as XdsDecodeContext;

/** Why a client refuses a resource; undefined where it takes it. */
function complaint(type: string, value: Uint8Array): string | undefined {
  const any = { type_url: type, value: Buffer.from(value) };
  return READERS.get(type)?.decode(CONTEXT, any as never).error;
}

/** All that a client without a proxy may ask for. */
function resourcesOf(resources: readonly Resource[], id: string, metadata: Record<string, unknown> = {}) {
  const node = proxyFromNode({ id, cluster: '', metadata: { ...metadata, GENERATOR: 'grpc' } });
  if (!node.ok) throw new Error(node.error);
  return [...generateAll(worldOf(resources), node.proxy)].flatMap(([type, generated]) =>
    generated.map(({ name, value }) => ({ type, name, value })),
  );
}

function complaints(resources: ReturnType<typeof resourcesOf>): string[] {
  return resources.flatMap(({ type, name, value }) => {
    const words = complaint(type, value);
    return words === undefined ? [] : [`${name}: ${words}`];
  });
}

const CALLER = 'sidecar~10.0.0.1~one.default~default.svc.cluster.local';

describe("gRPC's own client", () => {
  it('takes every golden case, as if it were the proxy of each', () => {
    const sidecars = goldenCases().filter(({ proxy }) => proxy.id.startsWith('sidecar'));
    const all = sidecars.flatMap(({ resources, proxy }) => resourcesOf(resources, proxy.id, proxy.metadata));
    expect(all.length).toBeGreaterThan(500);
    expect(new Set(all.map(({ type }) => type)).size).toBe(READERS.size);
    expect(complaints(all)).toEqual([]);
  });

  it('takes whatever comes of random meshes', () => {
    fc.assert(
      fc.property(randomMeshes, (resources) => {
        expect(complaints(resourcesOf(resources, CALLER, { LABELS: { app: 'a' } }))).toEqual([]);
      }),
      { numRuns: 100, seed: 20261125 },
    );
  });

  it('does refuse a load balancer, a listener and an address that it does not know', () => {
    const { Cluster } = envoy.config.cluster.v3;
    const edsClusterConfig = { edsConfig: { ads: {} } };
    const cluster = Cluster.encode({ name: 'a', type: 3, lbPolicy: 5, edsClusterConfig }).finish();
    expect(complaint(TYPE.cluster, cluster)).toMatch(/unsupported lb_policy: MAGLEV/);
    const listener = envoy.config.listener.v3.Listener.encode({
      name: 'a',
      listenerFilters: [{ name: 'b' }],
    });
    expect(complaint(TYPE.listener, listener.finish())).toMatch(/listener_filters populated/);
    const endpoint = { address: { socketAddress: { address: 'a.example.com', portValue: 1 } } };
    const assignment = { clusterName: 'a', endpoints: [{ locality: {}, lbEndpoints: [{ endpoint }] }] };
    const bytes = envoy.config.endpoint.v3.ClusterLoadAssignment.encode(assignment).finish();
    expect(complaint(TYPE.endpoint, bytes)).toMatch(/not a valid IPv4 or IPv6 address/);
  });
});
