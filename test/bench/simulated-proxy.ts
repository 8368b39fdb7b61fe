import type { ClientDuplexStream } from '@grpc/grpc-js';
import { GrpcClient, rawBidi, serviceDefinition } from '#common/grpc';
import { envoy } from '#common/proto/envoy';
import { namespaceOf } from './mesh.js';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;
const { Listener } = envoy.config.listener.v3;
const { Cluster } = envoy.config.cluster.v3;

const ads = serviceDefinition('envoy.service.discovery.v3.AggregatedDiscoveryService', {
  DeltaAggregatedResources: rawBidi(),
});

const prefix = 'type.googleapis.com/envoy.config';
const CDS = `${prefix}.cluster.v3.Cluster`;
const EDS = `${prefix}.endpoint.v3.ClusterLoadAssignment`;
const LDS = `${prefix}.listener.v3.Listener`;
const RDS = `${prefix}.route.v3.RouteConfiguration`;
const VHDS = `${prefix}.route.v3.VirtualHost`;

/** What is counted over all proxies of a process. */
export interface Traffic {
  bytes: number;
  messages: number;
}

type Request = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;

/** What resources refer to, by their content version: all proxies of a process read a resource once. */
const references = new Map<string, readonly string[]>();

/** An Envoy as the control plane sees it: subscribes as Envoy does, ACKs everything, and looks for a mark. */
export class SimulatedProxy {
  /** Has clusters, endpoints, listeners, routes and hosts. */
  readonly ready: Promise<void>;
  /** Called with the first response that holds the mark. */
  onMark: (() => void) | undefined;
  mark: Buffer | undefined;
  /** Called with what each response holds: the short name of its type, and names of resources. */
  onResponse: ((type: string, names: readonly string[]) => void) | undefined;
  private markReady: () => void = () => undefined;
  private readonly subscribed = new Map<string, Set<string>>();
  private readonly client: GrpcClient;
  private stream: ClientDuplexStream<Buffer, Buffer> | undefined;

  constructor(
    address: string,
    private readonly index: number,
    private readonly traffic: Traffic,
  ) {
    this.client = new GrpcClient(address, { plaintext: true, maxMessageBytes: 64 << 20 });
    this.ready = new Promise((resolve) => (this.markReady = resolve));
  }

  connect(): void {
    this.stream = this.client.bidi(ads.DeltaAggregatedResources);
    this.stream.on('data', (bytes: Buffer) => this.receive(bytes));
    this.stream.on('error', (error) => {
      throw new Error(`proxy ${this.index} was cut off`, { cause: error });
    });
    this.send({ typeUrl: CDS, node: node(this.index) });
  }

  close(): void {
    this.stream?.removeAllListeners('error').on('error', () => undefined);
    this.stream?.cancel();
    this.client.close();
  }

  private receive(bytes: Buffer): void {
    this.traffic.bytes += bytes.length;
    this.traffic.messages++;
    const { typeUrl, nonce, resources } = DeltaDiscoveryResponse.decode(bytes);
    if (this.mark && bytes.includes(this.mark)) this.onMark?.();
    this.onResponse?.(
      typeUrl.slice(typeUrl.lastIndexOf('.') + 1),
      resources.map(({ name }) => name ?? ''),
    );
    this.send({ typeUrl, responseNonce: nonce });
    const next = typeUrl === CDS ? EDS : typeUrl === LDS ? RDS : undefined;
    if (next) {
      const wanted = resources.flatMap(({ version, resource }) =>
        referencesOf(typeUrl, version!, resource!.value!),
      );
      this.want(next, wanted);
    }
    if (typeUrl === EDS) this.start(LDS);
    if (typeUrl === RDS) this.start(VHDS);
    if (typeUrl === VHDS) this.markReady();
  }

  private want(typeUrl: string, names: readonly string[]): void {
    const have = this.subscribed.get(typeUrl) ?? new Set<string>();
    const added = [...new Set(names)].filter((name) => !have.has(name));
    for (const name of added) have.add(name);
    this.subscribed.set(typeUrl, have);
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

/** EDS names of a cluster, route names of a listener. */
function referencesOf(typeUrl: string, version: string, value: Uint8Array): readonly string[] {
  let known = references.get(version);
  if (!known) references.set(version, (known = typeUrl === CDS ? endpointsOf(value) : routesOf(value)));
  return known;
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
