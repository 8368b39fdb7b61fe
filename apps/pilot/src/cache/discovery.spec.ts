import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generators } from '../generate/generators.js';
import { proxyFromNode } from '../model/node.js';
import type { Proxy } from '../model/proxy.js';
import { KubernetesRegistry } from '../registries/kubernetes/kubernetes-registry.js';
import { clusterStep, editOf } from '../registries/testing/random-cluster.js';
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
const changes = fc.array(fc.tuple(fc.constantFrom(...CLUSTERS), fc.array(clusterStep, { maxLength: 4 })), {
  maxLength: 15,
});

it('gives each proxy what a cache made from scratch would, whatever clusters say', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const registries = new Map(CLUSTERS.map((id, rank) => [id, KubernetesRegistry.empty({ id, rank })]));
      const cache = new ResourceCache(generators);
      let world = createWorld({});
      cache.update(world, []);
      const classes = PROXIES.map((each) => cache.acquire(each));
      let followed = classes.map((proxyClass) => holdings(cache, proxyClass));
      for (const [id, steps] of all) {
        const { registry, change } = registries.get(id)!.apply(steps.map(editOf));
        registries.set(id, registry);
        const update = world.apply(change);
        world = update.world;
        const touched = cache.update(world, update.changed);
        followed = classes.map((each, n) => follow(cache, each, followed[n]!, touched));
        classes.forEach((each, n) => expect(versions(followed[n]!)).toEqual(versions(holdings(cache, each))));
      }
      expect(cache.failures).toEqual([]);
      const fresh = [...registries.values()].reduce((before, registry) => {
        const { change } = KubernetesRegistry.empty(registry.id).apply([...registry.edits()]);
        return before.apply(change).world;
      }, createWorld({}));
      const scratch = new ResourceCache(generators);
      scratch.update(fresh, []);
      PROXIES.forEach((each, n) =>
        expect(holdings(cache, classes[n]!)).toEqual(holdings(scratch, scratch.acquire(each))),
      );
    }),
    { numRuns: 150 },
  );
}, 60_000);
