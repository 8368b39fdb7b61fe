import { ResourceCache, type InvalidEntry, type RuleCheck } from '../cache/index.js';
import type { Generator, Fact, TypeUrl, Withdrawn, World } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import { CommonState } from '../ads/common-state.js';
import type { Protocol } from '../ads/protocol.js';
import { ProxyConnection, type ConnectionLimits, type Receipt } from './proxy-connection.js';
import { RevisionTraces, type RevisionTrace } from './trace.js';
import type { Mesh, Place, Refusal, Withdrawal } from './withdrawal/withdrawal.js';
import { Withdrawals } from './withdrawal/withdrawals.js';

/** One change as the engine takes it in. */
export interface EngineUpdate {
  readonly world: World;
  readonly changed: Iterable<Fact>;
  /** By default config, which is followed to the last proxy by its revision. */
  readonly cause?: 'config' | 'registry';
  /** When the change was committed, by its writer's clock; undefined where nobody knows. */
  readonly committedAt: number | undefined;
  /** What the trace of the change should say of it besides. */
  readonly about?: Pick<RevisionTrace, 'changed' | 'moreChanged' | 'heardAt'>;
  /** When it arrived here. Milliseconds since the Unix epoch, both. */
  readonly receivedAt: number;
  /** Asked for the trace of the change alone. */
  readonly now?: () => number;
}

/** What a proxy's answer came to besides the answer itself. */
export interface Consequence {
  /** Configs that are withdrawn from here on. */
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
  private readonly common = new CommonState();
  private current: World | undefined;
  private updatedAt = 0;

  /** @param check says what Envoy would refuse by the rules of its API */
  constructor(
    generators: readonly Generator[],
    private readonly limits: ConnectionLimits,
    readonly withdrawals = new Withdrawals(),
    check?: RuleCheck,
  ) {
    this.cache = new ResourceCache(generators, check);
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
  update({ world, changed, cause, committedAt, receivedAt, about, now }: EngineUpdate): Consequence {
    const first = !this.current;
    const { world: next, changed: retried } = world.withdraw(this.withdrawals.stillOut(world));
    this.current = next;
    this.updatedAt = receivedAt;
    const touched = this.cache.update(next, [...changed, ...retried]);
    if (first) return { withdrawn: [], concerned: this.beginAll(world.revision) };
    const concerned = [...this.connections].filter((connection) => connection.touch(touched, world.revision));
    if (cause !== 'registry') {
      const ids = concerned.map(({ proxy }) => proxy.id);
      const times = { committedAt, receivedAt, generatedAt: now?.() };
      this.traces.begin({ revision: world.revision, ...about, ...times }, ids);
    }
    if (this.isCalm) return { withdrawn: [], concerned: new Set(concerned) };
    const followed = this.consequence((mesh) => [
      ...this.withdrawals.review(mesh),
      ...this.withdrawInvalid(mesh),
    ]);
    return { ...followed, concerned: new Set([...concerned, ...followed.concerned]) };
  }

  /** Draws the consequences of an answer: config behind what a proxy refuses is withdrawn, for all proxies. */
  answered({ type, blamed, accepted }: Receipt, connection: ProxyConnection): Consequence {
    const { withdrawals } = this;
    const { proxyClass } = connection;
    if (blamed.length === 0 && this.isCalm) return NO_CONSEQUENCE;
    const place = (name: string): Place => ({ proxyClass, type, name });
    return this.consequence((mesh) => [
      ...blamed.flatMap((rejection) => {
        return withdrawals.refused({ place: place(rejection.name), rejection, prober: connection }, mesh);
      }),
      ...this.withdrawInvalid(mesh),
      ...[...(accepted?.keys() ?? [])].flatMap((name) => withdrawals.accepted(place(name), mesh)),
    ]);
  }

  /** Draws the consequences of what was made for a push, where it is the first to ask for a resource. */
  pushed(): Consequence {
    return this.cache.foundInvalid ? this.consequence((mesh) => this.withdrawInvalid(mesh)) : NO_CONSEQUENCE;
  }

  /** Nobody is looked for, and nothing was found to break a rule. */
  private get isCalm(): boolean {
    return this.withdrawals.idle && !this.cache.foundInvalid;
  }

  private withdrawInvalid(mesh: Mesh): Withdrawal[] {
    const found = this.cache.takeInvalid().map((entry) => this.refusalOf(entry));
    return found.flatMap((refusal) => this.withdrawals.refused(refusal, mesh));
  }

  /** No proxy has to be asked about it. */
  private refusalOf({ type, proxyClass, resource, message }: InvalidEntry): Refusal {
    const { name, version, sources } = resource;
    const rejection = { name, version, sources, message, at: this.updatedAt };
    return { place: { proxyClass, type, name }, rejection, prober: undefined };
  }

  /** Looks for culprits, and notes who is concerned by what is withdrawn. */
  private consequence(search: (mesh: Mesh) => readonly Withdrawal[]): Consequence {
    const { current } = this;
    if (!current) return NO_CONSEQUENCE;
    const concerned = new Set<ProxyConnection>();
    const withdrawn = search(this.meshFor(current, concerned));
    for (const connection of this.connections) if (connection.isTrying) concerned.add(connection);
    return { withdrawn, concerned };
  }

  private meshFor(start: World, concerned: Set<ProxyConnection>): Mesh {
    let world = start;
    return {
      world: () => world,
      resource: ({ proxyClass, type, name }) => this.cache.wanted(type as TypeUrl, proxyClass, name),
      resourceIn: (other, { proxyClass, type, name }) =>
        this.cache.resourceIn(other, type as TypeUrl, proxyClass, name),
      isHeld: (type, name, version) => this.isHeld(type, name, version),
      refusals: () => this.refusals(),
      withdraw: (withdrawn: Withdrawn) => {
        const update = world.withdraw(withdrawn);
        world = this.current = update.world;
        const touched = this.cache.update(world, update.changed);
        for (const connection of this.connections)
          if (connection.touch(touched, world.revision)) concerned.add(connection);
      },
    };
  }

  private isHeld(type: string, name: string, version: string): boolean {
    for (const { subscriptions } of this.connections) {
      const subscription = subscriptions.get(type);
      if (subscription?.held.get(name)?.version === version && subscription.settled(name)) return true;
    }
    return false;
  }

  private *refusals(): IterableIterator<Refusal> {
    for (const entry of this.cache.invalid) yield this.refusalOf(entry);
    for (const connection of this.connections) {
      const { proxyClass } = connection;
      for (const { type, rejected } of connection.subscriptions.values())
        for (const rejection of rejected.values())
          yield { place: { proxyClass, type, name: rejection.name }, rejection, prober: connection };
    }
  }

  connect(proxy: Proxy, protocol: Protocol, now: number): ProxyConnection {
    const proxyClass = this.cache.acquire(proxy);
    const connection = new ProxyConnection(
      proxy,
      proxyClass,
      protocol,
      this.cache,
      this.common,
      this.limits,
      now,
    );
    this.connections.add(connection);
    if (this.current) connection.begin(this.current.revision);
    return connection;
  }

  /** The consequence is that of whoever is asked instead, where it was being asked who is to blame. */
  disconnect(connection: ProxyConnection): Consequence {
    if (!this.connections.delete(connection)) return NO_CONSEQUENCE;
    const { withdrawals } = this;
    const consequence = withdrawals.idle
      ? NO_CONSEQUENCE
      : this.consequence((mesh) => withdrawals.review(mesh, connection));
    this.cache.release(connection.proxyClass);
    return consequence;
  }

  /** The last newcomers have what they came for. */
  rest(): void {
    this.common.forgetResponses();
  }

  private beginAll(revision: number): ReadonlySet<ProxyConnection> {
    for (const connection of this.connections) connection.begin(revision);
    return new Set(this.connections);
  }
}
