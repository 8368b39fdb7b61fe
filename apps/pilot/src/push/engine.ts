import { ResourceCache } from '../cache/index.js';
import type { Generator, Fact, World } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import type { Protocol } from '../ads/protocol.js';
import { ProxyConnection, type ConnectionLimits } from './proxy-connection.js';
import { RevisionTraces } from './trace.js';

/** One change as the engine takes it in. */
export interface EngineUpdate {
  readonly world: World;
  readonly changed: Iterable<Fact>;
  /** When the change was committed, by its writer's clock; undefined where nobody knows. */
  readonly committedAt: number | undefined;
  /** When it arrived here. Milliseconds since the Unix epoch, both. */
  readonly receivedAt: number;
}

/**
 * The world as it is now, what was generated from it, and the proxies that hold it. Until the first world is there
 * connections are accepted and sent nothing: an empty mesh is never pushed because a source is missing.
 */
export class PushEngine {
  readonly cache: ResourceCache;
  readonly connections = new Set<ProxyConnection>();
  readonly traces = new RevisionTraces();
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
    this.current = world;
    const touched = this.cache.update(world, changed);
    if (first) return this.beginAll(world.revision);
    const concerned = [...this.connections].filter((connection) => connection.touch(touched, world.revision));
    const ids = concerned.map(({ proxy }) => proxy.id);
    this.traces.begin({ revision: world.revision, committedAt, receivedAt }, ids);
    return concerned;
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
