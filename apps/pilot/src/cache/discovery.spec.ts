import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConfigChange } from '#common/config-log';
import type { LabelSelector } from '#config';
import { MESH_CONFIG_KEY, resourceKey } from '#config';
import { generators } from '../generate/generators.js';
import { proxyFromNode } from '../model/node.js';
import type { WorldChange } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import { KubernetesRegistry } from '../registries/kubernetes/kubernetes-registry.js';
import { clusterStep, editOf } from '../registries/testing/random-cluster.js';
import type { Step } from '../registries/testing/registry-contract.js';
import { createWorld } from '../world/world.js';
import { ResourceCache } from './resource-cache.js';
import { follow, holdings, versions } from './testing/holdings.js';

function proxy(id: string, metadata: Record<string, unknown>): Proxy {
  const result = proxyFromNode({ id, cluster: '', metadata });
  if (!result.ok) throw new Error(result.error);
  return result.proxy;
}

const pod = (ip: string, name: string, metadata: Record<string, unknown>): Proxy =>
  proxy(`sidecar~${ip}~${name}.default~default.svc.cluster.local`, metadata);

const PROXIES = [
  pod('10.0.0.1', 'a', { CLUSTER_ID: 'west', NODE_NAME: 'n1', QUARTET_VHDS: true }),
  pod('10.0.0.2', 'a', { CLUSTER_ID: 'east', LABELS: { app: 'a' } }),
  pod('10.0.0.2', 'b', {}),
  pod('fd00::1', 'b', { CLUSTER_ID: 'west', INSTANCE_IPS: 'fd00::1', GENERATOR: 'grpc' }),
  proxy('router~10.0.0.9~gateway.default~default.svc.cluster.local', {}),
];

const CLUSTERS = ['west', 'east'];
const selectors = fc.constantFrom<LabelSelector[]>(
  [],
  [{ matchLabels: { mesh: 'yes' } }],
  [{ matchExpressions: [{ key: 'mesh', operator: 'DoesNotExist' }] }],
);
const changes = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(fc.constantFrom(...CLUSTERS), fc.array(clusterStep, { maxLength: 4 })),
    },
    { weight: 1, arbitrary: fc.tuple(fc.constant('config'), selectors) },
  ),
  { maxLength: 15 },
);

/** All the config there is: which namespaces count, and an entry in one that may not. */
function configOf(discoverySelectors: readonly LabelSelector[]): ConfigChange {
  // One of the two services has its endpoints for their own clusters in some of these meshes.
  const settings = { clusterLocal: discoverySelectors.length > 0 };
  const serviceSettings = [{ hosts: ['a.default.svc.cluster.local'], settings }];
  const entry = { hosts: ['x.example.com'], ports: [{ number: 80, name: 'http' }], resolution: 'DNS' };
  const resources = new Map([
    [
      MESH_CONFIG_KEY,
      { content: JSON.stringify({ spec: { discoverySelectors, serviceSettings } }), origin: NOWHERE },
    ],
    [ENTRY, { content: JSON.stringify({ spec: entry }), origin: NOWHERE }],
  ]);
  return { kind: 'reset', state: { epoch: '', revision: 1, stateHash: '', resources }, stale: false };
}

const ENTRY = resourceKey('networking.istio.io', 'ServiceEntry', 'default', 'x');
const NOWHERE = { file: '', line: 0 };

it('gives each proxy what a cache made from scratch would, whatever clusters say', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const registries = new Map(CLUSTERS.map((id, rank) => [id, KubernetesRegistry.empty({ id, rank })]));
      const cache = new ResourceCache(generators);
      const first = [...registries.values()].map((registry) => registry.apply([]).change);
      let world = [configOf([]), ...first].reduce(
        (before, each) => before.apply(each).world,
        createWorld({}),
      );
      cache.update(world, []);
      const classes = PROXIES.map((each) => cache.acquire(each));
      let followed = classes.map((proxyClass) => holdings(cache, proxyClass));
      let config = configOf([]);
      const hear = (id: string, what: (typeof all)[number][1]): WorldChange => {
        if (id === 'config') return (config = configOf(what as LabelSelector[]));
        const { registry, change } = registries.get(id)!.apply((what as Step<object>[]).map(editOf));
        registries.set(id, registry);
        return change;
      };
      for (const [id, what] of all) {
        const update = world.apply(hear(id, what));
        world = update.world;
        const touched = cache.update(world, update.changed);
        followed = classes.map((each, n) => follow(cache, each, followed[n]!, touched));
        classes.forEach((each, n) => expect(versions(followed[n]!)).toEqual(versions(holdings(cache, each))));
      }
      expect(cache.failures).toEqual([]);
      const told = [...registries.values()].map(
        (registry) => KubernetesRegistry.empty(registry.id).apply([...registry.edits()]).change,
      );
      const fresh = [config, ...told].reduce((before, change) => before.apply(change).world, createWorld({}));
      const scratch = new ResourceCache(generators);
      scratch.update(fresh, []);
      PROXIES.forEach((each, n) =>
        expect(holdings(cache, classes[n]!)).toEqual(holdings(scratch, scratch.acquire(each))),
      );
    }),
    { numRuns: 150 },
  );
}, 60_000);
