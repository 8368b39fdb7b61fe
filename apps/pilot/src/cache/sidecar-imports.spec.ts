import { describe, expect, it } from '@jest/globals';
import { generators } from '../generate/generators.js';
import type { World } from '../model/contract.js';
import { proxyFromNode } from '../model/node.js';
import { readResources } from '../testing/read-resources.js';
import { worldOf } from '../translate.js';
import { ResourceCache } from './resource-cache.js';
import { holdings, versions, type Held } from './testing/holdings.js';

const service = (namespace: string, host: string, address: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replaceAll('.', '-')}, namespace: ${namespace}}
spec:
  hosts: [${host}]
  ports: [{number: 80, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: ${address}}]
`;

/** Two services of one host, both seen by everybody. */
const SERVICES = [
  service('shop', 'cart.example.com', '10.0.0.1'),
  service('stock', 'x.example.com', '10.1.0.1'),
  service('far', 'x.example.com', '10.2.0.1'),
  service('far', 'y.example.com', '10.3.0.1'),
];
/** A proxy has it by any host of its wildcard. */
const WILDCARD = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: any, namespace: far}
spec: {hosts: ["*.example.com"], http: [{route: [{destination: {host: cart.example.com}}]}]}
`;

const sidecar = (hosts: readonly string[]): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{hosts: ${JSON.stringify(hosts)}}]}
`;

const worldWith = (hosts: readonly string[], mesh = [...SERVICES, WILDCARD]): World =>
  worldOf(readResources([...mesh, sidecar(hosts)].join('---')));

function edited(world: World, text: string): ReturnType<World['apply']> {
  const [resource] = readResources(text);
  const { key } = resource!;
  const operation = {
    op: 'put',
    key,
    content: JSON.stringify(resource),
    origin: { file: '', line: 0 },
  } as const;
  const { revision: previous } = world;
  const head = { epoch: '', revision: previous + 1, previous, stateHash: '', heldBack: [] };
  return world.apply({
    kind: 'commit',
    commit: { ...head, operations: [operation], time: '2026-01-01T00:00:00Z' },
  });
}

function cacheOf(world: World): { cache: ResourceCache; held: () => Held } {
  const cache = new ResourceCache(generators);
  cache.update(world, []);
  const node = proxyFromNode({
    id: 'sidecar~10.9.9.9~app.shop~shop.svc.cluster.local',
    cluster: '',
    metadata: { QUARTET_VHDS: true },
  });
  if (!node.ok) throw new Error(node.error);
  const proxyClass = cache.acquire(node.proxy);
  return { cache, held: () => holdings(cache, proxyClass) };
}

const ALWAYS = ['./*', 'stock/none.test', 'far/none.test'];

describe('a Sidecar that imports other single hosts', () => {
  it.each([
    ['one of another namespace instead', ['stock/x.example.com'], ['far/x.example.com']],
    ['one besides', ['stock/x.example.com'], ['stock/x.example.com', 'far/y.example.com']],
    ['one less', ['stock/x.example.com', 'far/y.example.com'], ['stock/x.example.com']],
    ['none', ['far/x.example.com', 'stock/y.example.com'], []],
  ])('gives what it gives from the start: %s', (_what, before, after) => {
    const world = worldWith([...ALWAYS, ...before]);
    const { cache, held } = cacheOf(world);
    const first = versions(held());
    const update = edited(world, sidecar([...ALWAYS, ...after]));
    cache.update(update.world, update.changed);
    const fresh = versions(cacheOf(worldWith([...ALWAYS, ...after])).held());
    expect(versions(held())).toEqual(fresh);
    expect(fresh).not.toEqual(first);
  });

  it('of a namespace that was none of its own has what comes there later', () => {
    const hosts = ['stock/x.example.com', 'far/y.example.com'];
    const world = worldWith(['stock/x.example.com'], SERVICES);
    const { cache, held } = cacheOf(world);
    held();
    const imported = edited(world, sidecar(hosts));
    cache.update(imported.world, imported.changed);
    held();
    const routed = edited(imported.world, WILDCARD);
    cache.update(routed.world, routed.changed);
    expect(versions(held())).toEqual(versions(cacheOf(worldWith(hosts)).held()));
  });
});
