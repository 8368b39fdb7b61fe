import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { delta } from '../ads/delta.js';
import { sotw } from '../ads/sotw.js';
import { TYPE } from '../model/contract.js';
import { PushEngine } from './engine.js';
import type { ProxyConnection } from './proxy-connection.js';
import { FakeProxy, POISON } from './testing/fake-proxy.js';
import { BREAKS_GENERATE, toyGenerators, toyProxy, ToyWorld, type ToyResource } from './testing/toy-world.js';

const LIMITS = { warmingTimeoutMs: 5_000, maxNames: 100_000, maxTypes: 16 };
type Edits = Record<string, ToyResource | undefined>;

/**
 * The same histories each time, so that a red test is always a change's doing. To look for new ones give their number
 * and, for a certain search, its seed: `QUARTET_FUZZ_RUNS=20000 QUARTET_FUZZ_SEED=7 npx jest ...`; without the latter
 * the seed is random. What fails is printed with the seed and path that repeat it; make it an example test of its own.
 */
const { QUARTET_FUZZ_RUNS: runs, QUARTET_FUZZ_SEED: seed } = process.env;
const HISTORIES = runs
  ? { numRuns: Number(runs), ...(seed ? { seed: Number(seed) } : {}) }
  : { numRuns: 300, seed: 1 };

/** An engine with a world that edits change; `changes` says who has something to send after each. */
class Rig {
  readonly engine = new PushEngine(toyGenerators(), LIMITS);
  world = ToyWorld.empty();

  constructor(edits?: Edits) {
    if (edits) this.edit(edits);
  }

  edit(edits: Edits): ProxyConnection[] {
    const { world, changed } = this.world.with(edits);
    this.world = world;
    return this.engine.update({ world, changed, committedAt: undefined, receivedAt: 0 });
  }

  connect(proxy: FakeProxy, id = 'a', namespace = 'default'): ProxyConnection {
    const variant = proxy.kind === 'delta' ? delta : sotw;
    const connection = this.engine.connect(toyProxy(id, namespace, proxy.kind === 'delta'), variant, 0);
    proxy.connect(connection);
    return connection;
  }
}

const all = (text: string): ToyResource => ({ text, namespace: '*' });
const cluster = (name: string, rev = 1): Edits => ({
  [`${TYPE.cluster}#${name}`]: all(`name=${name} rev=${rev}`),
  [`${TYPE.endpoint}#${name}`]: all(`name=${name} address=${rev}`),
});
const noCluster = (name: string): Edits => ({
  [`${TYPE.cluster}#${name}`]: undefined,
  [`${TYPE.endpoint}#${name}`]: undefined,
});
const listener = (name: string, routes: string): Edits => ({
  [`${TYPE.listener}#${name}`]: all(`name=${name} routes=${routes}`),
});
const route = (name: string, text: string): Edits => ({ [`${TYPE.route}#${name}`]: all(text) });
const host = (name: string, text: string): Edits => ({ [`${TYPE.virtualHost}#${name}`]: all(text) });

const BASE: Edits = {
  ...cluster('v1'),
  ...listener('in', '80'),
  ...route('80', 'vhds'),
  ...host('80/a', 'cluster:v1'),
  ...host('80/b', 'cluster:v1'),
};

describe('a proxy that connects', () => {
  it('gets everything, hosts after their route', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    const connection = rig.connect(proxy);
    proxy.settle();
    expect(proxy.faults).toEqual([]);
    expect(proxy.log).toEqual([
      'Cluster +v1 -',
      'Listener +in -',
      'ClusterLoadAssignment +v1 -',
      'RouteConfiguration +80 -',
      'VirtualHost +80/a,80/b -',
    ]);
    expect(connection.idle).toBe(true);
    expect(connection.revisionHeld).toBe(rig.world.revision);
  });

  it('waits for the first world instead of getting an empty one', () => {
    const rig = new Rig();
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    expect(proxy.take()).toBe(0);
    rig.edit(BASE);
    proxy.settle();
    expect(Object.keys(proxy.texts(TYPE.virtualHost))).toEqual(['80/a', '80/b']);
  });

  it('is answered even when there is nothing for it', () => {
    const rig = new Rig({});
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    expect(proxy.log).toEqual(['Cluster + -', 'Listener + -']);
  });

  it('has a listener released whose route has no hosts', () => {
    const rig = new Rig({ ...listener('in', '80'), ...route('80', 'vhds') });
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    expect(proxy.log.at(-1)).toBe('VirtualHost + -80/__none__');
  });
});

describe('an edit', () => {
  it('sends the one host that changed, to those who hold it', () => {
    const rig = new Rig({ ...BASE, [`${TYPE.virtualHost}#80/mine`]: { text: 'x', namespace: 'other' } });
    const [here, there] = [new FakeProxy('delta'), new FakeProxy('delta')];
    rig.connect(here, 'a', 'default');
    rig.connect(there, 'b', 'other');
    here.settle();
    there.settle();
    const concerned = rig.edit({ [`${TYPE.virtualHost}#80/mine`]: { text: 'y', namespace: 'other' } });
    expect(concerned.map(({ proxy }) => proxy.namespace)).toEqual(['other']);
    const before = here.bytes;
    there.settle();
    here.settle();
    expect(here.bytes).toBe(before);
    expect(there.log.at(-1)).toBe('VirtualHost +80/mine -');
  });

  it('sends nothing when the content stays', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    const connection = rig.connect(proxy);
    proxy.settle();
    expect(rig.edit(host('80/a', 'cluster:v1'))).toEqual([]);
    expect(proxy.take()).toBe(0);
    expect(connection.revisionHeld).toBe(rig.world.revision);
  });

  it('generates once for all proxies that agree on what was read', () => {
    const rig = new Rig(BASE);
    for (let i = 0; i < 10; i++) {
      const proxy = new FakeProxy('delta');
      rig.connect(proxy, `p${i}`);
      proxy.settle();
    }
    expect(rig.engine.cache.stats).toMatchObject({ classes: 10, generated: 6 });
  });

  it('merges with others while a push is on its way', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    for (const rev of [2, 3, 4]) {
      rig.edit(host('80/a', `cluster:v1 rev=${rev}`));
      proxy.take();
    }
    proxy.settle();
    expect(proxy.log.filter((line) => line === 'VirtualHost +80/a -')).toHaveLength(2);
    expect(proxy.texts(TYPE.virtualHost)['80/a']).toBe('cluster:v1 rev=4');
  });

  it('keeps the last good bytes of what a generator fails at', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    rig.edit({ ...host('80/a', BREAKS_GENERATE), ...host('80/b', 'changed') });
    proxy.settle();
    expect(proxy.texts(TYPE.virtualHost)).toEqual({ '80/a': 'cluster:v1', '80/b': 'changed' });
    expect(rig.engine.cache.failures).toEqual([
      { type: TYPE.virtualHost, name: '80/a', message: BREAKS_GENERATE },
    ]);
  });
});

describe('make before break', () => {
  it('holds a route back until its new cluster and endpoints are ACKed', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    proxy.log.length = 0;
    rig.edit({ ...cluster('v2'), ...host('80/a', 'cluster:v2'), ...host('80/b', 'other') });
    proxy.take();
    expect(proxy.log).toEqual(['Cluster +v2 -', 'VirtualHost +80/b -']);
    proxy.settle();
    expect(proxy.log.slice(2)).toEqual(['ClusterLoadAssignment +v2 -', 'VirtualHost +80/a -']);
    expect(proxy.faults).toEqual([]);
  });

  it('holds a route back for a new cluster that could not be sent yet', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    proxy.log.length = 0;
    rig.edit(cluster('v2'));
    proxy.take();
    rig.edit({ ...cluster('v3'), ...host('80/a', 'cluster:v3') });
    proxy.take();
    expect(proxy.log).toEqual(['Cluster +v2 -']);
    proxy.settle();
    expect(proxy.texts(TYPE.virtualHost)['80/a']).toBe('cluster:v3');
    expect(proxy.faults).toEqual([]);
  });

  it('does not wait for ever, and says so', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    const connection = rig.connect(proxy);
    proxy.settle();
    rig.edit({ ...cluster('v2'), ...host('80/a', 'cluster:v2') });
    expect(proxy.take(0)).toBe(1);
    expect(proxy.take(4_999)).toBe(0);
    expect(proxy.take(5_000)).toBe(1);
    expect(connection.takeOverdue()).toEqual(['v2']);
  });

  it('removes a cluster after the route that used it was ACKed', () => {
    const rig = new Rig({ ...BASE, ...cluster('v2') });
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    proxy.log.length = 0;
    rig.edit({ ...noCluster('v1'), ...host('80/a', 'cluster:v2'), ...host('80/b', 'cluster:v2') });
    proxy.take();
    expect(proxy.log).toEqual(['VirtualHost +80/a,80/b -']);
    proxy.settle();
    expect(proxy.log[1]).toBe('Cluster + -v1');
    expect(proxy.faults).toEqual([]);
  });

  it('keeps a cluster that a refused route still uses', () => {
    const rig = new Rig({ ...BASE, ...cluster('v2') });
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    rig.edit({ ...noCluster('v1'), ...host('80/a', `cluster:v2 ${POISON}`), ...host('80/b', 'cluster:v2') });
    proxy.settle();
    expect(proxy.faults).toEqual([]);
    expect(Object.keys(proxy.texts(TYPE.cluster))).toEqual(['v1', 'v2']);
    rig.edit(host('80/a', 'cluster:v2'));
    proxy.settle();
    expect(proxy.faults).toEqual([]);
    expect(Object.keys(proxy.texts(TYPE.cluster))).toEqual(['v2']);
  });

  it('sends endpoints again after a changed cluster, which warms up anew', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    proxy.log.length = 0;
    rig.edit({ [`${TYPE.cluster}#v1`]: all('name=v1 rev=2') });
    proxy.settle();
    expect(proxy.log).toEqual(['Cluster +v1 -', 'ClusterLoadAssignment +v1 -']);
  });
});

describe.each([true, false])('a refused response (Envoy names the culprit: %s)', (names) => {
  it('costs the culprit alone, once, until its content changes', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta', names);
    const connection = rig.connect(proxy);
    proxy.settle();
    const edits = Array.from({ length: 20 }, (_, n) => host(`80/${n}`, n === 13 ? POISON : 'fine'));
    rig.edit(Object.assign({}, ...edits) as Edits);
    proxy.settle();
    expect(Object.keys(proxy.texts(TYPE.virtualHost))).toHaveLength(21);
    const hosts = connection.subscriptions.get(TYPE.virtualHost)!;
    expect([...hosts.rejected.values()]).toMatchObject([{ name: '80/13', sources: ['toy/80/13'] }]);
    expect(connection.revisionHeld).toBeLessThan(rig.world.revision);
    rig.edit(host('80/a', 'other'));
    proxy.log.length = 0;
    proxy.settle();
    expect(proxy.log).toEqual(['VirtualHost +80/a -']);
    rig.edit(host('80/13', 'fine'));
    proxy.settle();
    expect(proxy.texts(TYPE.virtualHost)['80/13']).toBe('fine');
    expect(hosts.rejected.size).toBe(0);
    expect(connection.revisionHeld).toBe(rig.world.revision);
  });
});

describe.each(['delta', 'sotw'] as const)('a reconnect (%s)', (kind) => {
  it('to a replica with the same state sends nothing that the client proves to hold', () => {
    const plain = {
      ...cluster('v1'),
      ...cluster('v2'),
      ...listener('in', '80'),
      ...route('80', 'cluster:v1'),
    };
    const proxy = new FakeProxy(kind);
    new Rig(plain).connect(proxy);
    proxy.settle();
    const replica = new Rig(plain);
    const connection = replica.connect(proxy);
    proxy.log.length = 0;
    proxy.settle();
    // The one version that SotW has for a type is no proof where names come and go: these go out again.
    const unproven = ['ClusterLoadAssignment +v1,v2 -', 'RouteConfiguration +80 -'];
    expect(proxy.log).toEqual(kind === 'delta' ? [] : unproven);
    expect(connection.idle).toBe(true);
    expect(connection.revisionHeld).toBe(replica.world.revision);
  });

  it('brings what changed while away, removals included', () => {
    const before = {
      ...cluster('v1'),
      ...cluster('v2'),
      ...listener('in', '80'),
      ...route('80', 'cluster:v1'),
    };
    const proxy = new FakeProxy(kind);
    new Rig(before).connect(proxy);
    proxy.settle();
    new Rig({ ...cluster('v2', 5), ...listener('in', '80'), ...route('80', 'cluster:v2') }).connect(proxy);
    proxy.settle();
    expect(proxy.texts(TYPE.cluster)).toEqual({ v2: 'name=v2 rev=5' });
    expect(proxy.texts(TYPE.route)).toEqual({ '80': 'cluster:v2' });
    // A SotW client does not say what it holds, so what it has to lose cannot be kept back for it.
    if (kind === 'delta') expect(proxy.faults).toEqual([]);
  });
});

describe('a SotW client that comes back', () => {
  const before = { ...cluster('v1'), ...cluster('v2'), ...listener('in', '80'), ...route('80', 'whole') };

  it('gets what it had dropped and wants again, though it says the version that it had with it', () => {
    const rig = new Rig({ ...cluster('v1'), ...listener('in', '80'), ...route('80', 'whole') });
    const proxy = new FakeProxy('sotw');
    rig.connect(proxy);
    proxy.settle();
    rig.edit(noCluster('v1'));
    proxy.settle();
    rig.connect(proxy);
    proxy.settle();
    rig.edit(cluster('v1'));
    proxy.settle();
    expect(Object.keys(proxy.texts(TYPE.endpoint))).toEqual(['v1']);
  });

  it('gets what it dropped and wanted again without a word in between', () => {
    const rig = new Rig(before);
    const proxy = new FakeProxy('sotw');
    rig.connect(proxy);
    proxy.settle();
    rig.edit(noCluster('v2'));
    proxy.take();
    proxy.answer(0);
    rig.edit(cluster('v2'));
    proxy.take(0, 1);
    rig.connect(proxy);
    proxy.settle();
    expect(Object.keys(proxy.texts(TYPE.endpoint))).toEqual(['v1', 'v2']);
  });

  it('gets again what was gone when it came', () => {
    const rig = new Rig(before);
    const proxy = new FakeProxy('sotw');
    rig.connect(proxy);
    proxy.settle();
    rig.edit({ ...noCluster('v1'), ...noCluster('v2') });
    rig.connect(proxy);
    proxy.settle();
    expect(proxy.texts(TYPE.cluster)).toEqual({});
    rig.edit({ ...cluster('v1'), ...cluster('v2') });
    proxy.settle();
    expect(Object.keys(proxy.texts(TYPE.cluster))).toEqual(['v1', 'v2']);
    expect(Object.keys(proxy.texts(TYPE.endpoint))).toEqual(['v1', 'v2']);
  });
});

describe('a refusal', () => {
  it('is forgotten with the resource, and with the route that used it', () => {
    const rig = new Rig({ ...BASE, ...route('81', 'vhds') });
    const proxy = new FakeProxy('delta');
    const connection = rig.connect(proxy);
    proxy.settle();
    rig.edit({ ...host('80/x', POISON), ...host('80/y', POISON) });
    proxy.settle();
    const { rejected } = connection.subscriptions.get(TYPE.virtualHost)!;
    expect([...rejected.keys()]).toEqual(['80/x', '80/y']);
    rig.edit({ [`${TYPE.virtualHost}#80/x`]: undefined });
    proxy.settle();
    expect([...rejected.keys()]).toEqual(['80/y']);
    rig.edit(listener('in', '81'));
    proxy.settle();
    expect(connection.rejecting).toBe(false);
    expect(connection.revisionHeld).toBe(rig.world.revision);
  });
});

describe('hosts over a reconnect', () => {
  it('are compared one by one', () => {
    const proxy = new FakeProxy('delta');
    new Rig(BASE).connect(proxy);
    proxy.settle();
    proxy.log.length = 0;
    const replica = new Rig({ ...BASE, ...host('80/a', 'changed'), ...host('80/c', 'new') });
    replica.edit({ [`${TYPE.virtualHost}#80/b`]: undefined });
    replica.connect(proxy);
    proxy.settle();
    expect(proxy.log).toEqual(['VirtualHost +80/a,80/c -80/b']);
  });

  it('come again with a route that was dropped and taken up again', () => {
    const rig = new Rig(BASE);
    const proxy = new FakeProxy('delta');
    rig.connect(proxy);
    proxy.settle();
    rig.edit(listener('in', '81'));
    proxy.settle();
    rig.edit(listener('in', '80'));
    proxy.settle();
    expect(Object.keys(proxy.texts(TYPE.virtualHost))).toEqual(['80/a', '80/b']);
  });
});

describe('any history', () => {
  const name = fc.constantFrom('v1', 'v2', 'v3', 'v4');
  const at = fc.constantFrom('80/a', '80/b', '81/a', '81/b');
  const rev = fc.integer({ min: 1, max: 3 });
  const edit: fc.Arbitrary<(world: ToyWorld) => Edits> = fc.oneof(
    fc.tuple(name, rev).map(
      ([n, r]) =>
        () =>
          cluster(n, r),
    ),
    fc
      .tuple(at, name, rev)
      .map(([h, n, r]) => () => ({ ...cluster(n, r), ...host(h, `cluster:${n} rev=${r}`) })),
    at.map((h) => () => ({ [`${TYPE.virtualHost}#${h}`]: undefined })),
    fc.constantFrom('80', '81', '80,81').map((routes) => () => listener('in', routes)),
    name.map((n) => (world: ToyWorld) => withoutCluster(world, n)),
  );
  const step = fc.oneof(
    { weight: 3, arbitrary: edit.map((build) => ({ kind: 'edit' as const, build })) },
    { weight: 3, arbitrary: fc.nat(3).map((limit) => ({ kind: 'take' as const, limit })) },
    { weight: 4, arbitrary: fc.nat(5).map((index) => ({ kind: 'answer' as const, index })) },
    { weight: 1, arbitrary: fc.boolean().map((restart) => ({ kind: 'reconnect' as const, restart })) },
  );

  it.each(['delta', 'sotw'] as const)('ends with what the world says, in order (%s)', (kind) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const base = kind === 'delta' ? BASE : { ...cluster('v1'), ...listener('in', '80') };
        const text = kind === 'delta' ? 'vhds' : 'whole';
        let rig = new Rig({ ...base, ...route('80', text), ...route('81', text) });
        const proxy = new FakeProxy(kind);
        let connection = rig.connect(proxy);
        for (const action of steps) {
          if (action.kind === 'edit') rig.edit(action.build(rig.world));
          else if (action.kind === 'take') proxy.take(0, action.limit);
          else if (action.kind === 'answer') {
            if (proxy.waiting > 0) proxy.answer(action.index);
          } else {
            rig.engine.disconnect(connection);
            if (action.restart) rig = restarted(rig);
            connection = rig.connect(proxy);
          }
        }
        proxy.settle();
        if (kind === 'delta') expect(proxy.faults).toEqual([]);
        expect(connection.idle).toBe(true);
        for (const type of [TYPE.cluster, TYPE.endpoint, TYPE.listener]) {
          expect(proxy.texts(type)).toEqual(texts(rig.world, type));
        }
        if (kind === 'delta') expect(proxy.texts(TYPE.virtualHost)).toEqual(hostsInUse(rig.world));
      }),
      HISTORIES,
    );
  });

  const poison = fc
    .tuple(at, name, fc.boolean())
    .map(([h, n, bad]) => () => ({ ...cluster(n), ...host(h, `cluster:${n} ${bad ? POISON : 'fine'}`) }));

  it.each([true, false])('keeps what is refused apart from the rest (Envoy names it: %s)', (names) => {
    const steps = fc.array(fc.oneof(edit, poison, poison), { maxLength: 20 });
    fc.assert(
      fc.property(steps, fc.nat(3), (edits, limit) => {
        const rig = new Rig({ ...BASE, ...route('81', 'vhds') });
        const proxy = new FakeProxy('delta', names);
        const connection = rig.connect(proxy);
        proxy.settle();
        for (const build of edits) {
          rig.edit(build(rig.world));
          proxy.take(0, limit);
        }
        proxy.settle();
        expect(proxy.faults).toEqual([]);
        const wanted = Object.entries(hostsInUse(rig.world));
        const refused = wanted.filter(([, text]) => text.includes(POISON)).map(([host]) => host);
        expect([...connection.subscriptions.get(TYPE.virtualHost)!.rejected.keys()].sort()).toEqual(refused);
        const held = proxy.texts(TYPE.virtualHost);
        for (const [host, text] of wanted) if (!refused.includes(host)) expect(held[host]).toBe(text);
        expect(Object.values(held).join()).not.toContain(POISON);
        for (const n of Object.keys(texts(rig.world, TYPE.cluster)))
          expect(proxy.texts(TYPE.cluster)).toHaveProperty([n]);
      }),
      HISTORIES,
    );
  });
});

/** The same world in a new process. */
function restarted(rig: Rig): Rig {
  const next = new Rig();
  next.world = rig.world;
  next.edit({});
  return next;
}

/** Removes a cluster together with the hosts that use it: a world is never inconsistent with itself. */
function withoutCluster(world: ToyWorld, name: string): Edits {
  const users = [...world.resources].filter(([, { text }]) => text.split(/\s/).includes(`cluster:${name}`));
  return { ...noCluster(name), ...Object.fromEntries(users.map(([key]) => [key, undefined])) };
}

function texts(world: ToyWorld, type: string): Record<string, string> {
  const own = [...world.resources].filter(([key]) => key.startsWith(`${type}#`));
  const pairs = own.map(([key, { text }]): [string, string] => [key.slice(type.length + 1), text]);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function hostsInUse(world: ToyWorld): Record<string, string> {
  const routes = /routes=(\S+)/.exec(texts(world, TYPE.listener)['in']!)![1]!.split(',');
  const hosts = Object.entries(texts(world, TYPE.virtualHost));
  return Object.fromEntries(hosts.filter(([name]) => routes.includes(name.split('/')[0]!)));
}
