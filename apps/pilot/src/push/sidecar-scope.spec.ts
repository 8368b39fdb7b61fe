import { describe, expect, it } from '@jest/globals';
import { delta } from '../ads/delta.js';
import { generators } from '../generate/generators.js';
import type { Generator, World } from '../model/contract.js';
import { proxyFromNode } from '../model/node.js';
import { readResources } from '../testing/read-resources.js';
import { worldOf } from '../translate.js';
import { PushEngine } from './engine.js';
import { FakeProxy } from './testing/fake-proxy.js';

/** What a Sidecar imports is what its proxies get, and what can reach them. */
const service = (namespace: string, name: string, more = ''): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  hosts: [${name}.${namespace}.svc.cluster.local]
  ports: [{number: 80, name: http}, {number: 9000, name: tcp, protocol: TCP}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: 10.0.0.1}]
  ${more}
`;

const route = (namespace: string, host: string, to: string, more = ''): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${host.replaceAll('*', 'any')}, namespace: ${namespace}}
spec: {hosts: ["${host}"], http: [{route: [{destination: {host: ${to}}}] ${more}}]}
`;

const rule = (namespace: string, host: string, subset: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${host.replaceAll('*', 'any')}, namespace: ${namespace}}
spec: {host: "${host}", subsets: [{name: ${subset}, labels: {version: ${subset}}}]}
`;

const sidecar = (hosts: readonly string[]): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{hosts: ${JSON.stringify(hosts)}}]}
`;

const BASE = [
  service('shop', 'cart'),
  service('shop', 'till'),
  service('stock', 'shelf'),
  service('stock', 'cellar'),
  service('far', 'moon'),
  route('shop', 'cart', 'moon.far.svc.cluster.local'),
];

class Scene {
  selections = 0;
  readonly proxy = new FakeProxy('delta');
  private readonly engine: PushEngine;
  private world: World;
  private resources: ReturnType<typeof readResources>;

  constructor(hosts: readonly string[], base: readonly string[] = BASE) {
    this.resources = readResources([...base, sidecar(hosts)].join('---'));
    this.world = worldOf(this.resources);
    this.engine = new PushEngine(
      generators.map((each) => this.counted(each)),
      {
        warmingTimeoutMs: 5_000,
        maxNames: 100_000,
        maxTypes: 16,
      },
    );
    this.engine.update({ world: this.world, changed: [], committedAt: undefined, receivedAt: 0 });
    const node = proxyFromNode({
      id: 'sidecar~10.9.9.9~app.shop~shop.svc.cluster.local',
      cluster: '',
      metadata: { QUARTET_VHDS: true },
    });
    if (!node.ok) throw new Error(node.error);
    this.proxy.connect(this.engine.connect(node.proxy, delta, 0));
    this.proxy.settle();
    this.selections = 0;
  }

  /** Writes a resource and says whom it concerned. */
  write(text: string): number {
    const [resource] = readResources(text);
    if (!resource) throw new Error('no resource');
    this.resources = [...this.resources.filter(({ key }) => key !== resource.key), resource];
    const operation = {
      op: 'put' as const,
      key: resource.key,
      content: JSON.stringify(resource),
      origin: { file: '', line: 0 },
    };
    const { revision } = this.world;
    const head = { epoch: '', revision: revision + 1, previous: revision, stateHash: '', heldBack: [] };
    const commit = { ...head, operations: [operation], time: '2026-01-01T00:00:00Z' };
    const { world, changed } = this.world.apply({ kind: 'commit', commit });
    this.world = world;
    this.selections = 0;
    return this.engine.update({ world, changed, committedAt: undefined, receivedAt: 0 }).concerned.size;
  }

  private counted(generator: Generator): Generator {
    const count = <T>(value: T): T => {
      this.selections++;
      return value;
    };
    return {
      ...generator,
      names: (view, proxy) => count(generator.names(view, proxy)),
      select: (view, proxy, name) => count(generator.select(view, proxy, name)),
    };
  }
}

const OUTSIDE: [string, string][] = [
  ['a new service', service('far', 'mars')],
  ['a service that changes its ports', service('far', 'moon2').replace('9000', '9001')],
  [
    "an imported namespace's service that is not imported itself",
    service('stock', 'cellar', 'exportTo: ["*"]'),
  ],
  ['a VirtualService', route('far', 'mars.far.svc.cluster.local', 'moon')],
  ['a VirtualService with a wildcard', route('far', '*.far.svc.cluster.local', 'moon')],
  ['subsets', rule('far', 'mars.far.svc.cluster.local', 'v1')],
  ['a wildcard rule', rule('elsewhere', '*.elsewhere.svc.cluster.local', 'v1')],
  ["another namespace's Sidecar", sidecar(['./*']).replace('namespace: shop', 'namespace: far')],
];

describe('a change outside of the scope', () => {
  it.each(OUTSIDE)('sends and computes nothing: %s', (_what, text) => {
    const scene = new Scene(['./*', 'stock/shelf.stock.svc.cluster.local']);
    expect([scene.write(text), scene.selections, scene.proxy.take()]).toEqual([0, 0, 0]);
  });

  it("sends nothing: another namespace's wildcard rule over hosts inside", () => {
    const scene = new Scene(['./*', 'stock/shelf.stock.svc.cluster.local']);
    scene.write(rule('elsewhere', '*.svc.cluster.local', 'v1'));
    expect(scene.proxy.take()).toBe(0);
  });
});

const INSIDE: [string, string][] = [
  ['a service of the namespace', service('shop', 'shelf')],
  ['the imported host', service('stock', 'shelf', 'exportTo: ["shop"]').replace('9000', '9001')],
  ['a VirtualService for the imported host', route('stock', 'shelf.stock.svc.cluster.local', 'cellar')],
  ['a VirtualService with a wildcard over it', route('stock', '*.stock.svc.cluster.local', 'cellar')],
  ['subsets of an imported host', rule('stock', 'shelf.stock.svc.cluster.local', 'v1')],
  ['subsets by a wildcard', rule('shop', '*.svc.cluster.local', 'v1')],
  ['subsets of where an imported VirtualService leads', rule('far', 'moon.far.svc.cluster.local', 'v1')],
  ['the Sidecar itself', sidecar(['./cart.shop.svc.cluster.local'])],
];

describe('a change inside of the scope', () => {
  it.each(INSIDE)('arrives: %s', (_what, text) => {
    const scene = new Scene(['./*', 'stock/shelf.stock.svc.cluster.local']);
    expect(scene.write(text)).toBe(1);
    expect(scene.proxy.take()).toBeGreaterThan(0);
  });
});

describe('what a proxy gets', () => {
  const clusters = (hosts: readonly string[]): string[] =>
    Object.keys(new Scene(hosts).proxy.texts('type.googleapis.com/envoy.config.cluster.v3.Cluster'))
      .filter((name) => name.startsWith('outbound|80|'))
      .map((name) => name.split('|')[3]!.replace('.svc.cluster.local', ''))
      .sort();

  it.each([
    [['*/*'], ['cart.shop', 'cellar.stock', 'moon.far', 'shelf.stock', 'till.shop']],
    [['./*'], ['cart.shop', 'moon.far', 'till.shop']],
    [['./till.shop.svc.cluster.local'], ['till.shop']],
    [['stock/*'], ['cellar.stock', 'shelf.stock']],
    [['*/shelf.stock.svc.cluster.local'], ['shelf.stock']],
    [['*/*.stock.svc.cluster.local'], ['cellar.stock', 'shelf.stock']],
    [['far/*.stock.svc.cluster.local'], []],
    [['~/*'], []],
  ])('is what %j imports, and where its VirtualServices lead', (hosts, expected) => {
    expect(clusters(hosts)).toEqual(expected);
  });
});

describe('a Sidecar that imports one host more', () => {
  it('has picked again what that is about, and no more', () => {
    const many = Array.from({ length: 50 }, (_, n) => service('shop', `more-${n}`));
    const scene = new Scene(['./*', 'stock/none.test'], [...BASE, ...many]);
    scene.write(sidecar(['./*', 'stock/none.test', 'stock/shelf.stock.svc.cluster.local']));
    expect(scene.selections).toBeLessThan(25);
  });
});
