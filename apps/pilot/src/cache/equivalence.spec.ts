import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Operation, StoredResource } from '#common/config-log';
import { generators } from '../generate/generators.js';
import type { World } from '../model/contract.js';
import { proxyFromNode } from '../model/node.js';
import type { Proxy } from '../model/proxy.js';
import { randomChanges } from '../testing/random-mesh.js';
import { createWorld } from '../world/world.js';
import { ResourceCache } from './resource-cache.js';
import { follow, holdings, versions, type Held } from './testing/holdings.js';

function proxy(id: string, metadata: Record<string, unknown>): Proxy {
  const result = proxyFromNode({ id, cluster: '', metadata });
  if (!result.ok) throw new Error(result.error);
  return result.proxy;
}

const sidecar = (ip: string, name: string, namespace: string, metadata: Record<string, unknown>) =>
  proxy(`sidecar~${ip}~${name}.${namespace}~${namespace}.svc.cluster.local`, metadata);

/** Proxies that agree in some fields and differ in others, so that they share some resources and not others. */
const PROXIES = [
  sidecar('10.0.0.1', 'one', 'default', { LABELS: { app: 'a' }, WORKLOAD_ENTRY: 'one', QUARTET_VHDS: true }),
  sidecar('10.0.0.2', 'two', 'default', { LABELS: { app: 'a' }, QUARTET_VHDS: true }),
  sidecar('10.0.0.1', 'three', 'default', {
    LABELS: { app: 'b', version: 'v1', 'istio-locality': 'us.east.1' },
    QUARTET_VHDS: true,
  }),
  sidecar('10.0.0.2', 'four', 'backend', {
    LABELS: { app: 'a', 'istio-locality': 'eu.north.1' },
    DNS_AUTO_ALLOCATE: true,
  }),
  sidecar('10.0.0.3', 'five', 'backend', {
    INTERCEPTION_MODE: 'NONE',
    HTTP_PROXY_PORT: '15080',
    DNS_AUTO_ALLOCATE: 'true',
    LABELS: { app: 'c' },
    PROXY_CONFIG: { tracing: { zipkin: { address: '127.0.0.1:9411' }, sampling: 5 } },
  }),
  sidecar('10.0.0.2', 'six', 'default', {
    GENERATOR: 'grpc',
    LABELS: { app: 'a', 'istio-locality': 'us.east' },
  }),
  sidecar('10.0.0.3', 'seven', 'backend', { GENERATOR: 'grpc', LABELS: { app: 'b' } }),
  sidecar('10.0.0.4', 'eight', 'backend', { LABELS: { app: 'a' }, QUARTET_VHDS: true }),
  proxy('router~10.0.0.3~gateway.default~default.svc.cluster.local', { LABELS: { istio: 'gateway' } }),
  proxy('router~10.0.0.1~other.backend~backend.svc.cluster.local', { LABELS: { istio: 'other' } }),
];

function apply(world: World, operations: readonly Operation[]) {
  const { revision: previous } = world;
  const head = { epoch: 'e', revision: previous + 1, previous, stateHash: '', heldBack: [] };
  return world.apply({ kind: 'commit', commit: { ...head, operations, time: '2026-01-01T00:00:00Z' } });
}

/** The proxy alone, with a world and a cache that were never anything else. */
function alone(resources: ReadonlyMap<string, StoredResource>, each: Proxy): Held {
  const state = { epoch: 'e', revision: 1, stateHash: '', resources };
  const cache = new ResourceCache(generators);
  cache.update(createWorld({}).apply({ kind: 'reset', state, stale: false }).world, []);
  return holdings(cache, cache.acquire(each));
}

describe('the cache, kept up to date and shared by proxies', () => {
  it('gives each what a cache of its own, made from scratch, would give it', () => {
    fc.assert(
      fc.property(randomChanges, (changes) => {
        const cache = new ResourceCache(generators);
        let world = createWorld({});
        cache.update(world, []);
        const classes = PROXIES.map((each) => cache.acquire(each));
        let followed = classes.map((proxyClass) => holdings(cache, proxyClass));
        const resources = new Map<string, StoredResource>();
        for (const operations of changes) {
          for (const operation of operations) {
            if (operation.op === 'put') resources.set(operation.key, operation);
            if (operation.op === 'delete') resources.delete(operation.key);
          }
          const update = apply(world, operations);
          world = update.world;
          const touched = cache.update(world, update.changed);
          followed = classes.map((each, n) => follow(cache, each, followed[n]!, touched));
          classes.forEach((each, n) =>
            expect(versions(followed[n]!)).toEqual(versions(holdings(cache, each))),
          );
        }
        expect(cache.failures).toEqual([]);
        PROXIES.forEach((each, n) => expect(holdings(cache, classes[n]!)).toEqual(alone(resources, each)));
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('forgets what nobody needs any more', () => {
    const cache = new ResourceCache(generators);
    cache.update(createWorld({}), []);
    for (let n = 0; n < 100; n++) {
      const proxyClass = cache.acquire(sidecar(`10.1.0.${n}`, `p${n}`, `ns-${n}`, {}));
      holdings(cache, proxyClass);
      cache.release(proxyClass);
    }
    expect(cache.stats.classes).toBeLessThanOrEqual(32);
    expect(cache.stats.scopes).toBeLessThan(32 * 10);
  });
});
