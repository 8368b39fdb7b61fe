import { takesVirtualHosts, type ProxyClass, type ResourceCache } from '../cache/index.js';
import { KEEP, type Desired, type Subscription } from '../ads/subscription.js';
import { TYPE, type TypeUrl, type XdsResource } from '../model/contract.js';
import { noHost, routeOf } from './virtual-hosts.js';

/** What a proxy should hold, by its subscriptions and the world as it is now. */
export class DesiredState {
  /** What the proxy is asked to try instead of what the world asks for, by {@link trialId}. */
  readonly trials = new Map<string, XdsResource>();

  constructor(
    private readonly cache: ResourceCache,
    private readonly proxyClass: ProxyClass,
    private readonly subscriptions: ReadonlyMap<string, Subscription>,
  ) {}

  resource(type: string, name: string): XdsResource | undefined {
    const trial = this.trials.size > 0 ? this.trials.get(trialId(type, name)) : undefined;
    return trial ?? this.cache.resource(type as TypeUrl, this.proxyClass, name);
  }

  /** A resource as it is or, for a while after it has gone, as it was. */
  last(type: TypeUrl, name: string): XdsResource | undefined {
    return this.resource(type, name) ?? this.cache.departed.get(type, name);
  }

  /** Is there such a resource for this proxy? */
  has(type: TypeUrl, name: string): boolean {
    return this.listed(type)(name);
  }

  /** Answers for one subscription, name by name. */
  of(subscription: Subscription): Desired {
    const { type } = subscription;
    const covered = this.covered(subscription);
    const wanted = (name: string) => subscription.names.has(name) || covered(name);
    if (type !== TYPE.virtualHost) return (name) => (wanted(name) ? this.orKeep(type, name) : undefined);
    // A host that comes before its route is dropped by Envoy; what it holds of a route that it does not use is moot.
    return (name) => {
      if (!this.usesRoute(routeOf(name))) return KEEP;
      return wanted(name) ? this.orKeep(type, name) : undefined;
    };
  }

  /** What nobody knows about is not taken away from a proxy that has it from before. */
  private orKeep(type: string, name: string): XdsResource | undefined | typeof KEEP {
    const resource = this.resource(type, name);
    if (resource || !this.cache.isUnknown(type as TypeUrl, this.proxyClass, name)) return resource;
    return KEEP;
  }

  /** Every name that may differ, some of them more than once. */
  *candidates(subscription: Subscription): IterableIterator<string> {
    yield* subscription.names;
    yield* subscription.held.keys();
    yield* subscription.rejected.keys();
    if (subscription.wildcard) yield* this.names(subscription);
    if (subscription.type === TYPE.virtualHost) yield* this.routes().map(noHost);
  }

  /** Those of `touched` that this subscription holds, refuses or should hold. */
  concerned(subscription: Subscription, touched: Iterable<string>): string[] {
    const covered = this.covered(subscription);
    const concerns = (name: string) =>
      subscription.names.has(name) ||
      subscription.held.has(name) ||
      subscription.rejected.has(name) ||
      covered(name);
    return [...touched].filter(concerns);
  }

  /** Names of the hosts that a route has or had. */
  hostsOf(route: string, hosts: Subscription): string[] {
    const candidates = new Set([...this.names(hosts), ...hosts.held.keys()]);
    return [...candidates].filter((name) => routeOf(name) === route);
  }

  /** The routes that the proxy holds and whose hosts travel one by one. */
  routes(): string[] {
    const held = this.subscriptions.get(TYPE.route)?.held.keys() ?? [];
    return [...held].filter((route) => this.usesRoute(route) && this.takesHosts(route));
  }

  takesHosts(route: string): boolean {
    const resource = this.resource(TYPE.route, route);
    return resource !== undefined && takesVirtualHosts(resource.value);
  }

  /** By the wildcard; without one nobody has to know what there is. */
  private covered({ wildcard, type }: Subscription): (name: string) => boolean {
    return wildcard ? this.listed(type) : () => false;
  }

  private listed(type: string): (name: string) => boolean {
    return this.cache.membership(type as TypeUrl, this.proxyClass);
  }

  private names(subscription: Subscription): readonly string[] {
    return this.cache.names(subscription.type as TypeUrl, this.proxyClass);
  }

  private usesRoute(route: string): boolean {
    return this.subscriptions.get(TYPE.route)?.holds(route) ?? false;
  }
}

export function trialId(type: string, name: string): string {
  return `${type} ${name}`;
}
