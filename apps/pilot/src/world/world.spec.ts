import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Operation, StoredResource } from '#common/config-log';
import { encodeContent } from '#config';
import { generateAll } from '../generate/generate-all.js';
import { generators } from '../generate/generators.js';
import type { Fact, World, WorldUpdate } from '../model/contract.js';
import { proxyFromNode } from '../model/node.js';
import type { Proxy } from '../model/proxy.js';
import { randomChanges } from '../testing/random-mesh.js';
import { readResources } from '../testing/read-resources.js';
import { worldOf } from '../translate.js';
import { createWorld } from './world.js';

function proxy(id: string, metadata: Record<string, unknown>): Proxy {
  const result = proxyFromNode({ id, cluster: '', metadata });
  if (!result.ok) throw new Error(result.error);
  return result.proxy;
}

const PROXIES = [
  proxy('sidecar~10.0.0.1~one.default~default.svc.cluster.local', {
    INTERCEPTION_MODE: 'NONE',
    HTTP_PROXY_PORT: '15080',
    WORKLOAD_ENTRY: 'one',
    LABELS: { app: 'a' },
    QUARTET_VHDS: true,
  }),
  proxy('sidecar~10.0.0.2~two.backend~backend.svc.cluster.local', {
    LABELS: { app: 'b' },
    DNS_AUTO_ALLOCATE: true,
  }),
  proxy('sidecar~10.0.0.2~three.default~default.svc.cluster.local', {
    GENERATOR: 'grpc',
    LABELS: { app: 'a' },
  }),
  proxy('router~10.0.0.3~gateway.default~default.svc.cluster.local', { LABELS: { istio: 'gateway' } }),
];

function commit(world: World, operations: readonly Operation[]): WorldUpdate {
  const { revision } = world;
  return world.apply({
    kind: 'commit',
    commit: {
      epoch: 'e',
      revision: revision + 1,
      previous: revision,
      operations,
      stateHash: '',
      heldBack: [],
      time: '2026-01-01T00:00:00Z',
    },
  });
}

function keep(held: Map<string, StoredResource>, operations: readonly Operation[]): void {
  for (const operation of operations) {
    if (operation.op === 'put') held.set(operation.key, operation);
    if (operation.op === 'delete') held.delete(operation.key);
  }
}

function fromScratch(held: ReadonlyMap<string, StoredResource>): World {
  const state = { epoch: 'e', revision: 1, stateHash: '', resources: held };
  return createWorld({}).apply({ kind: 'reset', state, stale: false }).world;
}

function everything(world: World): unknown {
  const generated = PROXIES.map((each) =>
    [...generateAll(world, each)].map(([type, resources]) => [
      type,
      resources.map(({ name, value, sources }) => [name, Buffer.from(value).toString('base64'), sources]),
    ]),
  );
  return [world.figures, generated];
}

/** What each question of each proxy was answered with, and from which facts. */
function answers(world: World): Map<string, { facts: Set<Fact>; answer: string }> {
  const found = new Map<string, { facts: Set<Fact>; answer: string }>();
  PROXIES.forEach((each, index) => {
    for (const generator of generators) {
      const facts = new Set<Fact>();
      const names = generator.names(
        world.view((fact) => facts.add(fact)),
        each,
      );
      found.set(`${index} ${generator.type} names`, { facts, answer: names.join(' ') });
      for (const name of names) {
        const read = new Set<Fact>();
        const inputs = generator.select(
          world.view((fact) => read.add(fact)),
          each,
          name,
        );
        found.set(`${index} ${generator.type} ${name}`, { facts: read, answer: inputs?.key ?? 'none' });
      }
    }
  });
  return found;
}

const RUNS = { numRuns: 60, seed: 20261123 };

describe('a world that took changes in one by one', () => {
  it('generates what one made from scratch does', () => {
    fc.assert(
      fc.property(randomChanges, (changes) => {
        let world = createWorld({});
        const held = new Map<string, StoredResource>();
        for (const operations of changes) {
          world = commit(world, operations).world;
          keep(held, operations);
        }
        expect(everything(world)).toEqual(everything(fromScratch(held)));
      }),
      RUNS,
    );
  });

  it('names every fact that an answer that changed was read from', () => {
    fc.assert(
      fc.property(randomChanges, (changes) => {
        let world = createWorld({});
        let before = answers(world);
        for (const operations of changes) {
          const update = commit(world, operations);
          const after = answers(update.world);
          for (const [question, { facts, answer }] of before) {
            const now = after.get(question);
            // What is no longer among the names is not asked for again.
            if (!now || [...facts].some((fact) => update.changed.has(fact))) continue;
            expect([question, now.answer]).toEqual([question, answer]);
          }
          [world, before] = [update.world, after];
        }
      }),
      { ...RUNS, numRuns: 30 },
    );
  });
});

describe('a world from which config is withdrawn', () => {
  const keysOf = (world: World, held: ReadonlyMap<string, StoredResource>): string[] =>
    [...held.keys()].filter((key) => world.config(key));

  it('is what it would be without it, until that has another content', () => {
    fc.assert(
      fc.property(randomChanges, fc.nat(), (changes, pick) => {
        const held = new Map<string, StoredResource>();
        for (const operations of changes) keep(held, operations);
        const whole = fromScratch(held);
        const keys = keysOf(whole, held);
        const key = keys[pick % Math.max(keys.length, 1)];
        if (key === undefined) return;
        const identity = whole.config(key)?.toJSON() ?? '';
        const { world: without } = whole.withdraw(new Map([[identity, undefined]]));
        expect(everything(without)).toEqual(
          everything(fromScratch(new Map([...held].filter(([each]) => each !== key)))),
        );
        expect(everything(without.withdraw(new Map()).world)).toEqual(everything(whole));
        // Its origin alone does not bring it back; the same content, deleted and put again, does.
        const origin = { file: 'moved.yaml', line: 1 };
        const moved = commit(without, [{ op: 'origin', key, origin }]).world;
        expect([...moved.withdrawn.keys()]).toEqual([identity]);
        const { content } = held.get(key) ?? { content: '' };
        const deleted = commit(moved, [{ op: 'delete', key }]).world;
        const again = commit(deleted, [{ op: 'put', key, content, origin }]).world;
        expect([...again.withdrawn]).toEqual([]);
        expect(everything(again)).toEqual(everything(whole));
      }),
      { ...RUNS, numRuns: 30 },
    );
  });
});

describe('a proxy whose workload is a guess', () => {
  const workload = (name: string): string => `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: ${name}}
spec: {address: 10.0.0.7}
`;
  const world = worldOf(readResources(`${workload('first')}---${workload('second')}`));
  const id = 'sidecar~10.0.0.7~app.default~default.svc.cluster.local';

  it('says whom a proxy is taken for, and what else it could be', () => {
    expect(world.inspect(proxy(id, {}))).toMatchObject([
      { code: 'QT2001', message: expect.stringMatching('taken for first: second') },
    ]);
  });

  it('has nothing to say where the proxy names its workload', () => {
    expect(world.inspect(proxy(id, { WORKLOAD_ENTRY: 'second' }))).toEqual([]);
  });
});

const MESH = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  ports: [{number: 9080, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: {labels: {app: reviews}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: reviews-v1}
spec: {address: 10.0.0.3, labels: {app: reviews}, serviceAccount: reviews}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]}
`;

describe('facts', () => {
  const resources = readResources(MESH);
  const [service, workload, virtualService] = resources;
  const edit = (resource: typeof service, spec: object): WorldUpdate => {
    if (!resource) throw new Error('no such resource');
    const origin = { file: 'b.yaml', line: 1 };
    const content = JSON.stringify({ ...resource, spec: { ...(resource.spec as object), ...spec } });
    return commit(worldOf(resources), [{ op: 'put', key: resource.key, content, origin }]);
  };

  it('of an edited VirtualService are its hosts alone', () => {
    const route = [{ destination: { host: 'reviews' } }];
    const { changed } = edit(virtualService, { http: [{ route, timeout: '1s' }] });
    expect([...changed]).toEqual(['vs/reviews.default.svc.cluster.local']);
  });

  it('of a moved endpoint do not reach the service', () => {
    const { changed } = edit(workload, { address: '10.0.0.4' });
    expect(changed).toContain('endpoints/reviews.default.svc.cluster.local');
    expect(changed).not.toContain('service/reviews.default.svc.cluster.local');
    expect(changed).not.toContain('accounts/reviews.default.svc.cluster.local');
    expect(changed).not.toContain('services');
    // The workload itself is touched, its neighbours in the service are not.
    expect([...changed].filter((each) => each.startsWith('services-of/'))).toEqual([
      `services-of/${workload?.key}`,
      'services-of/10.0.0.3',
      'services-of/10.0.0.4',
    ]);
  });

  it('of a new port are the port and the service', () => {
    const { changed } = edit(service, { ports: [{ number: 80, name: 'http' }] });
    for (const fact of [
      'ports',
      'services-on/80',
      'services-on/9080',
      'service/reviews.default.svc.cluster.local',
    ]) {
      expect(changed).toContain(fact);
    }
  });

  it('of an origin that moved there are none, yet the origin is the new one', () => {
    const key = virtualService?.key ?? '';
    const update = commit(worldOf(resources), [
      { op: 'origin', key, origin: { file: 'moved.yaml', line: 7 } },
    ]);
    expect([...update.changed]).toEqual([]);
    expect(update.world.origin(key)).toEqual({ file: 'moved.yaml', line: 7 });
  });

  it('of a state that is already held there are none', () => {
    const world = worldOf(resources);
    const held = new Map(
      resources.map((each) => [each.key, { content: encodeContent(each), origin: { file: '', line: 0 } }]),
    );
    const state = { epoch: 'e', revision: 9, stateHash: '', resources: held };
    const update = world.apply({ kind: 'reset', state, stale: true });
    expect([...update.changed]).toEqual([]);
    expect(update.world.revision).toBe(9);
  });

  it('of config that cannot be read there are none, whatever is wrong with it', () => {
    const bodies = [
      '{',
      'null',
      '{"spec":null}',
      '{"spec":{}}',
      '{"spec":{"hosts":[1],"host":2,"servers":[{}]}}',
    ];
    const kinds = ['ServiceEntry', 'VirtualService', 'DestinationRule', 'Gateway'];
    const operations = kinds.flatMap((kind) =>
      bodies.map((content, index): Operation => {
        const key = `networking.istio.io/${kind}/default/bad-${index}`;
        return { op: 'put', key, content, origin: { file: 'bad.yaml', line: index } };
      }),
    );
    const update = commit(worldOf(resources), operations);
    expect([...update.changed]).toEqual([]);
    expect(update.diagnostics).toHaveLength(operations.length);
    expect(everything(update.world)).toEqual(everything(worldOf(resources)));
  });

  it('of config with a bad regular expression there are none, but a diagnostic', () => {
    const bad = edit(virtualService, {
      http: [{ match: [{ uri: { regex: '(' } }], directResponse: { status: 1 } }],
    });
    expect(bad.diagnostics).toEqual([
      expect.objectContaining({
        code: 'IST0106',
        path: 'spec.http[0].match[0].uri.regex',
        origin: { file: 'b.yaml', line: 1 },
        resource: virtualService?.key,
      }),
    ]);
  });
});
