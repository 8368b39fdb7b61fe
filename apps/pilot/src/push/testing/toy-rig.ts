import { delta } from '../../ads/delta.js';
import { sotw } from '../../ads/sotw.js';
import { TYPE } from '../../model/contract.js';
import { PushEngine } from '../engine.js';
import type { ProxyConnection } from '../proxy-connection.js';
import type { FakeProxy } from './fake-proxy.js';
import { toyGenerators, toyProxy, ToyWorld, type ToyResource } from './toy-world.js';

const LIMITS = { warmingTimeoutMs: 5_000, maxNames: 100_000, maxTypes: 16 };
export type Edits = Record<string, ToyResource | undefined>;

/** An engine with a world that edits change; `changes` says who has something to send after each. */
export class Rig {
  readonly engine = new PushEngine(toyGenerators(), LIMITS);
  world = ToyWorld.empty();

  constructor(edits?: Edits) {
    if (edits) this.edit(edits);
  }

  edit(edits: Edits): ProxyConnection[] {
    const { world, changed } = this.world.with(edits);
    this.world = world;
    return [...this.engine.update({ world, changed, committedAt: undefined, receivedAt: 0 }).concerned];
  }

  connect(proxy: FakeProxy, id = 'a', namespace = 'default'): ProxyConnection {
    const variant = proxy.kind === 'delta' ? delta : sotw;
    const connection = this.engine.connect(toyProxy(id, namespace, proxy.kind === 'delta'), variant, 0);
    proxy.connect(connection);
    return connection;
  }
}

export const all = (text: string): ToyResource => ({ text, namespace: '*' });
export const cluster = (name: string, rev = 1): Edits => ({
  [`${TYPE.cluster}#${name}`]: all(`name=${name} rev=${rev}`),
  [`${TYPE.endpoint}#${name}`]: all(`name=${name} address=${rev}`),
});
export const noCluster = (name: string): Edits => ({
  [`${TYPE.cluster}#${name}`]: undefined,
  [`${TYPE.endpoint}#${name}`]: undefined,
});
export const listener = (name: string, routes: string): Edits => ({
  [`${TYPE.listener}#${name}`]: all(`name=${name} routes=${routes}`),
});
export const route = (name: string, text: string): Edits => ({ [`${TYPE.route}#${name}`]: all(text) });
export const host = (name: string, text: string): Edits => ({ [`${TYPE.virtualHost}#${name}`]: all(text) });

export const BASE: Edits = {
  ...cluster('v1'),
  ...listener('in', '80'),
  ...route('80', 'vhds'),
  ...host('80/a', 'cluster:v1'),
  ...host('80/b', 'cluster:v1'),
};
