import type { Commit, Operation } from '#common/config-log';
import { PushEngine } from '../../apps/pilot/src/push/engine.js';
import type { ProxyConnection } from '../../apps/pilot/src/push/proxy-connection.js';
import { delta } from '../../apps/pilot/src/ads/delta.js';
import { generators } from '../../apps/pilot/src/generate/generators.js';
import { TYPE } from '../../apps/pilot/src/model/contract.js';
import { proxyFromNode } from '../../apps/pilot/src/model/node.js';
import { createWorld } from '../../apps/pilot/src/world/world.js';
import type { Change } from './changes.js';
import { meshOperations, namespaceOf } from './mesh.js';
import { percentile } from './statistics.js';

/** Edits before those that count. */
const WARM_UP = 200;
const BATCHES = 20;
const BATCH = 25;
const LIMITS = { warmingTimeoutMs: 5_000, maxNames: 100_000, maxTypes: 16 };
const TYPES = [TYPE.cluster, TYPE.endpoint, TYPE.listener, TYPE.route, TYPE.virtualHost] as const;

/** CPU in milliseconds per edit, by the change's name: what a commit costs from the world to the responses. */
export function benchInProcess(
  services: number,
  proxies: number,
  changes: readonly Change[],
): ReadonlyMap<string, number> {
  const mesh = new Mesh(services, proxies);
  return new Map(
    changes.map((change) => {
      if (change.prepare) mesh.commit(change.prepare);
      let round = 0;
      const next = (): void => {
        const { operations, undo } = change.edit(++round, services);
        mesh.commit(operations);
        if (undo) mesh.commit(undo);
      };
      for (let n = 0; n < WARM_UP; n++) next();
      const batches = Array.from({ length: BATCHES }, () => {
        const start = process.cpuUsage();
        for (let n = 0; n < BATCH; n++) next();
        const { user, system } = process.cpuUsage(start);
        return (user + system) / 1_000 / BATCH;
      });
      // What else the machine does, and the collector, comes on top: the median is the work itself.
      return [change.name, percentile(batches, 0.5)];
    }),
  );
}

class Mesh {
  private readonly engine = new PushEngine(generators, LIMITS);
  private readonly connections: readonly ProxyConnection[];

  constructor(services: number, proxies: number) {
    this.commit(meshOperations(services));
    this.connections = Array.from({ length: proxies }, (_, index) => this.connect(index));
  }

  commit(operations: readonly Operation[]): void {
    const before = this.engine.world ?? createWorld({});
    const { revision: previous } = before;
    const head = { epoch: '', revision: previous + 1, previous, stateHash: '', heldBack: [] };
    const commit: Commit = { ...head, operations, time: '2026-01-01T00:00:00Z' };
    const { world, changed } = before.apply({ kind: 'commit', commit });
    this.engine.update({ world, changed, committedAt: undefined, receivedAt: 0 });
    for (const connection of this.connections ?? []) drain(connection);
  }

  private connect(index: number): ProxyConnection {
    const namespace = namespaceOf(index);
    const id = `sidecar~10.8.${index >> 8}.${index & 255}~app-${index}.${namespace}~${namespace}.svc.cluster.local`;
    const node = proxyFromNode({ id, cluster: '', metadata: { QUARTET_VHDS: true } });
    if (!node.ok) throw new Error(node.error);
    const connection = this.engine.connect(node.proxy, delta, 0);
    for (const type of TYPES) {
      request(connection, type, { resourceNamesSubscribe: referredTo(connection, type) });
      drain(connection);
    }
    return connection;
  }
}

/** What Envoy would name: the endpoints of its clusters, the routes of its listeners. */
function referredTo({ subscriptions }: ProxyConnection, type: string): string[] {
  if (type === TYPE.route) return ['80'];
  const clusters = subscriptions.get(TYPE.cluster)?.held.keys() ?? [];
  return type === TYPE.endpoint ? [...clusters].filter((name) => name.startsWith('outbound|')) : [];
}

function drain(connection: ProxyConnection): void {
  for (let response = connection.next(0); response; response = connection.next(0))
    request(connection, response.type, { responseNonce: response.nonce });
}

function request(connection: ProxyConnection, typeUrl: string, fields: object): void {
  const none = { resourceNamesSubscribe: [], resourceNamesUnsubscribe: [], initialResourceVersions: {} };
  connection.receive(Object.assign({ typeUrl, responseNonce: '' }, none, fields), 0);
}
