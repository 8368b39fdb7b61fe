import { ResourceCache } from '../cache/index.js';
import { TYPE, type Generator, type Fact, type TypeUrl, type World } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import type { Protocol } from '../ads/protocol.js';
import { ProxyConnection, type ConnectionLimits, type Receipt } from './proxy-connection.js';
import { RevisionTraces } from './trace.js';
import { Withdrawals, type Mesh, type Withdrawal } from './withdrawal/withdrawals.js';

/** One change as the engine takes it in. */
export interface EngineUpdate {
  readonly world: World;
  readonly changed: Iterable<Fact>;
  /** When the change was committed, by its writer's clock; undefined where nobody knows. */
  readonly committedAt: number | undefined;
  /** When it arrived here. Milliseconds since the Unix epoch, both. */
  readonly receivedAt: number;
}

/** What a proxy's answer came to besides the answer itself. */
export interface Consequence {
  /** Configs that are left out from here on. */
  readonly withdrawn: readonly Withdrawal[];
  /** The connections that may have something to send because of it. */
  readonly concerned: ReadonlySet<ProxyConnection>;
}

const NO_CONSEQUENCE: Consequence = { withdrawn: [], concerned: new Set() };

/**
 * The world as it is now, what was generated from it, and the proxies that hold it. Until the first world is there
 * connections are accepted and sent nothing: an empty mesh is never pushed because a source is missing.
 */
export class PushEngine {
  readonly cache: ResourceCache;
  readonly connections = new Set<ProxyConnection>();
  readonly traces = new RevisionTraces();
  readonly withdrawals = new Withdrawals();
  private current: World | undefined;

  constructor(
    generators: readonly Generator[],
    private readonly limits: ConnectionLimits,
  ) {
    this.cache = new ResourceCache(generators);
  }

  get ready(): boolean {
    return this.current !== undefined;
  }

  /** Revision of the config log that the proxies are brought to; 0 before the first world. */
  get revision(): number {
    return this.current?.revision ?? 0;
  }

  get world(): World | undefined {
    return this.current;
  }

  /** Takes a new world in and returns the connections that may have something to send. */
  update({ world, changed, committedAt, receivedAt }: EngineUpdate): ProxyConnection[] {
    const first = !this.current;
    const { world: next, changed: retried } = world.withdraw(this.withdrawals.stillOut(world));
    this.current = next;
    const touched = this.cache.update(next, [...changed, ...retried]);
    if (first) return this.beginAll(world.revision);
    const concerned = [...this.connections].filter((connection) => connection.touch(touched, world.revision));
    const ids = concerned.map(({ proxy }) => proxy.id);
    this.traces.begin({ revision: world.revision, committedAt, receivedAt }, ids);
    return concerned;
  }

  /** Draws the consequences of an answer: config behind what a proxy refuses is withdrawn, for all proxies. */
  answered({ type, blamed, accepted }: Receipt, connection: ProxyConnection): Consequence {
    const { withdrawals } = this;
    const { proxy, proxyClass, subscriptions } = connection;
    if (!this.current || (blamed.length === 0 && withdrawals.idle)) return NO_CONSEQUENCE;
    const concerned = new Set<ProxyConnection>();
    const mesh = this.meshFor(this.current, concerned);
    const place = (name: string) => ({ proxyClass, type, name });
    const withdrawn = [
      ...blamed.flatMap((each) => {
        const held = subscriptions.get(type)?.held.get(each.name)?.version;
        return withdrawals.refused(place(each.name), each, { proxy: proxy.id, held }, mesh);
      }),
      ...[...(accepted ?? [])].flatMap(([name, { next }]) => {
        return withdrawals.accepted(place(name), next.version, mesh);
      }),
    ];
    for (const { name, version } of blamed) {
      if (type !== TYPE.cluster || mesh.resource(place(name))?.version === version) continue;
      // Envoy keeps a cluster that it refused among those that warm up until another one takes its place.
      subscriptions.get(type)?.sendAgain(name);
      concerned.add(connection);
    }
    return { withdrawn, concerned };
  }

  private meshFor(start: World, concerned: Set<ProxyConnection>): Mesh {
    let world = start;
    return {
      world: () => world,
      resource: ({ proxyClass, type, name }) => this.cache.resource(type as TypeUrl, proxyClass, name),
      withdraw: (identities) => {
        const update = world.withdraw(identities);
        world = this.current = update.world;
        const touched = this.cache.update(world, update.changed);
        for (const connection of this.connections)
          if (connection.touch(touched, world.revision)) concerned.add(connection);
      },
    };
  }

  connect(proxy: Proxy, protocol: Protocol, now: number): ProxyConnection {
    const proxyClass = this.cache.acquire(proxy);
    const connection = new ProxyConnection(proxy, proxyClass, protocol, this.cache, this.limits, now);
    this.connections.add(connection);
    if (this.current) connection.begin(this.current.revision);
    return connection;
  }

  disconnect(connection: ProxyConnection): void {
    if (!this.connections.delete(connection)) return;
    this.cache.release(connection.proxyClass);
  }

  private beginAll(revision: number): ProxyConnection[] {
    for (const connection of this.connections) connection.begin(revision);
    return [...this.connections];
  }
}
