import type { Operation, StoredResource } from '#common/config-log';
import { envoy } from '#common/proto/envoy';
import { canonicalJson, resourceKey, type ResourceKey } from '#config';
import { delta } from '../../../ads/delta.js';
import { generateAll } from '../../../generate/generate-all.js';
import { generators } from '../../../generate/generators.js';
import { contentVersion } from '../../../cache/content-version.js';
import { TYPE, type World } from '../../../model/contract.js';
import { proxyFromNode } from '../../../model/node.js';
import type { Proxy } from '../../../model/proxy.js';
import { Pipeline } from '../../../pipeline.js';
import { createWorld } from '../../../world/world.js';
import { PushEngine } from '../../engine.js';
import type { ProxyConnection } from '../../proxy-connection.js';
import { Withdrawals } from '../withdrawals.js';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;

/** Config of one form or another: a bad one makes proxies refuse what comes of it. */
export interface Form {
  readonly good: boolean;
  readonly text: string;
}

const POISON = 'poison';
const wordOf = ({ good, text }: Form): string => (good ? text : `${POISON}-${text}`);
const fqdn = (name: string): string => `${name}.default.svc.cluster.local`;
const ORIGIN = { file: 'mesh.yaml', line: 1 };
const LIMITS = { warmingTimeoutMs: 0, maxNames: 1_000, maxTypes: 16 };

export function key(kind: string, name: string): ResourceKey {
  return resourceKey('networking.istio.io', kind, 'default', name);
}

function put(kind: string, name: string, spec: unknown): Operation {
  const content = canonicalJson({ labels: {}, annotations: {}, creationTimestamp: '', spec });
  return { op: 'put', key: key(kind, name), content, origin: ORIGIN };
}

export function service(name: string, form: Form): Operation {
  return put('ServiceEntry', name, {
    hosts: [fqdn(name)],
    resolution: 'DNS',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: `${wordOf(form)}.example.com` }],
  });
}

export function route(name: string, form: Form): Operation {
  const headers = { response: { set: { x: wordOf(form) } } };
  const http = [{ headers, route: [{ destination: { host: fqdn(name) } }] }];
  return put('VirtualService', name, { hosts: [fqdn(name)], http });
}

export function rule(name: string, form: Form): Operation {
  const trafficPolicy = { tls: { mode: 'SIMPLE', sni: wordOf(form) } };
  return put('DestinationRule', name, { host: fqdn(name), trafficPolicy });
}

/** A proxy that takes everything but what has the poison in it, and says nothing of where it is. */
export class PickyClient {
  refusals = 0;
  /** What it says to poison; undefined where it takes it. */
  complaint: string | undefined = 'no such thing';
  readonly held = new Map<string, string>();

  constructor(
    readonly connection: ProxyConnection,
    private readonly engine: PushEngine,
  ) {
    for (const typeUrl of [TYPE.cluster, TYPE.listener]) this.send({ typeUrl });
    this.send({ typeUrl: TYPE.route, resourceNamesSubscribe: ['80'] });
  }

  /** Takes and answers one response; false where there is none. */
  step(): boolean {
    const response = this.connection.next(0);
    if (!response) return false;
    const { resources, removedResources } = DeltaDiscoveryResponse.decode(response.bytes);
    const { type: typeUrl, nonce: responseNonce } = response;
    const isBad = resources.some(({ resource }) => Buffer.from(resource!.value!).includes(POISON));
    if (isBad && this.complaint !== undefined) {
      this.refusals++;
      this.send({ typeUrl, responseNonce, errorDetail: { code: 13, message: this.complaint } });
      return true;
    }
    for (const { name, version } of resources) this.held.set(`${typeUrl} ${name!}`, version!);
    for (const name of removedResources) this.held.delete(`${typeUrl} ${name}`);
    this.send({ typeUrl, responseNonce });
    return true;
  }

  private send(request: envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties): void {
    const bytes = DeltaDiscoveryRequest.encode(request).finish();
    this.engine.answered(this.connection.receive(delta.decode(bytes), 1), this.connection);
  }
}

/** A Pilot without sockets, whose proxies are picky, and a model of which form of its config is the last good one. */
export class PickyMesh {
  readonly clients: PickyClient[] = [];
  readonly engine: PushEngine;
  private readonly pipeline: Pipeline;
  /** Newest forms, and the last good ones. */
  private readonly newest = new Map<ResourceKey, StoredResource>();
  private readonly lastGood = new Map<ResourceKey, StoredResource>();

  private constructor(
    newest: ReadonlyMap<ResourceKey, StoredResource>,
    private readonly withdrawals = new Withdrawals(),
  ) {
    this.newest = new Map(newest);
    this.engine = new PushEngine(generators, LIMITS, withdrawals);
    this.pipeline = new Pipeline(createWorld({}), this.engine, () => undefined);
    const state = { epoch: 'e', revision: 1, stateHash: '', resources: newest };
    this.pipeline.take({ kind: 'reset', state, stale: false }, 0);
  }

  /** A mesh of these services, and one proxy that holds it. */
  static of(...services: readonly string[]): PickyMesh {
    const mesh = new PickyMesh(new Map());
    if (services.length > 0) mesh.commit(...services.map((name) => service(name, { good: true, text: 'x' })));
    mesh.connect('first');
    mesh.settle();
    return mesh;
  }

  /** What a Pilot that starts from the saved state makes of it. */
  restarted(): PickyMesh {
    const withdrawals = new Withdrawals();
    withdrawals.restore(this.withdrawals.all);
    return new PickyMesh(this.newest, withdrawals);
  }

  get refusals(): number {
    return this.clients.reduce((sum, { refusals }) => sum + refusals, 0);
  }

  connect(name: string): PickyClient {
    const connection = this.engine.connect(proxyNamed(name), delta, 0);
    const client = new PickyClient(connection, this.engine);
    this.clients.push(client);
    return client;
  }

  disconnect(client: PickyClient): void {
    this.clients.splice(this.clients.indexOf(client), 1);
    this.engine.disconnect(client.connection);
  }

  commit(...operations: readonly Operation[]): void {
    const { revision } = this.world;
    const head = { epoch: 'e', revision: revision + 1, previous: revision, stateHash: '', heldBack: [] };
    this.pipeline.take({ kind: 'commit', commit: { ...head, operations, time: '2026-01-01T00:00:00Z' } }, 0);
    for (const operation of new Map(operations.map((each) => [each.key, each])).values())
      this.note(operation);
  }

  /** Until nobody has anything to say; the proxies one after the other. */
  settle(): void {
    for (let busy = true; busy;) {
      busy = false;
      for (const client of this.clients) while (client.step()) busy = true;
    }
  }

  withdrawn(): [ResourceKey, string][] {
    const all = this.engine.withdrawals.all.map(({ key, standIn }): [ResourceKey, string] => {
      return [key, standIn ? 'last good form' : 'nothing'];
    });
    return all.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** What each config's form in force is, and what it should be. */
  inForce(): Record<ResourceKey, string | undefined> {
    return this.byKey((key) => this.world.inForce(key)?.content);
  }

  expected(): Record<ResourceKey, string | undefined> {
    return this.byKey((key) => this.lastGood.get(key)?.content);
  }

  held(): Record<string, string>[] {
    return this.clients.map(({ held }) => Object.fromEntries([...held].sort()));
  }

  /** What each proxy would hold if nothing bad had ever been there. */
  fresh(): Record<string, string>[] {
    const state = { epoch: 'e', revision: 1, stateHash: '', resources: this.lastGood };
    const { world } = createWorld({}).apply({ kind: 'reset', state, stale: false });
    return this.clients.map(({ connection }) => versions(world, connection.proxy));
  }

  private get world(): World {
    return this.engine.world!;
  }

  private byKey(of: (key: ResourceKey) => string | undefined): Record<ResourceKey, string | undefined> {
    return Object.fromEntries([...this.newest.keys()].sort().map((key) => [key, of(key)]));
  }

  private note(operation: Operation): void {
    if (operation.op === 'delete') {
      this.newest.delete(operation.key);
      this.lastGood.delete(operation.key);
    } else if (operation.op === 'put') {
      this.newest.set(operation.key, operation);
      if (!operation.content.includes(POISON)) this.lastGood.set(operation.key, operation);
    }
  }
}

function versions(world: World, proxy: Proxy): Record<string, string> {
  const types = [TYPE.cluster, TYPE.listener, TYPE.route];
  const entries = [...generateAll(world, proxy)]
    .filter(([type]) => types.includes(type as (typeof types)[number]))
    .flatMap(([type, resources]) =>
      resources.map(({ name, value }) => [`${type} ${name}`, contentVersion(value)]),
    )
    .filter(([id]) => !id!.startsWith(TYPE.route) || id === `${TYPE.route} 80`);
  return Object.fromEntries(entries.sort() as [string, string][]);
}

function proxyNamed(name: string): Proxy {
  const result = proxyFromNode({
    id: `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`,
    cluster: '',
    metadata: {},
  });
  if (!result.ok) throw new Error(result.error);
  return result.proxy;
}
