import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, until, type RunningEnvoy } from '#common/testing';
import { heldConfig } from '../../../../test/support/config-dump.js';
import { TYPE } from '../model/contract.js';
import { AdsRig, ask, closeClients, startLoad, startProxy, startUpstream } from './testing/ads-rig.js';
import {
  cluster,
  endpoint,
  listener,
  table,
  withoutCluster,
  withoutHost,
  type Edits,
  type Host,
} from './testing/envoy-resources.js';

const upstreams = new Map<string, number>();
const port = (name: string): number => upstreams.get(name)!;
const to = (name: string, ...domains: string[]): Host => ({ domains, cluster: name });

beforeAll(async () => {
  for (const name of ['v1', 'v2', 'v3']) upstreams.set(name, (await startUpstream(name)).port);
});

afterAll(closeClients);

let rig: AdsRig;
let proxy: RunningEnvoy | undefined;
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await rig.close();
});

describe.each(['delta', 'sotw'] as const)('a real Envoy over %s', (kind) => {
  const vhds = kind === 'delta';
  const hosts = (edits: Record<string, Host>): Edits => table('80', edits, vhds);
  let entry: number;

  async function start(edits: Edits): Promise<RunningEnvoy> {
    entry = await freePort();
    rig = new AdsRig();
    await rig.listen();
    rig.edit({ ...listener('in', entry, '80'), ...edits });
    proxy = await startProxy(rig.address, kind);
    await until(() => rig.settled, { what: 'the proxy to hold everything' });
    return proxy;
  }

  async function edit(edits: Edits): Promise<void> {
    rig.edit(edits);
    await until(() => rig.settled, { what: 'the proxy to hold the edit' });
  }

  const base = (): Edits => ({ ...cluster('v1', port('v1')), ...cluster('v2', port('v2')) });

  it('warms up, takes updates and removals', async () => {
    await start({ ...base(), ...hosts({ a: to('v1', 'a'), b: to('v2', 'b') }) });
    expect(await ask(entry, 'a')).toBe('200 v1');
    await edit(hosts({ a: to('v2', 'a'), b: to('v2', 'b') }));
    expect(await ask(entry, 'a')).toBe('200 v2');
    await edit(endpoint('v2', port('v3')));
    expect(await ask(entry, 'a')).toBe('200 v3');
    await edit(vhds ? withoutHost('80', 'b') : hosts({ a: to('v2', 'a') }));
    expect(await ask(entry, 'b')).toBe('404 ');
    await edit({ ...withoutCluster('v1'), [`${TYPE.listener}#in`]: undefined });
    expect([...(await proxy!.listeners()).keys()]).toEqual([]);
    expect(
      (await proxy!.stats('cluster_manager.active_clusters')).get('cluster_manager.active_clusters'),
    ).toBe(2);
  });

  it('sends one host, or one table, for an edit', async () => {
    await start({ ...base(), ...hosts({ a: to('v1', 'a'), b: to('v2', 'b') }) });
    const before = await rig.sent();
    await edit(hosts({ a: to('v2', 'a'), b: to('v2', 'b') }));
    const after = await rig.sent();
    const type = vhds ? 'vhds' : 'rds';
    expect(after).toEqual({ ...before, [type]: before[type]! + 1, bytes: expect.any(Number) });
    expect(after['bytes']! - before['bytes']!).toBeLessThan(300);
  });

  it('keeps serving what it refuses to change, and recovers', async () => {
    await start({ ...base(), ...hosts({ a: to('v1', 'a'), b: to('v1', 'b') }) });
    rig.edit(hosts({ a: { ...to('v2', 'a'), regex: '(' }, b: to('v1', 'b') }));
    const [connection] = rig.engine.connections;
    const rejected = () =>
      [...connection!.subscriptions.values()].flatMap((each) => [...each.rejected.values()]);
    await until(() => rejected().length > 0, { what: 'the refusal' });
    expect(rejected()).toMatchObject([{ sources: [vhds ? 'toy/80/a' : 'toy/80'] }]);
    expect(rejected()[0]!.message).toContain('missing )');
    expect(await ask(entry, 'a')).toBe('200 v1');
    // Other types go on, and what was refused is not sent again.
    await edit2({ ...endpoint('v1', port('v3')) });
    expect(await ask(entry, 'a')).toBe('200 v3');
    const before = await rig.sent();
    expect((await rig.sent())['bytes']).toBe(before['bytes']);
    await edit(hosts({ a: to('v2', 'a'), b: to('v1', 'b') }));
    expect(await ask(entry, 'a')).toBe('200 v2');
    expect(rejected()).toEqual([]);

    async function edit2(edits: Edits): Promise<void> {
      rig.edit(edits);
      await until(() => connection!.idle, { what: 'everything to be answered' });
    }
  });

  it('holds exactly the world after a restart, and loses nothing where nothing changed', async () => {
    const all = { ...base(), ...hosts({ a: to('v1', 'a'), b: to('v2', 'b') }) };
    await start(all);
    const listening = listener('in', entry, '80');
    const address = rig.address;
    const load = startLoad(entry, 'a');
    const counters = () =>
      proxy!.stats('listener_manager.listener_(modified|added)|cluster_manager.cluster_modified');
    const before = await counters();
    await restart(address, { ...listening, ...all });
    const { bytes, ...pushes } = await rig.sent();
    // A SotW version proves nothing where names come and go; what Envoy has already it leaves alone.
    expect(pushes).toEqual(vhds ? {} : { eds: 1, rds: 1 });
    if (vhds) expect(bytes).toBe(0);
    expect(await counters()).toEqual(before);

    const changed = {
      ...cluster('v1', port('v1')),
      ...cluster('v3', port('v3')),
      ...hosts({ a: to('v1', 'a'), c: to('v3', 'c') }),
    };
    await restart(address, { ...listening, ...changed });
    const answers = await load.stop();
    expect([...answers.keys()]).toEqual(['200 v1']);
    expect(await ask(entry, 'b')).toBe('404 ');
    expect(await ask(entry, 'c')).toBe('200 v3');
    const fresh = await startProxy(rig.address, kind, 'b');
    await until(async () => {
      expect(await heldConfig(proxy!)).toEqual(await heldConfig(fresh));
      return true;
    });
    await fresh.stop();
  });

  async function restart(address: string, edits: Edits): Promise<void> {
    await rig.close();
    rig = new AdsRig(address);
    await rig.listen();
    rig.edit(edits);
    await until(() => rig.settled && subscribed(), { what: 'the proxy to come back', timeout: 20_000 });
  }

  /** All types have been asked for again. */
  function subscribed(): boolean {
    const types = [
      TYPE.cluster,
      TYPE.endpoint,
      TYPE.listener,
      TYPE.route,
      ...(vhds ? [TYPE.virtualHost] : []),
    ];
    const [connection] = rig.engine.connections;
    return types.every((type) => connection?.subscriptions.get(type)?.started);
  }

  it('moves traffic between clusters that come, change and go without a failed request', async () => {
    await start({ ...cluster('gen-0', port('v1')), ...hosts({ a: to('gen-0', 'a') }) });
    const load = startLoad(entry, 'a');
    for (let generation = 1; generation <= 30; generation++) {
      const name = `gen-${generation}`;
      rig.edit({
        ...cluster(name, port(['v1', 'v2', 'v3'][generation % 3]!)),
        ...withoutCluster(`gen-${generation - 1}`),
        ...hosts({ a: to(name, 'a') }),
      });
      await until(() => rig.settled, { what: `generation ${generation}`, interval: 1 });
      // A changed cluster warms up beside the one that serves.
      await edit(cluster(name, port(['v1', 'v2', 'v3'][generation % 3]!), generation + 10));
    }
    const answers = await load.stop();
    expect([...answers.keys()].filter((answer) => !answer.startsWith('200 '))).toEqual([]);
    const state = await proxy!.stats('cluster_manager.(active|warming)_clusters');
    expect(state.get('cluster_manager.warming_clusters')).toBe(0);
    expect(state.get('cluster_manager.active_clusters')).toBe(2);
  });
});
