import { createHash } from 'node:crypto';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { GrpcClient, rawBidi, serviceDefinition } from '#common/grpc';
import { envoy } from '#common/proto/envoy';
import { namespaceOf } from './mesh.js';
import { TYPE } from './types.js';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;
const { Listener } = envoy.config.listener.v3;
const { Cluster } = envoy.config.cluster.v3;

const ads = serviceDefinition('envoy.service.discovery.v3.AggregatedDiscoveryService', {
  DeltaAggregatedResources: rawBidi(),
});

/** What is counted over all proxies of a process. */
export interface Traffic {
  bytes: number;
  messages: number;
}

/** What a proxy looks for in what it receives. */
export interface Watched {
  readonly typeUrl: string;
  readonly mark: Buffer;
  readonly found: () => void;
}

type Request = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;

/** What a response comes to. Responses are the same for many proxies, and a process has thousands of these. */
interface Read {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly names: readonly string[];
  /** Names of what its resources refer to: endpoints of clusters, routes of listeners. */
  readonly references: readonly string[];
}

/** An Envoy as the control plane sees it: subscribes as Envoy does, ACKs everything, and looks for a mark. */
export class SimulatedProxy {
  /** Has clusters, endpoints, listeners, routes and hosts. */
  readonly ready: Promise<void>;
  readonly namespace: string;
  watched: Watched | undefined;
  /** Called with what each response holds: the short name of its type, and names of resources. */
  onResponse: ((type: string, names: readonly string[]) => void) | undefined;
  private markReady: () => void = () => undefined;
  private readonly subscribed = new Map<string, ReadonlySet<string>>();
  private readonly client: GrpcClient;
  private stream: ClientDuplexStream<Buffer, Buffer> | undefined;

  constructor(
    address: string,
    private readonly index: number,
    private readonly traffic: Traffic,
  ) {
    this.namespace = namespaceOf(index);
    this.client = new GrpcClient(address, { plaintext: true, maxMessageBytes: 64 << 20 });
    this.ready = new Promise((resolve) => (this.markReady = resolve));
  }

  /** @param onEnd told why, once the stream is over */
  connect(onEnd = endsProcess): void {
    this.stream = this.client.bidi(ads.DeltaAggregatedResources);
    this.stream.on('data', (bytes: Buffer) => this.receive(bytes));
    this.stream.on('error', onEnd);
    this.send({ typeUrl: TYPE.cluster, node: node(this.index) });
  }

  close(): void {
    this.stream?.removeAllListeners('error').on('error', () => undefined);
    this.stream?.cancel();
    this.client.close();
  }

  private receive(bytes: Buffer): void {
    this.traffic.bytes += bytes.length;
    this.traffic.messages++;
    const { typeUrl, nonce, names, references } = read(bytes);
    const { watched } = this;
    if (watched?.typeUrl === typeUrl && bytes.includes(watched.mark)) watched.found();
    this.onResponse?.(typeUrl.slice(typeUrl.lastIndexOf('.') + 1), names);
    this.send({ typeUrl, responseNonce: nonce });
    if (typeUrl === TYPE.cluster) this.want(TYPE.endpoint, references);
    if (typeUrl === TYPE.endpoint) this.start(TYPE.listener);
    if (typeUrl === TYPE.listener) this.want(TYPE.route, references);
    if (typeUrl === TYPE.route) this.start(TYPE.virtualHost);
    if (typeUrl === TYPE.virtualHost) this.markReady();
  }

  private want(typeUrl: string, names: readonly string[]): void {
    const have = this.subscribed.get(typeUrl) ?? new Set();
    const added = names.filter((name) => !have.has(name));
    this.subscribed.set(typeUrl, have.size === 0 ? shared(names) : new Set([...have, ...added]));
    if (added.length > 0) this.send({ typeUrl, resourceNamesSubscribe: added });
  }

  private start(typeUrl: string): void {
    if (this.subscribed.has(typeUrl)) return;
    this.subscribed.set(typeUrl, new Set());
    this.send({ typeUrl });
  }

  private send(request: Request): void {
    this.stream?.write(DeltaDiscoveryRequest.encode(request).finish() as Buffer);
  }
}

function endsProcess(error: Error): void {
  throw new Error('a proxy was cut off', { cause: error });
}

function node(index: number): envoy.config.core.v3.Node.$Properties {
  const namespace = namespaceOf(index);
  const ip = `10.8.${index >> 8}.${index & 255}`;
  const text = (stringValue: string) => ({ stringValue });
  const fields = {
    NAME: text(`app-${index}`),
    NAMESPACE: text(namespace),
    SERVICE_ACCOUNT: text('default'),
    INSTANCE_IPS: text(ip),
    LABELS: { structValue: { fields: { app: text(`app-${index}`) } } },
    QUARTET_VHDS: { boolValue: true },
  };
  const id = `sidecar~${ip}~app-${index}.${namespace}~${namespace}.svc.cluster.local`;
  return { id, cluster: `app-${index}.${namespace}`, metadata: { fields } };
}

/** Responses that were read, by their bytes; large ones only. */
const known = new Map<string, Read>();
const LARGE = 4_096;

function read(bytes: Buffer): Read {
  if (bytes.length < LARGE) return decode(bytes);
  const digest = createHash('md5').update(bytes).digest('base64');
  let found = known.get(digest);
  if (!found) known.set(digest, (found = decode(bytes)));
  return found;
}

function decode(bytes: Buffer): Read {
  const { typeUrl, nonce, resources } = DeltaDiscoveryResponse.decode(bytes);
  const references = resources.flatMap(({ resource }) => referencesOf(typeUrl, resource?.value));
  const names = resources.map(({ name }) => name ?? '');
  return { typeUrl, nonce, names, references: [...new Set(references)] };
}

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function shared(names: readonly string[]): ReadonlySet<string> {
  let set = sets.get(names);
  if (!set) sets.set(names, (set = new Set(names)));
  return set;
}

function referencesOf(typeUrl: string, value: Uint8Array | null | undefined): readonly string[] {
  if (!value) return [];
  if (typeUrl === TYPE.cluster) return endpointsOf(value);
  return typeUrl === TYPE.listener ? routesOf(value) : [];
}

function endpointsOf(value: Uint8Array): string[] {
  const { name, type, edsClusterConfig } = Cluster.decode(value);
  return type === Cluster.DiscoveryType.EDS ? [edsClusterConfig?.serviceName || name] : [];
}

function routesOf(value: Uint8Array): string[] {
  const { filterChains, defaultFilterChain } = Listener.decode(value);
  const filters = [...filterChains, ...(defaultFilterChain ? [defaultFilterChain] : [])].flatMap(
    ({ filters: chain }) => chain ?? [],
  );
  const managers = filters.filter(({ typedConfig }) =>
    typedConfig?.type_url?.endsWith('.HttpConnectionManager'),
  );
  return managers.flatMap(({ typedConfig }) => {
    const { rds } = HttpConnectionManager.decode(typedConfig!.value!);
    return rds?.routeConfigName ? [rds.routeConfigName] : [];
  });
}
