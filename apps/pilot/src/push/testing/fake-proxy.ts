import { envoy } from '#common/proto/envoy';
import { TYPE } from '../../model/contract.js';
import { routeOf } from '../virtual-hosts.js';
import type { ProxyConnection } from '../proxy-connection.js';
import type { Response } from '../push-plan.js';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse } =
  envoy.service.discovery.v3;

/** Content that this proxy refuses. */
export const POISON = 'POISON';

interface Received {
  readonly type: string;
  readonly nonce: string;
  readonly version: string;
  readonly upserts: readonly { name: string; version: string; text: string }[];
  readonly removed: readonly string[];
}

/**
 * What Envoy does with xDS, as far as the order and completeness of pushes can be seen from it: it subscribes to the
 * endpoints of its clusters, the routes of its listeners (text `routes=a,b`) and, once a route wants it, to hosts; it
 * keeps what it refuses out, and checks that nothing it is told to use refers to a cluster it cannot use yet.
 */
export class FakeProxy {
  /** Per type, name to version and text. Kept over a reconnect. */
  readonly held = new Map<string, Map<string, { version: string; text: string }>>();
  /** What was seen that must not be. */
  readonly faults: string[] = [];
  readonly log: string[] = [];
  bytes = 0;
  /** Is sent responses between the first requests of a stream, before it has said all that it uses. */
  hurried = false;
  private readonly versions = new Map<string, string>();
  private readonly nonces = new Map<string, string>();
  private readonly subscribed = new Map<string, Set<string>>();
  private readonly answers: (() => Uint8Array)[] = [];
  /** Clusters that wait for their endpoints; until they have them no clusters are answered to. */
  private readonly warming = new Set<string>();
  private paused: (() => Uint8Array)[] = [];
  private connection: ProxyConnection | undefined;

  constructor(
    readonly kind: 'delta' | 'sotw',
    private readonly namesCulprits = true,
  ) {}

  /** Opens a stream: asks anew for all that it had asked for, saying what it holds. */
  connect(connection: ProxyConnection, now = 0): void {
    this.connection = connection;
    this.answers.length = 0;
    this.paused = [];
    this.nonces.clear();
    const types = [TYPE.cluster, TYPE.endpoint, TYPE.listener, TYPE.route, TYPE.virtualHost];
    const wildcard = (type: string) => type === TYPE.cluster || type === TYPE.listener;
    const wanted = types.filter((type) => wildcard(type) || this.subscribed.has(type));
    // What is paused is asked for once it goes on.
    const isPaused = (type: string) => type === TYPE.cluster && this.warming.size > 0;
    for (const type of wanted) {
      if (isPaused(type)) this.paused.push(() => this.subscribe(type));
      else connection.receive(this.decode(this.subscribe(type)), now);
      if (this.hurried) this.take(now);
    }
  }

  /** Takes what the server has to send, up to `limit` responses; their answers wait for `answer`. */
  take(now = 0, limit = Infinity): number {
    let taken = 0;
    for (; taken < limit; taken++) {
      const response = this.connection!.next(now);
      if (!response) break;
      this.bytes += response.bytes.length;
      this.receive(this.parse(response));
    }
    return taken;
  }

  /** Sends the `index`th of the waiting requests. */
  answer(index: number, now = 0): void {
    const [build] = this.answers.splice(index % this.answers.length, 1);
    this.connection!.receive(this.decode(build!()), now);
  }

  get waiting(): number {
    return this.answers.length;
  }

  /** Takes and answers until nothing is left. */
  settle(now = 0): void {
    for (let round = 0; round < 10_000; round++) {
      const taken = this.take(now);
      if (taken === 0 && this.answers.length === 0) return;
      while (this.answers.length > 0) this.answer(0, now);
    }
    throw new Error('does not settle');
  }

  texts(type: string): Record<string, string> {
    const entries = [...(this.held.get(type) ?? [])].map(([name, { text }]): [string, string] => [
      name,
      text,
    ]);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private receive(received: Received): void {
    const { type, upserts, removed, nonce, version } = received;
    this.log.push(`${short(type)} +${upserts.map(({ name }) => name)} -${removed}`);
    // What it ignores it does not look into either.
    const bad = upserts.filter(({ name, text }) => this.wants(type, name) && text.includes(POISON));
    this.nonces.set(type, nonce);
    if (bad.length > 0) {
      const message = this.namesCulprits
        ? `refused ${bad.map(({ name }) => `'${name}'`).join()}: bad`
        : 'bad regex';
      this.answers.push(() => this.reply(type, nonce, message));
      return;
    }
    if (type === TYPE.cluster) this.warmUp(received);
    this.apply(received);
    this.versions.set(type, version);
    const answer = (): Uint8Array => this.reply(type, nonce);
    if (type === TYPE.cluster && this.warming.size > 0) this.paused.push(answer);
    else this.answers.push(answer);
    if (type === TYPE.endpoint) this.warmedUp([...upserts.map(({ name }) => name), ...removed]);
    this.follow(type);
  }

  /** In service clusters that are new or changed want their endpoints, whatever they had. */
  private warmUp({ upserts, removed }: Received): void {
    const held = this.of(TYPE.cluster);
    if (held.size === 0) return;
    for (const { name, text } of upserts) if (held.get(name)?.text !== text) this.warming.add(name);
    this.warmedUp(removed);
  }

  private warmedUp(names: readonly string[]): void {
    for (const name of names) this.warming.delete(name);
    if (this.warming.size === 0) this.answers.push(...this.paused.splice(0));
  }

  private apply({ type, upserts, removed }: Received): void {
    const held = this.of(type);
    // What comes first of all is not in use before all of it is there.
    const inService = held.size > 0;
    for (const name of removed) {
      this.checkRemoval(type, name);
      held.delete(name);
    }
    for (const { name, version, text } of upserts) {
      if (!this.wants(type, name)) continue;
      if (inService) this.checkReferences(name, text);
      held.set(name, { version, text });
    }
  }

  /** Envoy ignores a host whose route it does not have, and what was on its way when it unsubscribed. */
  private wants(type: string, name: string): boolean {
    if (type === TYPE.virtualHost) return this.of(TYPE.route).has(routeOf(name));
    const onDemand = type === TYPE.route || type === TYPE.endpoint;
    return !onDemand || this.subscribed.get(type)?.has(name) === true;
  }

  /** Subscribes to what the things just received refer to, and drops what they no longer do. */
  private follow(type: string): void {
    if (type === TYPE.cluster) this.want(TYPE.endpoint, new Set(this.of(TYPE.cluster).keys()));
    if (type === TYPE.listener)
      this.want(TYPE.route, new Set([...this.of(TYPE.listener).values()].flatMap(routesOf)));
    const vhds = [...this.of(TYPE.route).values()].some(({ text }) => text.startsWith('vhds'));
    if (type === TYPE.route && vhds && !this.subscribed.has(TYPE.virtualHost)) {
      this.subscribed.set(TYPE.virtualHost, new Set());
      this.answers.push(() => this.subscribe(TYPE.virtualHost));
    }
  }

  private want(type: string, names: Set<string>): void {
    const before = this.subscribed.get(type) ?? new Set<string>();
    const added = [...names].filter((name) => !before.has(name));
    const dropped = [...before].filter((name) => !names.has(name));
    if (added.length + dropped.length === 0) return;
    const first = !this.subscribed.has(type);
    this.subscribed.set(type, names);
    for (const name of dropped) this.drop(type, name);
    if (this.kind === 'sotw') this.answers.push(() => this.subscribe(type));
    else if (first)
      this.answers.push(() => this.deltaRequest({ typeUrl: type, resourceNamesSubscribe: [...names] }));
    else {
      this.answers.push(() =>
        this.deltaRequest({
          typeUrl: type,
          resourceNamesSubscribe: added,
          resourceNamesUnsubscribe: dropped,
        }),
      );
    }
  }

  private drop(type: string, name: string): void {
    this.of(type).delete(name);
    if (type !== TYPE.route) return;
    for (const host of [...this.of(TYPE.virtualHost).keys()]) {
      if (routeOf(host) === name) this.of(TYPE.virtualHost).delete(host);
    }
  }

  private checkReferences(name: string, text: string): void {
    for (const [, cluster = ''] of text.matchAll(/cluster:(\S+)/g)) {
      const usable = this.of(TYPE.cluster).has(cluster) && this.of(TYPE.endpoint).has(cluster);
      if (!usable) this.faults.push(`${name} refers to ${cluster} before it is ready`);
    }
  }

  private checkRemoval(type: string, name: string): void {
    if (type !== TYPE.cluster) return;
    for (const referring of [TYPE.listener, TYPE.route, TYPE.virtualHost]) {
      for (const [user, { text }] of this.of(referring)) {
        if (text.split(/\s/).includes(`cluster:${name}`))
          this.faults.push(`${name} removed, ${user} uses it`);
      }
    }
  }

  private of(type: string): Map<string, { version: string; text: string }> {
    let held = this.held.get(type);
    if (!held) this.held.set(type, (held = new Map()));
    return held;
  }

  private parse(response: Response): Received {
    return this.kind === 'delta' ? parseDelta(response) : this.parseSotw(response);
  }

  private parseSotw({ bytes }: Response): Received {
    const { typeUrl: type, nonce, versionInfo: version, resources } = DiscoveryResponse.decode(bytes);
    // A toy resource does not carry its name; its text does: `name=<name> ...`, a route's name is its own field.
    const upserts = resources.map((any) => ({ ...content(type, any.value!), version: '' }));
    const names = new Set(upserts.map(({ name }) => name));
    const full = type === TYPE.cluster || type === TYPE.listener;
    const removed = full ? [...this.of(type).keys()].filter((name) => !names.has(name)) : [];
    return { type, nonce, version, upserts, removed };
  }

  private subscribe(type: string): Uint8Array {
    const names = [...(this.subscribed.get(type) ?? [])];
    if (this.kind === 'sotw') return this.reply(type, this.nonces.get(type) ?? '');
    const held = [...this.of(type)].map(([name, { version }]): [string, string] => [name, version]);
    const initialResourceVersions = Object.fromEntries(held);
    return this.deltaRequest({ typeUrl: type, resourceNamesSubscribe: names, initialResourceVersions });
  }

  private reply(type: string, nonce: string, message?: string): Uint8Array {
    const errorDetail = message === undefined ? undefined : { code: 13, message };
    if (this.kind === 'delta') return this.deltaRequest({ typeUrl: type, responseNonce: nonce, errorDetail });
    const versionInfo = this.versions.get(type) ?? '';
    const resourceNames = [...(this.subscribed.get(type) ?? [])];
    const request = { typeUrl: type, responseNonce: nonce, versionInfo, resourceNames, errorDetail };
    return DiscoveryRequest.encode(request).finish();
  }

  private deltaRequest(request: envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties): Uint8Array {
    return DeltaDiscoveryRequest.encode(request).finish();
  }

  private decode(bytes: Uint8Array) {
    return this.connection!.protocol.decode(bytes);
  }
}

function parseDelta({ bytes }: Response): Received {
  const decoded = DeltaDiscoveryResponse.decode(bytes);
  const { typeUrl: type, nonce, systemVersionInfo: version, resources, removedResources: removed } = decoded;
  const upserts = resources.map(({ name, version: own, resource }) => ({
    name: name!,
    version: own!,
    text: content(type, resource!.value!).text,
  }));
  return { type, nonce, version, upserts, removed };
}

function content(type: string, value: Uint8Array): { name: string; text: string } {
  if (type !== TYPE.route) {
    const text = Buffer.from(value).toString();
    const name = /name=(\S+)/.exec(text)?.[1];
    // An assignment without endpoints, as SotW says that there are none.
    if (type === TYPE.endpoint && name === undefined)
      return { name: envoy.config.endpoint.v3.ClusterLoadAssignment.decode(value).clusterName, text: '' };
    return { name: name ?? '', text };
  }
  const { name, virtualHosts } = envoy.config.route.v3.RouteConfiguration.decode(value);
  return { name, text: virtualHosts[0]?.name ?? '' };
}

function routesOf({ text }: { text: string }): string[] {
  return /routes=(\S+)/.exec(text)?.[1]?.split(',') ?? [];
}

function short(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}
